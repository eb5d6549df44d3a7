// SPDX-License-Identifier: Apache-2.0
//
// Program: a match specification, compiled. Immutable, and shared by all who run it (machine.hpp).
//
// The machine has a *frame* of values and an array of *places*. A value of the frame is the object, a variable of a head, a
// literal, or a temporary, and has one number in all instructions. A place is a word of the object, from which on the elements of
// a tuple, a list or a map lie; place 0 is the object's own word. So a head is a list of checks of single words, an expression a
// list of instructions that read values and store one; the nesting of a specification costs no stack, neither here nor there.
//
//   [{{'$1',active,'$2'},[{'>','$2',10}],['$1']}]
//
//     enter_tuple   places[1] := elements of places[0][0], a tuple of 3
//     bind          $1 := places[1][0]
//     equal_word    places[1][1] is the atom active
//     bind          $2 := places[1][2]
//     require       $2 > 10
//     finish        $1
#pragma once

#include <cstdint>
#include <vector>

#include "heirloom/term.hpp"

namespace heirloom::matching {

struct Builtin;

enum class Op : std::uint8_t {
  // -- heads: compare the word places[a][b], or the clause does not apply --
  enter_tuple,   // a tuple of c elements, which become places[to]
  enter_list,    // a proper list of c elements, which become places[to]
  enter_prefix,  // a list of at least c elements, which become places[to]; places[to + 1] is what is left of it
  enter_map,     // a map: places[to] becomes its word
  map_value,     // of the map of places[a], at the key frame[b]: becomes places[to]
  equal_word,    // the word of frame[to], which is immediate
  equal_term,    // frame[to], by =:=
  bind,          // frame[to] := it
  same,          // frame[to], a variable that has a value, by =:=

  // -- expressions: frame[to] := --
  compare,       // frame[a] <code> frame[b]
  test,          // <code> of frame[a]
  call,          // builtin(arguments)
  all,           // `and` of the arguments
  any,           // `or` of the arguments
  branch_false,  // `andalso`: false, if frame[a] is, and goes on at c; goes on here if it is true
  branch_true,   // `orelse`: the same, the other way round
  move,          // frame[a]
  make_tuple,    // of the arguments
  make_list,
  make_improper_list,  // the last argument is the tail
  make_map,            // of keys and values in turns

  // -- a clause does not apply unless --
  require,          // frame[a] is true
  require_compare,  // frame[a] <code> frame[b]
  require_test,     // <code> of frame[a]

  finish,  // frame[a] is the result
};

enum class Comparison : std::uint8_t { less, less_equal, greater, greater_equal, equal, not_equal, exact, not_exact };

enum class TypeTest : std::uint8_t {
  is_atom,
  is_binary,
  is_bitstring,
  is_boolean,
  is_float,
  is_function,
  is_integer,
  is_list,
  is_map,
  is_number,
  is_pid,
  is_port,
  is_reference,
  is_tuple,
};

// Arguments, where there may be any number of them, are arguments[a .. a + b).
struct Instruction {
  Op op;
  std::uint8_t code = 0;  // a Comparison or a TypeTest
  std::uint32_t to = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  const Builtin* builtin = nullptr;
};

enum class ValueKind : std::uint8_t { object, variable, literal, head_literal, temporary };
inline constexpr std::uint32_t kObject = 0;  // the number of the object in each frame

struct Clause {
  TermView head;  // in the source
  TermView body;  // the one expression of a body of one; else the last
  bool one_expression;
  std::uint32_t begin;  // of its instructions
  std::uint32_t body_begin;
};

struct Program {
  Term source;
  std::vector<Clause> clauses;
  std::vector<Instruction> code;
  std::vector<std::uint32_t> arguments;
  std::vector<ValueKind> values;
  std::vector<Term> literals;  // in the order of their values
  std::uint32_t places = 1;
};

}  // namespace heirloom::matching
