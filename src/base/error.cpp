// SPDX-License-Identifier: Apache-2.0
#include "heirloom/error.hpp"

#include <utility>

namespace heirloom {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::badarg: return "badarg";
    case ErrorCode::type: return "type";
    case ErrorCode::id: return "id";
    case ErrorCode::access: return "access";
    case ErrorCode::badkey: return "badkey";
    case ErrorCode::keypos: return "keypos";
    case ErrorCode::position: return "position";
    case ErrorCode::owner: return "owner";
    case ErrorCode::not_owner: return "not_owner";
    case ErrorCode::table_type: return "table_type";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::system_limit: return "system_limit";
    case ErrorCode::full: return "full";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::layout: return "layout";
    case ErrorCode::no_manager: return "no_manager";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::noproc: return "noproc";
    case ErrorCode::forked: return "forked";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::not_permitted: return "not_permitted";
    case ErrorCode::io: return "io";
    case ErrorCode::syntax: return "syntax";
    case ErrorCode::quarantined: return "quarantined";
    case ErrorCode::busy: return "busy";
  }
  return "unknown";
}

namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "heirloom"; }
  [[nodiscard]] std::string message(int value) const override {
    return std::string(to_string(static_cast<ErrorCode>(value)));
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(ErrorCode code) noexcept { return {static_cast<int>(code), error_category()}; }

Error::Error(ErrorCode code, std::string operation, std::string detail)
    : std::system_error(make_error_code(code)),
      code_(code),
      operation_(std::move(operation)),
      detail_(std::move(detail)) {
  what_ = operation_;
  if (!operation_.empty() && !detail_.empty()) what_ += ": ";
  what_ += detail_;
  what_ += " (";
  what_ += to_string(code_);
  what_ += ')';
}

}  // namespace heirloom
