// SPDX-License-Identifier: Apache-2.0
//
// Erlang's expressions, as a tree: those of a fun that becomes a match specification, and those of a shell (heirloom/evaluator.hpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heirloom/term.hpp"

#include "term/lexer.hpp"

namespace heirloom::matching {

struct FunClause;

struct Expression {
  enum class Kind {
    literal,   // `value`
    variable,  // `name`
    tuple,     // of `parts`
    list,      // of `parts`, the last of which is the tail
    map,       // of keys and values in turns
    call,      // `name` of `parts`, maybe of a `module`; an operator, too
    match,     // of two `parts`
    fun,       // `clauses`
    apply,     // of the first of `parts` to the others
  } kind;
  std::size_t begin = 0;  // its bytes in the text; of a fun also the end
  std::size_t end = 0;
  Term value = {};
  std::string module = {};
  std::string name = {};
  std::vector<Expression> parts = {};
  std::vector<FunClause> clauses;
  int height = 1;  // of the tree: at most kExpressionDepthMax
};

// How deep they may nest: who goes through the tree may call itself.
inline constexpr int kExpressionDepthMax = 200;

struct FunClause {
  std::vector<Expression> heads;
  std::vector<std::vector<Expression>> guards;  // alternatives, each of conditions that must all hold; none: always
  std::vector<Expression> body;
};

// Reads `fun(Head) when Guards -> Body; ... end` of one argument, in which there are neither other funs nor calls of modules but erlang,
// with or without a full stop. Throws Error{syntax} that says where and what, and Error{system_limit}.
[[nodiscard]] std::vector<FunClause> read_fun(term::Lexer& lexer, std::string_view text);

// Reads expressions with commas between them up to a full stop or the end, and says where that was. The same errors.
struct Statement {
  std::vector<Expression> expressions;
  std::size_t bytes;
};
[[nodiscard]] Statement read_statement(term::Lexer& lexer, std::string_view text);
// What that would read: how many bytes, and whether they are no beginning only, which more text could make whole.
[[nodiscard]] std::pair<std::size_t, bool> measure_statement(std::string_view text);

}  // namespace heirloom::matching
