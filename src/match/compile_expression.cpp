// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "match/builtins.hpp"
#include "match/compiler.hpp"
#include "match/variables.hpp"
#include "term/block.hpp"
#include "term/word.hpp"

namespace heirloom::matching {

using term::Kind;
using term::Word;

namespace {

// What specifications for tracing may say, and those for tables may not.
constexpr std::array<std::string_view, 14> kTracing{
    "message", "return_trace", "exception_trace", "display", "process_dump", "enable_trace",  "disable_trace",
    "trace",   "caller",       "caller_line",     "silent",  "is_seq_trace", "set_seq_token", "get_seq_token",
};

template <std::size_t kCount>
bool is_among(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::size_t kQuotedMax = 500;
std::string quoted(TermView term) {
  std::string text = to_string(term);
  if (text.size() > kQuotedMax) text.replace(kQuotedMax, std::string::npos, "...");
  return text;
}

bool is_conjunction(std::string_view name) { return name == "andalso" || name == "andthen" || name == "and"; }

// The atom that a form begins with; empty where it is none.
std::string_view name_of_form(TermView tuple) {
  const TermView first = tuple.element(1);
  return first.is_atom() ? first.as_atom().text() : std::string_view();
}

}  // namespace

// In a block the elements of a container lie behind it: so going through it backwards, they are judged before.
void Compiler::find_constants() {
  const Word* const block = program_.source.block().data();
  const std::uint64_t words = term::extent_of(term::Run{block, block, block + 1}).term_words;
  constant_.resize(words + 1, true);
  std::vector<bool> says_what_it_is(words + 1);
  for (std::uint64_t i = words; i-- > 0;) {
    const Word word = block[i];
    if (term::is_atom(word)) {
      const std::string_view text = Atom::from_id(term::atom_id(word)).text();
      says_what_it_is[i] = text != "$_" && text != "$$" && !is_variable_name(text);
      continue;
    }
    says_what_it_is[i] = !term::is_kind(word, Kind::tuple);
    if (!term::is_container(word) || term::size_field(word) == 0) continue;
    const std::uint64_t first = term::offset_field(word);
    bool all = true;
    for (std::uint64_t j = first; all && j < first + term::element_words(word); ++j) all = says_what_it_is[j];
    constant_[first] = all;
    if (!term::is_kind(word, Kind::fun)) says_what_it_is[i] = says_what_it_is[i] && all;
  }
}

bool Compiler::is_constant(TermView container) const {
  return term::size_field(container.word()) == 0 || constant_[term::offset_field(container.word())];
}

// -- guards and bodies --

void Compiler::compile_guards(TermView guards) {
  if (!guards.is_list()) return refuse("Match expression is not a list.");
  if (!guards.is_proper_list()) refuse("Match expression is not a proper list.");
  for (const TermView guard : guards.elements()) {
    tasks_.push_back({.step = Step::guard, .term = guard});
    perform_all();
  }
}

// Only the last expression is computed, as the others can do nothing; but they must be right.
void Compiler::compile_body(TermView body) {
  if (!body.is_list() || body.is_nil()) return refuse("Body clause does not return anything.");
  if (!body.is_proper_list()) refuse("Match expression is not a proper list.");
  const std::uint32_t begin = here();
  std::uint32_t value = kObject;
  for (const TermView expression : body.elements()) {
    program_.code.resize(begin, {.op = Op::finish});
    tasks_.push_back({.step = Step::evaluate, .term = expression});
    perform_all();
    value = pop();
  }
  emit({.op = Op::finish, .a = value});
}

void Compiler::perform_all() {
  while (!tasks_.empty()) {
    const Task task = tasks_.back();
    tasks_.pop_back();
    perform(task);
  }
}

void Compiler::perform(const Task& task) {
  switch (task.step) {
    case Step::evaluate: return evaluate(task);
    case Step::combine: return combine(task);
    case Step::connect: return connect(task);
    case Step::disconnect: return disconnect(task);
    case Step::guard: return guard(task);
    case Step::require: return require();
  }
}

// Conditions that must all be true are checked one by one.
void Compiler::guard(const Task& task) {
  const TermView term = task.term;
  if (task.depth <= kNestingMax && term.is_tuple() && term.size() > 1 && is_conjunction(name_of_form(term))) {
    for (std::size_t i = term.size(); i > 1; --i)
      tasks_.push_back({.step = Step::guard, .term = term.element(i), .depth = task.depth + 1});
    return;
  }
  tasks_.push_back({.step = Step::require});
  tasks_.push_back({.step = Step::evaluate, .term = term, .depth = task.depth});
}

void Compiler::require() {
  const std::uint32_t value = pop();
  if (!program_.code.empty() && landing_ != here() && program_.values[value] == ValueKind::temporary) {
    Instruction& last = program_.code.back();
    const bool compared = last.op == Op::compare;
    if (last.to == value && (compared || last.op == Op::test)) {
      last.op = compared ? Op::require_compare : Op::require_test;
      return;
    }
  }
  emit({.op = Op::require, .a = value});
}

// -- expressions --

void Compiler::evaluate(const Task& task) {
  if (task.depth > kNestingMax) {
    if (!too_deep_) refuse("Excessive nesting; system limit reached near: " + quoted(task.term).substr(0, 80));
    too_deep_ = true;
    values_.push_back(kObject);
    return;
  }
  const Word word = task.term.word();
  if (term::is_atom(word)) return evaluate_atom(task);
  if (term::is_kind(word, Kind::tuple)) return evaluate_tuple(task);
  const bool list = term::is_kind(word, Kind::list);
  const bool improper = term::is_kind(word, Kind::improper_list);
  if ((!list && !improper && !term::is_kind(word, Kind::map)) || is_constant(task.term)) {
    values_.push_back(literal(task.term));
    return;
  }
  std::vector<TermView> parts;
  if (list || improper) {
    for (const TermView element : task.term.elements()) parts.push_back(element);
    if (improper) parts.push_back(task.term.tail());
    return combine_parts(task, {.op = list ? Op::make_list : Op::make_improper_list}, parts);
  }
  const ElementRange keys = task.term.keys();
  const ElementRange values = task.term.values();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    parts.push_back(keys[i]);
    parts.push_back(values[i]);
  }
  combine_parts(task, {.op = Op::make_map}, parts);
}

void Compiler::evaluate_atom(const Task& task) {
  const Atom atom = task.term.as_atom();
  if (atom.text() == "$_") {
    values_.push_back(kObject);
  } else if (atom.text() == "$$") {
    const std::vector<std::uint32_t> variables = variables_in_order();
    if (variables.empty()) {
      values_.push_back(literal(TermView()));
      return;
    }
    const std::uint32_t to = temporary(task.at);
    emit({.op = Op::make_list,
          .to = to,
          .a = push_arguments(variables),
          .b = static_cast<std::uint32_t>(variables.size())});
    values_.push_back(to);
  } else if (!is_variable_name(atom.text())) {
    values_.push_back(literal(task.term));
  } else if (bound_.contains(atom.id())) {
    values_.push_back(variables_.at(atom.id()));
  } else {
    refuse("Variable " + std::string(atom.text()) + " is unbound.");
    values_.push_back(kObject);
  }
}

void Compiler::evaluate_tuple(const Task& task) {
  const TermView tuple = task.term;
  const std::size_t size = tuple.size();
  if (size == 1 && tuple.element(1).is_tuple()) {
    const ElementRange elements = tuple.element(1).elements();
    if (elements.empty()) {
      values_.push_back(literal(tuple.element(1)));
      return;
    }
    return combine_parts(task, {.op = Op::make_tuple}, {elements.begin(), elements.end()});
  }
  if (size > 0 && tuple.element(1).is_atom() && !is_variable(tuple.element(1)))
    return evaluate_form(task, name_of_form(tuple));
  refuse(quoted(tuple) + " is neither a function call, nor a tuple (tuples are written {{ ... }}).");
  values_.push_back(kObject);
}

std::vector<TermView> Compiler::arguments_of(TermView form) {
  const ElementRange elements = form.elements();
  return {++elements.begin(), elements.end()};
}

void Compiler::evaluate_form(const Task& task, std::string_view name) {
  if (evaluate_special_form(task, name)) return;
  const std::vector<TermView> arguments = arguments_of(task.term);
  if (const auto comparison = find_comparison(name); comparison && arguments.size() == 2)
    return combine_parts(task, {.op = Op::compare, .code = static_cast<std::uint8_t>(*comparison)}, arguments);
  if (const auto test = find_type_test(name); test && arguments.size() == 1)
    return combine_parts(task, {.op = Op::test, .code = static_cast<std::uint8_t>(*test)}, arguments);
  if (const Builtin* builtin = find_builtin(name, arguments.size()))
    return combine_parts(task, {.op = Op::call, .builtin = builtin}, arguments);
  const bool tracing = (name == "get_tcw" && arguments.empty()) || (name == "set_tcw" && arguments.size() == 1);
  refuse("Function " + quoted(task.term.element(1)) + "/" + std::to_string(arguments.size()) +
         (tracing ? " cannot be called in this context." : " does_not_exist."));
  values_.push_back(kObject);
}

// True when it was one.
bool Compiler::evaluate_special_form(const Task& task, std::string_view name) {
  const auto refused = [&](const std::string& error) {
    refuse(error);
    values_.push_back(kObject);
    return true;
  };
  const std::size_t arguments = task.term.size() - 1;
  if (name == "const") {
    if (arguments != 1)
      return refused("Special form 'const' called with more than one argument in " + quoted(task.term) + ".");
    values_.push_back(literal(task.term.element(2)));
    return true;
  }
  if (is_among(kTracing, name)) return refused("Special form '" + std::string(name) + "' used in wrong dialect.");
  if (name == "self" && arguments != 0)
    return refused("Special form 'self' called with arguments in " + quoted(task.term) + ".");
  const bool conjunction = is_conjunction(name);
  if (!conjunction && name != "orelse" && name != "or") return false;
  if (arguments == 0) {
    const std::string_view form = name == "andthen" ? "andalso" : name;
    return refused("Special form '" + std::string(form) + "' called without arguments in " + quoted(task.term) + ".");
  }
  if (name == "and" || name == "or") {
    combine_parts(task, {.op = conjunction ? Op::all : Op::any}, arguments_of(task.term));
  } else {
    evaluate_connected(task, conjunction ? Op::branch_false : Op::branch_true);
  }
  return true;
}

void Compiler::combine_parts(const Task& task, const Instruction& instruction, const std::vector<TermView>& parts) {
  const auto count = static_cast<std::uint32_t>(parts.size());
  tasks_.push_back({.step = Step::combine, .instruction = instruction, .count = count, .at = task.at});
  for (std::uint32_t i = count; i-- > 0;)
    tasks_.push_back({.step = Step::evaluate, .term = parts[i], .at = task.at + i, .depth = task.depth + 1});
}

void Compiler::combine(const Task& task) {
  const std::vector<std::uint32_t> values(values_.end() - task.count, values_.end());
  values_.resize(values_.size() - task.count);
  Instruction instruction = task.instruction;
  instruction.to = temporary(task.at);
  if (instruction.op == Op::compare || instruction.op == Op::test) {
    instruction.a = values.front();
    instruction.b = values.back();
  } else {
    instruction.a = push_arguments(values);
    instruction.b = task.count;
  }
  emit(instruction);
  values_.push_back(instruction.to);
}

// Each argument goes where the value of the whole will be; from all but the last one a branch leads to the end.
void Compiler::evaluate_connected(const Task& task, Op branch) {
  const std::vector<TermView> arguments = arguments_of(task.term);
  branches_.push_back(0);
  for (std::size_t i = arguments.size(); i-- > 0;) {
    const bool last = i + 1 == arguments.size();
    tasks_.push_back({.step = last ? Step::disconnect : Step::connect, .instruction = {.op = branch}, .at = task.at});
    tasks_.push_back({.step = Step::evaluate, .term = arguments[i], .at = task.at, .depth = task.depth + 1});
  }
}

void Compiler::connect(const Task& task) {
  emit({.op = task.instruction.op, .to = temporary(task.at), .a = pop(), .c = branches_.back()});
  branches_.back() = here();
}

void Compiler::disconnect(const Task& task) {
  const std::uint32_t value = pop();
  const std::uint32_t to = temporary(task.at);
  if (value != to) emit({.op = Op::move, .to = to, .a = value});
  for (std::uint32_t branch = branches_.back(); branch != 0;) {
    std::uint32_t& target = program_.code[branch - 1].c;
    branch = target;
    target = here();
  }
  branches_.pop_back();
  landing_ = here();
  values_.push_back(to);
}

std::vector<std::uint32_t> Compiler::variables_in_order() const {
  std::vector<std::uint32_t> atoms(bound_.begin(), bound_.end());
  std::sort(atoms.begin(), atoms.end(), [](std::uint32_t left, std::uint32_t right) {
    return variable_before(Atom::from_id(left).text(), Atom::from_id(right).text());
  });
  for (std::uint32_t& atom : atoms) atom = variables_.at(atom);
  return atoms;
}

std::uint32_t Compiler::push_arguments(const std::vector<std::uint32_t>& values) {
  const auto first = static_cast<std::uint32_t>(program_.arguments.size());
  program_.arguments.insert(program_.arguments.end(), values.begin(), values.end());
  return first;
}

std::uint32_t Compiler::literal(TermView term, ValueKind kind) {
  program_.literals.emplace_back(term);
  program_.values.push_back(kind);
  return static_cast<std::uint32_t>(program_.values.size() - 1);
}

std::uint32_t Compiler::temporary(std::uint32_t at) {
  if (at >= temporaries_.size()) temporaries_.resize(at + 1, 0);
  if (temporaries_[at] == 0) {
    temporaries_[at] = static_cast<std::uint32_t>(program_.values.size());
    program_.values.push_back(ValueKind::temporary);
  }
  return temporaries_[at];
}

std::uint32_t Compiler::pop() {
  const std::uint32_t value = values_.back();
  values_.pop_back();
  return value;
}

}  // namespace heirloom::matching
