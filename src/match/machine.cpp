// SPDX-License-Identifier: Apache-2.0
#include "match/machine.hpp"

#include <utility>

#include "match/builtins.hpp"
#include "term/atom_table.hpp"
#include "term/block.hpp"

namespace heirloom::matching {

using term::Kind;
using term::Word;

const Word Machine::kTrue = term::make_atom(term::AtomTable::kTrue);

namespace {

constexpr std::uint32_t kFailed = 0xffffffff;

TermView exit_atom() {
  static const Atom exit("EXIT");
  return {nullptr, term::make_atom(exit.id()), nullptr};
}

// Of small integers, which most are, by their words.
bool compare(const Instruction& instruction, const TermView& left, const TermView& right) {
  const auto comparison = static_cast<Comparison>(instruction.code);
  if (!term::is_small(left.word()) || !term::is_small(right.word())) return holds(comparison, left, right);
  const std::int64_t a = term::small_value(left.word());
  const std::int64_t b = term::small_value(right.word());
  switch (comparison) {
    case Comparison::less: return a < b;
    case Comparison::less_equal: return a <= b;
    case Comparison::greater: return a > b;
    case Comparison::greater_equal: return a >= b;
    case Comparison::equal:
    case Comparison::exact: return a == b;
    default: return a != b;
  }
}

bool test(const Instruction& instruction, const TermView& value) {
  return holds(static_cast<TypeTest>(instruction.code), value);
}

}  // namespace

Machine::Machine(std::shared_ptr<const Program> program, const Surroundings& surroundings)
    : program_(std::move(program)), self_(surroundings.self), atoms_(surroundings.atoms) {
  if (atoms_ != nullptr) {
    const auto id = surroundings.id_of(Atom::from_id(term::AtomTable::kTrue));
    if (id) true_here_ = term::make_atom(*id);
  }
  const std::vector<ValueKind>& kinds = program_->values;
  frame_.resize(kinds.size());
  places_.resize(program_->places);
  made_places_.resize(program_->places);
  bound_literals_.reserve(program_->literals.size());  // views of them stay
  std::size_t temporaries = 0;
  for (const ValueKind kind : kinds) temporaries += kind == ValueKind::temporary ? 1 : 0;
  temporaries_.resize(temporaries);
  auto literal = program_->literals.begin();
  auto temporary = temporaries_.begin();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == ValueKind::temporary) frame_[i].storage = &*temporary++;
    if (kinds[i] == ValueKind::literal || kinds[i] == ValueKind::head_literal)
      bind_literal(frame_[i], *literal++, kinds[i] == ValueKind::head_literal, surroundings);
  }
}

// In the ids of the objects, so that atoms are compared as words. A literal with an atom that no object has stays as it is; in a
// head nothing can match it, as no word of a term is 0.
void Machine::bind_literal(Value& value, const Term& literal, bool of_head, const Surroundings& surroundings) {
  const TermView own = literal.view();
  if (atoms_ == nullptr || !term::contains_atoms(literal.block().data())) {
    value.view = TermView(own.base(), own.word(), atoms_);
    return;
  }
  bool all = true;
  Term translated = literal;
  term::translate_atoms(translated.writable_block().data(), [&](std::uint32_t id) {
    const auto here = surroundings.id_of(Atom::from_id(id));
    all = all && here.has_value();
    return here.value_or(0);
  });
  if (all) {
    const Term& kept = bound_literals_.emplace_back(std::move(translated));
    value.view = TermView(kept.block().data(), kept.view().word(), atoms_);
  } else {
    value.view = of_head ? TermView(nullptr, 0, nullptr) : own;
  }
}

const TermView* Machine::run(TermView object) {
  base_ = object.base();
  root_ = object.word();
  places_[0] = &root_;
  frame_[kObject].view = object;
  for (const Clause& clause : program_->clauses) {
    const std::uint32_t result = apply(clause);
    if (result != kFailed) return &frame_[result].view;
  }
  return nullptr;
}

bool Machine::says_true(TermView object) {
  const TermView* const result = run(object);
  return result != nullptr && is_true(*result);
}

// The value that is its result, or kFailed.
std::uint32_t Machine::apply(const Clause& clause) {
  const Instruction* const code = program_->code.data();
  const Instruction* const body = code + clause.body_begin;
  for (const Instruction* at = code + clause.begin;; ++at) {
    const Instruction& now = *at;
    switch (now.op) {
      case Op::enter_tuple: {
        const Word word = load(now);
        if (!term::is_kind(word, Kind::tuple) || term::size_field(word) != now.c) return kFailed;
        places_[now.to] = term::elements_of(base_, word);
        break;
      }
      case Op::enter_list: {
        const Word word = load(now);
        if (!term::is_kind(word, Kind::list) || term::size_field(word) != now.c) return kFailed;
        places_[now.to] = term::elements_of(base_, word);
        break;
      }
      case Op::enter_prefix:
        if (!enter_prefix(now)) return kFailed;
        break;
      case Op::enter_map:
        if (!term::is_kind(load(now), Kind::map)) return kFailed;
        places_[now.to] = places_[now.a] + now.b;
        break;
      case Op::map_value:
        if (!find_in_map(now)) return kFailed;
        break;
      case Op::equal_word:
        if (load(now) != frame_[now.to].view.word()) return kFailed;
        break;
      case Op::equal_term:
        if (!(word_at(now) == frame_[now.to].view)) return kFailed;
        break;
      case Op::bind: frame_[now.to].view = word_at(now); break;
      case Op::same:
        if (!(word_at(now) == frame_[now.to].view)) return kFailed;
        break;

      case Op::require:
        if (!is_true(frame_[now.a].view)) return kFailed;
        break;
      case Op::require_compare:
        if (!compare(now, frame_[now.a].view, frame_[now.b].view)) return kFailed;
        break;
      case Op::require_test:
        if (!test(now, frame_[now.a].view)) return kFailed;
        break;

      case Op::branch_false:
      case Op::branch_true: {
        const std::optional<bool> value = to_bool(frame_[now.a].view);
        if (!value && at < body) return kFailed;
        if (value && *value == (now.op == Op::branch_false)) break;
        frame_[now.to].view = value ? boolean(*value) : exit_atom();
        at = code + now.c - 1;
        break;
      }
      case Op::finish: return now.a;
      default:
        if (compute(now)) break;
        if (at < body) return kFailed;
        frame_[now.to].view = exit_atom();
        break;
    }
  }
}

