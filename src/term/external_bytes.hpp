// SPDX-License-Identifier: Apache-2.0
//
// The bytes of an external term, read from the front; whoever reads beyond their end, or finds what is wrong, says where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "heirloom/error.hpp"

namespace heirloom::term {

class ExternalBytes {
 public:
  // `place` tells a message which bytes are counted, when not those that the caller gave.
  ExternalBytes(std::string_view bytes, std::size_t at, const char* place = "") noexcept
      : bytes_(bytes), at_(at), place_(place) {}

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }

  [[noreturn, gnu::cold]] void refuse(std::size_t byte, const std::string& detail,
                                      ErrorCode code = ErrorCode::syntax) const {
    throw Error(code, "read an external term", "byte " + std::to_string(byte) + place_ + ": " + detail);
  }

  // `what` names in a message what is missing.
  std::string_view take(std::size_t count, const char* what) {
    if (count > left()) refuse_end(count, what);
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }

  template <typename Number>
  Number number(const char* what) {
    Number number = 0;
    for (const char byte : take(sizeof(Number), what)) {
      number = static_cast<Number>(static_cast<std::uint64_t>(number) << 8 | static_cast<unsigned char>(byte));
    }
    return number;
  }

 private:
  [[noreturn, gnu::cold]] void refuse_end(std::size_t count, const char* what) const {
    refuse(at_, std::string(what) + " takes " + std::to_string(count) + (count == 1 ? " byte" : " bytes") + ", and " +
                    std::to_string(left()) + (left() == 1 ? " is left" : " are left"));
  }

  std::string_view bytes_;
  std::size_t at_;
  const char* place_;
};

}  // namespace heirloom::term
