// SPDX-License-Identifier: Apache-2.0
//
// The functions that guards and bodies may call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

#include "match/program.hpp"

namespace heirloom::matching {

// One call: its arguments, and where its value goes.
class Invocation {
 public:
  Invocation(const TermView* arguments, Pid self) noexcept : arguments_(arguments), self_(self) {}

  [[nodiscard]] const TermView& operator[](std::size_t index) const noexcept { return arguments_[index]; }
  [[nodiscard]] Pid self() const noexcept { return self_; }

  // A function gives one value in one of these ways and returns true, or false: an exception.
  bool give(bool value) noexcept;
  bool give(Term value) {
    made_ = std::move(value);
    return true;
  }
  bool give(std::optional<Term> value) { return value ? give(*std::move(value)) : false; }
  bool give_part(TermView part) noexcept {  // of an argument
    part_ = part;
    return true;
  }

  [[nodiscard]] std::optional<Term>& made() noexcept { return made_; }
  [[nodiscard]] TermView part() const noexcept { return part_; }

 private:
  const TermView* arguments_;
  Pid self_;
  std::optional<Term> made_;
  TermView part_;
};

inline constexpr std::size_t kArgumentsMax = 3;
struct Builtin {
  std::string_view name;
  std::size_t arguments;
  bool (*call)(Invocation& invocation);
};

[[nodiscard]] const Builtin* find_builtin(std::string_view name, std::size_t arguments);
[[nodiscard]] std::optional<Comparison> find_comparison(std::string_view name);
[[nodiscard]] std::optional<TypeTest> find_type_test(std::string_view name);

// What a comparison and a test are.
[[nodiscard]] bool holds(Comparison comparison, TermView left, TermView right);
[[nodiscard]] bool holds(TypeTest test, TermView term);

// Of the atoms true and false.
[[nodiscard]] std::optional<bool> to_bool(TermView term);
[[nodiscard]] TermView boolean(bool value) noexcept;

}  // namespace heirloom::matching
