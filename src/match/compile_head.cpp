// SPDX-License-Identifier: Apache-2.0
#include "match/compiler.hpp"
#include "match/variables.hpp"
#include "term/word.hpp"

namespace heirloom::matching {

using term::Kind;
using term::Word;

// Patterns wait on a stack of our own, so that one may nest as deep as memory goes.
void Compiler::compile_head(TermView head) {
  std::vector<Pattern> waiting{{head, 0, 0}};
  while (!waiting.empty()) {
    const Pattern pattern = waiting.back();
    waiting.pop_back();
    const Word word = pattern.pattern.word();
    const auto enter = [&](Op op, std::uint64_t count, std::uint64_t parts) {
      const std::uint32_t place = new_place();
      emit({.op = op, .to = place, .a = pattern.place, .b = pattern.index, .c = static_cast<std::uint32_t>(count)});
      const Word* const elements = term::elements_of(pattern.pattern.base(), word);
      if (op == Op::enter_prefix) waiting.push_back({pattern.pattern.part(elements[count]), new_place(), 0});
      for (std::uint64_t i = parts; i-- > 0;)
        waiting.push_back({pattern.pattern.part(elements[i]), place, static_cast<std::uint32_t>(i)});
    };
    if (term::is_kind(word, Kind::tuple)) {
      enter(Op::enter_tuple, term::size_field(word), term::size_field(word));
    } else if (term::is_kind(word, Kind::list)) {
      enter(Op::enter_list, term::size_field(word), term::size_field(word));
    } else if (term::is_kind(word, Kind::improper_list)) {
      enter(Op::enter_prefix, term::size_field(word), term::size_field(word));
    } else if (term::is_kind(word, Kind::map)) {
      compile_map(pattern, waiting);
    } else if (term::is_atom(word)) {
      compile_atom(pattern);
    } else {
      const bool immediate = !term::is_reference(word);
      emit({.op = immediate ? Op::equal_word : Op::equal_term,
            .to = literal(pattern.pattern, ValueKind::head_literal),
            .a = pattern.place,
            .b = pattern.index});
    }
  }
}

void Compiler::compile_atom(const Pattern& pattern) {
  const Atom atom = pattern.pattern.as_atom();
  if (atom.text() == "_") return;
  Instruction instruction{.op = Op::equal_word, .a = pattern.place, .b = pattern.index};
  if (!is_variable_name(atom.text())) {
    instruction.to = literal(pattern.pattern, ValueKind::head_literal);
  } else {
    const auto [known, fresh] = variables_.try_emplace(atom.id(), static_cast<std::uint32_t>(program_.values.size()));
    if (fresh) program_.values.push_back(ValueKind::variable);
    instruction.op = bound_.insert(atom.id()).second ? Op::bind : Op::same;
    instruction.to = known->second;
  }
  emit(instruction);
}

// What a map has besides does not matter. Keys are literals, and so are variables inside them.
void Compiler::compile_map(const Pattern& pattern, std::vector<Pattern>& waiting) {
  const std::uint32_t place = new_place();
  emit({.op = Op::enter_map, .to = place, .a = pattern.place, .b = pattern.index});
  const ElementRange keys = pattern.pattern.keys();
  const ElementRange values = pattern.pattern.values();
  for (std::size_t i = keys.size(); i-- > 0;) {
    if (is_underscore(keys[i])) refuse("Underscore found in map key.");
    if (is_variable(keys[i])) refuse("Variable found in map key.");
    const std::uint32_t found = new_place();
    emit({.op = Op::map_value, .to = found, .a = place, .b = literal(keys[i], ValueKind::head_literal)});
    waiting.push_back({values[i], found, 0});
  }
}

}  // namespace heirloom::matching
