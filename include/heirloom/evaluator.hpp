// SPDX-License-Identifier: Apache-2.0
//
// Evaluator: Erlang's expressions, evaluated - for shells, in which people look at tables. Terms, variables, patterns, the operators and
// guard functions of Erlang, funs, and calls of whatever the host offers; no `case`, `if`, comprehensions or processes.
//
//   Evaluator evaluator([&](const Evaluator::Call& call) -> Evaluator::Value {
//     if (call.function == "double") return Term(2 * call.arguments.at(0).term().as_int64());
//     throw Error(ErrorCode::not_found, "call " + call.function, "there is no such function");
//   });
//   evaluator.evaluate("{X, _} = {double(20), [a]}, X + 1.");                        // 41
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heirloom/term.hpp"

namespace heirloom {

// Used by one thread at a time.
class Evaluator {
 public:
  class Fun;
  // A term, or a fun, which is none here: it lives in variables and as an argument.
  class Value {
   public:
    Value(Term term) noexcept : term_(std::move(term)) {}
    Value(std::shared_ptr<const Fun> fun) noexcept : fun_(std::move(fun)) {}

    [[nodiscard]] bool is_fun() const noexcept { return fun_ != nullptr; }
    // Error{badarg}: it is the other one.
    [[nodiscard]] const Term& term() const;
    [[nodiscard]] const Fun& fun() const;
    // As a shell prints it: a fun as it was written.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Value&, const Value&) noexcept = default;

   private:
    Term term_;
    std::shared_ptr<const Fun> fun_;
  };

  // module:function(arguments), or function(arguments), of a function that is none of Erlang's own.
  struct Call {
    std::string module;  // empty: none was written
    std::string function;
    std::vector<Value> arguments;
  };
  using Caller = std::function<Value(const Call&)>;

  explicit Evaluator(Caller caller) : caller_(std::move(caller)) {}

  // One statement: expressions with commas between them, with or without its full stop. The value of the last one; nothing when there is
  // none. Variables that it binds are bound from then on; of a statement that fails, none. Throws Error{syntax} and Error{system_limit}
  // that say where, Error{badarg} for what Erlang raises an exception for, and what the caller throws.
  std::optional<Value> evaluate(std::string_view text);
  // The same with so many arguments. Error{badarg}: the fun does not take them.
  Value apply(const Fun& fun, std::span<const Value> arguments) const;

  [[nodiscard]] const std::map<std::string, Value>& bindings() const noexcept { return bindings_; }
  void forget(const std::string& variable) { bindings_.erase(variable); }
  void forget_all() { bindings_.clear(); }

  // How a text begins: how many bytes its first statement has, with its full stop, and whether that is complete - or ends in the
  // middle, and more may follow. A statement with an error in it is complete.
  struct Statement {
    std::size_t bytes;
    bool complete;
  };
  [[nodiscard]] static Statement first_statement(std::string_view text);

 private:
  friend class Evaluation;
  Caller caller_;
  std::map<std::string, Value> bindings_;
  mutable int depth_ = 0;  // of funs that are being called
};

// fun(X) when X > 1 -> ... end
class Evaluator::Fun {
 public:
  struct Parts;
  explicit Fun(std::shared_ptr<const Parts> parts) noexcept : parts_(std::move(parts)) {}

  [[nodiscard]] std::size_t arity() const noexcept;
  [[nodiscard]] const std::string& text() const noexcept;  // as it was written
  // ets:fun2ms/1 of it, with the values of the variables around it. Errors: as fun2ms().
  [[nodiscard]] Term to_match_spec() const;
  [[nodiscard]] const Parts& parts() const noexcept { return *parts_; }

 private:
  std::shared_ptr<const Parts> parts_;
};

}  // namespace heirloom
