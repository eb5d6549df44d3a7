// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or a Failure. What layers below the public API return; the API turns a Failure into an Error.
// A Failure carries a trail, so that it reads like a sentence: `open node "/run/x": lock manager.lock: held by pid 812`.
//
//   Result<Fd> open_control(const Directory& directory) {
//     HEIRLOOM_TRY(Fd file, open_file(directory, "node"), "open node \"" + directory.path() + '"');
//     return file;
//   }
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "heirloom/error.hpp"

namespace heirloom {

struct Failure {
  ErrorCode code;
  std::string trail;   // operations under way, outermost first, joined by ": "; may be empty
  std::string detail;  // what was wrong

  // The same failure, seen from one call further out.
  [[nodiscard]] Failure within(std::string_view operation) && {
    trail = trail.empty() ? std::string(operation) : std::string(operation) + ": " + trail;
    return std::move(*this);
  }
  [[nodiscard]] std::string to_string() const {
    return (trail.empty() ? detail : trail + ": " + detail) + " (" + std::string(heirloom::to_string(code)) + ")";
  }
  [[noreturn]] void raise() const { throw Error(code, trail, detail); }
};

inline Failure fail(ErrorCode code, std::string detail) { return Failure{code, {}, std::move(detail)}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  [[nodiscard]] const Failure& failure() const& { return std::get<1>(state_); }
  [[nodiscard]] Failure failure() && { return std::get<1>(std::move(state_)); }

  // The value, or an Error thrown: the step from the inside to the public API.
  T value_or_raise() && {
    if (!ok()) failure().raise();
    return std::get<0>(std::move(state_));
  }

 private:
  std::variant<T, Failure> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)) {}

  [[nodiscard]] bool ok() const noexcept { return !failure_; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const Failure& failure() const& { return *failure_; }
  [[nodiscard]] Failure failure() && { return *std::move(failure_); }
  void value_or_raise() && {
    if (!ok()) failure_->raise();
  }

 private:
  std::optional<Failure> failure_;
};

using Status = Result<void>;

#define HEIRLOOM_CONCAT_INNER(a, b) a##b
#define HEIRLOOM_CONCAT(a, b) HEIRLOOM_CONCAT_INNER(a, b)

// Declares `declaration` from a Result, or returns its failure within `operation`.
#define HEIRLOOM_TRY(declaration, expression, operation) \
  HEIRLOOM_TRY_INNER(HEIRLOOM_CONCAT(result_, __LINE__), declaration, expression, operation)
#define HEIRLOOM_TRY_INNER(name, declaration, expression, operation) \
  auto name = (expression);                                          \
  if (!name) return std::move(name).failure().within(operation);     \
  declaration = *std::move(name)

// The same for a Status.
#define HEIRLOOM_CHECK(expression, operation) \
  if (auto status_ = (expression); !status_) return std::move(status_).failure().within(operation)

}  // namespace heirloom
