// SPDX-License-Identifier: Apache-2.0
//
// The functions of the shell: those of its own, without a module, and those of the module heirloom, which ets does not have.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "shell/session.hpp"

namespace heirloom::cli::shell {

struct Function {
  std::string_view module;  // empty: the shell's own
  std::string_view name;
  std::size_t arity;
  std::string_view arguments;  // as help() shows them
  std::string_view does;
  Evaluator::Value (*call)(Session& session, std::span<const Evaluator::Value> arguments);
};

[[nodiscard]] std::span<const Function> functions();
[[nodiscard]] const Function* find_function(std::string_view module, std::string_view name, std::size_t arity);

}  // namespace heirloom::cli::shell
