// SPDX-License-Identifier: Apache-2.0
//
// Machine: runs a Program over objects where they lie, one after another. It copies nothing but what a body makes.
//
//   Machine machine(program, {.self = caller, .atoms = &dictionary, .id_of = ...});
//   if (const TermView* result = machine.run(object)) results.emplace_back(*result);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

#include "match/program.hpp"
#include "term/assemble.hpp"
#include "term/word.hpp"

namespace heirloom::matching {

// Who runs it, and what the atoms of the objects are. Nothing: they are this program's.
struct Surroundings {
  Pid self;
  const AtomSpace* atoms = nullptr;
  // The id of an atom in that space; nothing: no object has it.
  std::function<std::optional<std::uint32_t>(Atom)> id_of;
};

class Machine {
 public:
  Machine(std::shared_ptr<const Program> program, const Surroundings& surroundings);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // What the first clause that applies says of an object; null: none applies. The object's atoms are those of the surroundings.
  // Valid until the next run, and as long as the object is.
  const TermView* run(TermView object);
  // Whether that is the atom true.
  [[nodiscard]] bool says_true(TermView object);

 private:
  struct Value {
    TermView view;
    Term* storage = nullptr;  // of a temporary: what it holds, if that lies nowhere else
  };

  void bind_literal(Value& value, const Term& literal, bool of_head, const Surroundings& surroundings);
  [[nodiscard]] std::uint32_t apply(const Clause& clause);
  [[nodiscard]] bool is_true(TermView view) const noexcept {
    return view.word() == (view.atoms() == nullptr ? kTrue : true_here_);
  }
  [[nodiscard]] TermView word_at(const Instruction& instruction) const noexcept {
    return {base_, load(instruction), atoms_};
  }
  [[nodiscard]] term::Word load(const Instruction& instruction) const noexcept {
    return __atomic_load_n(places_[instruction.a] + instruction.b, __ATOMIC_RELAXED);
  }
  bool enter_prefix(const Instruction& instruction);
  bool find_in_map(const Instruction& instruction);
  bool compute(const Instruction& instruction);
  bool call(const Instruction& instruction);
  bool connect(const Instruction& instruction);
  [[nodiscard]] Term made(const Instruction& instruction);
  [[nodiscard]] Term make_container(term::Kind kind, const Instruction& instruction);
  [[nodiscard]] Term make_list_with_tail(const Instruction& instruction);
  [[nodiscard]] Term make_map(const Instruction& instruction);
  [[nodiscard]] const Value& argument(const Instruction& instruction, std::size_t index) const noexcept {
    return frame_[program_->arguments[instruction.a + index]];
  }
  void keep(Value& value, Term term);

  static const term::Word kTrue;

  std::shared_ptr<const Program> program_;
  Pid self_;
  const AtomSpace* atoms_;
  term::Word true_here_ = 0;
  const term::Word* base_ = nullptr;  // of the object
  term::Word root_ = 0;
  std::vector<Value> frame_;
  std::vector<const term::Word*> places_;
  std::vector<term::Word> made_places_;  // words that a place stands for and no object holds
  std::vector<Term> bound_literals_;
  std::vector<Term> temporaries_;
  boost::container::small_vector<term::Word, 8> words_;
  boost::container::small_vector<term::Part, 8> parts_;
};

}  // namespace heirloom::matching