bool Machine::enter_prefix(const Instruction& instruction) {
  const Word word = load(instruction);
  if (!term::is_kind(word, Kind::list) && !term::is_kind(word, Kind::improper_list)) return false;
  if (term::size_field(word) < instruction.c) return false;
  places_[instruction.to] = term::elements_of(base_, word);
  made_places_[instruction.to + 1] = term::rest_of_list(base_, word, instruction.c);
  places_[instruction.to + 1] = &made_places_[instruction.to + 1];
  return true;
}

bool Machine::find_in_map(const Instruction& instruction) {
  const TermView key = frame_[instruction.b].view;
  if (key.word() == 0) return false;
  const std::optional<TermView> value = TermView(base_, *places_[instruction.a], atoms_).find(key);
  if (!value) return false;
  made_places_[instruction.to] = value->word();
  places_[instruction.to] = &made_places_[instruction.to];
  return true;
}

// False where Erlang raises an exception.
bool Machine::compute(const Instruction& instruction) {
  Value& to = frame_[instruction.to];
  switch (instruction.op) {
    case Op::compare:
      to.view = boolean(compare(instruction, frame_[instruction.a].view, frame_[instruction.b].view));
      return true;
    case Op::test: to.view = boolean(test(instruction, frame_[instruction.a].view)); return true;
    case Op::move: {
      const Value& from = frame_[instruction.a];
      if (from.storage == nullptr) {
        to.view = from.view;
      } else {
        keep(to, Term(from.view));
      }
      return true;
    }
    case Op::all:
    case Op::any: return connect(instruction);
    case Op::call: return call(instruction);
    default: keep(to, made(instruction)); return true;
  }
}

// All arguments must be booleans.
bool Machine::connect(const Instruction& instruction) {
  const bool all = instruction.op == Op::all;
  bool result = all;
  for (std::uint32_t i = 0; i < instruction.b; ++i) {
    const std::optional<bool> value = to_bool(argument(instruction, i).view);
    if (!value) return false;
    if (*value != all) result = !all;
  }
  frame_[instruction.to].view = boolean(result);
  return true;
}

bool Machine::call(const Instruction& instruction) try {
  TermView arguments[kArgumentsMax];
  bool of_temporary = false;
  for (std::uint32_t i = 0; i < instruction.b; ++i) {
    const Value& value = argument(instruction, i);
    arguments[i] = value.view;
    of_temporary = of_temporary || value.storage != nullptr;
  }
  Invocation invocation(arguments, self_);
  if (!instruction.builtin->call(invocation)) return false;
  Value& to = frame_[instruction.to];
  if (invocation.made()) {
    keep(to, *std::move(invocation.made()));
  } else if (of_temporary) {
    keep(to, Term(invocation.part()));  // the temporary may be needed for something else
  } else {
    to.view = invocation.part();
  }
  return true;
} catch (const Error& error) {
  if (error.code() == ErrorCode::system_limit) return false;  // an integer beyond what a term can hold
  throw;
}

void Machine::keep(Value& value, Term term) {
  *value.storage = std::move(term);
  value.view = value.storage->view();
}

Term Machine::made(const Instruction& instruction) {
  switch (instruction.op) {
    case Op::make_tuple: return make_container(Kind::tuple, instruction);
    case Op::make_list: return make_container(Kind::list, instruction);
    case Op::make_improper_list: return make_list_with_tail(instruction);
    default: return make_map(instruction);
  }
}

Term Machine::make_container(Kind kind, const Instruction& instruction) {
  words_.clear();
  parts_.clear();
  for (std::uint32_t i = 0; i < instruction.b; ++i) words_.push_back(argument(instruction, i).view.word());
  for (std::uint32_t i = 0; i < instruction.b; ++i)
    parts_.push_back(term::Part::of(argument(instruction, i).view, words_[i]));
  return term::assemble(kind, instruction.b, parts_);
}

Term Machine::make_list_with_tail(const Instruction& instruction) {
  std::vector<Term> elements;
  for (std::uint32_t i = 0; i + 1 < instruction.b; ++i) elements.emplace_back(argument(instruction, i).view);
  return improper_list(elements, Term(argument(instruction, instruction.b - 1).view));
}

Term Machine::make_map(const Instruction& instruction) {
  std::vector<std::pair<Term, Term>> pairs;
  for (std::uint32_t i = 0; i < instruction.b; i += 2)
    pairs.emplace_back(Term(argument(instruction, i).view), Term(argument(instruction, i + 1).view));
  return map(pairs);
}

}  // namespace heirloom::matching
