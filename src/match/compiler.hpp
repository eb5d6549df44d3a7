// SPDX-License-Identifier: Apache-2.0
//
// From a match specification to a Program. Whatever is wrong with the specification is found here, before any object is looked at,
// and told in the words of Erlang's match_spec_test.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "match/program.hpp"

namespace heirloom::matching {

struct Compiled {
  std::shared_ptr<const Program> program;  // null when there are errors
  std::vector<std::string> errors;         // of the first clause that has any
  bool too_deep = false;                   // one of them is that
};

// Of a list of clauses {Head, Guards, Body}; [] is a program that applies to nothing.
[[nodiscard]] Compiled compile(const Term& source);

// How deep expressions may nest. Erlang/OTP 25 refuses some 2,000 tuples in each other.
inline constexpr std::uint32_t kNestingMax = 10'000;

class Compiler {
 public:
  explicit Compiler(Program& program);

  void compile_clause(TermView clause);
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return errors_; }
  [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }

 private:
  // A part of a head, and the word of the object that it is compared with.
  struct Pattern {
    TermView pattern;
    std::uint32_t place;
    std::uint32_t index;
  };
  // What is still to be done for an expression. Evaluating one leaves the number of its value on `values_`; where it has to be
  // computed, that is temporary `at`, and its parts use the temporaries from there on.
  enum class Step : std::uint8_t {
    evaluate,    // `term`
    combine,     // the last `count` values by `instruction`
    connect,     // an argument of andalso or orelse, by `instruction`
    disconnect,  // the last one
    guard,       // `term`
    require,     // that the last value is true
  };
  struct Task {
    Step step;
    TermView term;
    Instruction instruction{};
    std::uint32_t count = 0;
    std::uint32_t at = 0;
    std::uint32_t depth = 0;
  };

  // heads
  void compile_head(TermView head);
  void compile_atom(const Pattern& pattern);
  void compile_map(const Pattern& pattern, std::vector<Pattern>& waiting);
  std::uint32_t new_place() { return program_.places++; }

  // expressions
  void find_constants();
  [[nodiscard]] bool is_constant(TermView container) const;
  void compile_guards(TermView guards);
  void compile_body(TermView body);
  void perform_all();
  void perform(const Task& task);
  void evaluate(const Task& task);
  void evaluate_atom(const Task& task);
  void evaluate_tuple(const Task& task);
  void evaluate_form(const Task& task, std::string_view name);
  bool evaluate_special_form(const Task& task, std::string_view name);
  void evaluate_connected(const Task& task, Op branch);
  // Evaluates the parts, and then combines their values.
  void combine_parts(const Task& task, const Instruction& instruction, const std::vector<TermView>& parts);
  void combine(const Task& task);
  void connect(const Task& task);
  void disconnect(const Task& task);
  void guard(const Task& task);
  void require();
  [[nodiscard]] static std::vector<TermView> arguments_of(TermView form);
  [[nodiscard]] std::vector<std::uint32_t> variables_in_order() const;
  std::uint32_t push_arguments(const std::vector<std::uint32_t>& values);

  std::uint32_t literal(TermView term, ValueKind kind = ValueKind::literal);
  std::uint32_t temporary(std::uint32_t at);
  void emit(const Instruction& instruction) { program_.code.push_back(instruction); }
  [[nodiscard]] std::uint32_t here() const noexcept { return static_cast<std::uint32_t>(program_.code.size()); }
  std::uint32_t pop();
  void refuse(std::string error) { errors_.push_back(std::move(error)); }

  Program& program_;
  std::unordered_map<std::uint32_t, std::uint32_t> variables_;  // by atom: their values
  std::vector<std::uint32_t> temporaries_;                      // by `at`: their values; 0: none so far
  std::vector<bool> constant_;  // by the offset of a container: whether all of its elements say what they are
  std::vector<std::string> errors_;
  bool too_deep_ = false;

  // Of the clause that is being compiled.
  std::unordered_set<std::uint32_t> bound_;  // atoms
  std::vector<Task> tasks_;                  // the next one last
  std::vector<std::uint32_t> values_;
  std::vector<std::uint32_t>
      branches_;               // of each connected expression that is open: 1 + the last branch out of it; 0: none
  std::uint32_t landing_ = 0;  // where the last branches go on
};

}  // namespace heirloom::matching
