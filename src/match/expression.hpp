// SPDX-License-Identifier: Apache-2.0
//
// Erlang's expressions, as a tree, as far as they can be said by a match specification; and funs made of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "heirloom/term.hpp"

#include "term/lexer.hpp"

namespace heirloom::matching {

struct Expression {
  enum class Kind {
    literal,   // `value`
    variable,  // `name`
    tuple,     // of `parts`
    list,      // of `parts`, the last of which is the tail
    map,       // of keys and values in turns
    call,      // `name` of `parts`; an operator, too
    match,     // of two `parts`
  } kind;
  std::size_t begin = 0;  // its first byte in the text
  Term value = {};
  std::string name = {};
  std::vector<Expression> parts = {};
  int height = 1;  // of the tree: at most kExpressionDepthMax
};

// How deep they may nest: who goes through the tree may call itself.
inline constexpr int kExpressionDepthMax = 200;

// One of the clauses of a fun of one argument.
struct FunClause {
  Expression head;
  std::vector<std::vector<Expression>> guards;  // alternatives, each of conditions that must all hold; none: always
  std::vector<Expression> body;
};

// Reads `fun(Head) when Guards -> Body; ... end`, with or without a full stop. Throws Error{syntax} that says where and what, and
// Error{system_limit}.
[[nodiscard]] std::vector<FunClause> read_fun(term::Lexer& lexer, std::string_view text);

}  // namespace heirloom::matching
