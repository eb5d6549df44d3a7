// SPDX-License-Identifier: Apache-2.0
#include "match/expression.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

namespace heirloom::matching {

namespace {

using term::Lexer;
using term::Token;
using term::TokenKind;

enum class Associates { left, right, none };
struct Level {
  std::vector<std::string_view> operators;
  Associates associates;
};

// From those that bind least to those that bind most.
const std::array<Level, 5>& levels() {
  static const std::array<Level, 5> all{{
      {{"orelse"}, Associates::right},
      {{"andalso"}, Associates::right},
      {{"==", "/=", "=<", "<", ">=", ">", "=:=", "=/="}, Associates::none},
      {{"+", "-", "bor", "bxor", "bsl", "bsr", "or", "xor"}, Associates::left},
      {{"*", "/", "div", "rem", "band", "and"}, Associates::left},
  }};
  return all;
}

constexpr std::array<std::string_view, 4> kPrefixOperators{"+", "-", "bnot", "not"};

// Words that begin or continue something else, and are no atoms. (Those of operators are found by their levels.)
constexpr std::array<std::string_view, 13> kReserved{
    "after", "begin", "case", "catch", "end", "fun", "if", "maybe", "of", "receive", "try", "when", "else",
};

class Reader {
 public:
  enum class Purpose { match_specification, shell };
  Reader(Lexer& lexer, std::string_view text, Purpose purpose) : lexer_(lexer), text_(text), purpose_(purpose) {}

  std::vector<FunClause> only_fun() {
    advance();
    if (!is_word("fun")) refuse("a fun is expected: fun({Key, _}) -> Key end");
    std::vector<FunClause> clauses = fun().clauses;
    accept(TokenKind::stop);
    if (token_.kind != TokenKind::end) refuse("the fun is complete here");
    return clauses;
  }

  Statement statement() {
    advance();
    Statement statement{{}, 0};
    if (token_.kind != TokenKind::end && token_.kind != TokenKind::stop) statement.expressions = sequence();
    if (token_.kind != TokenKind::end && token_.kind != TokenKind::stop) refuse("`,` or `.` is expected");
    statement.bytes = token_.end;
    return statement;
  }

  // Whether it is the end of the text that reading has come to, so that more text could make it whole.
  [[nodiscard]] bool is_at_end() const { return lexing_ ? lexer_.is_at_end() : token_.kind == TokenKind::end; }
  // Skips what is left of a statement that cannot be read; where its full stop, or the text, ends.
  std::size_t skip_statement() noexcept {
    if (lexing_) return text_.size();
    try {
      while (token_.kind != TokenKind::end && token_.kind != TokenKind::stop) advance();
    } catch (const Error&) {
      return text_.size();
    }
    return token_.end;
  }

 private:
  Expression fun() {
    Expression made{.kind = Expression::Kind::fun, .begin = token_.begin};
    if (++depth_ > kExpressionDepthMax) refuse_depth(token_.begin);
    advance();
    do made.clauses.push_back(clause());
    while (accept(TokenKind::semicolon));
    if (!is_word("end")) refuse("`;` or `end` is expected");
    made.end = token_.end;
    advance();
    for (const FunClause& clause : made.clauses) {
      if (clause.heads.size() != made.clauses.front().heads.size())
        lexer_.refuse(made.begin, "the clauses of this fun take different numbers of arguments");
      for (const auto& part : {std::cref(clause.heads), std::cref(clause.body)}) grow(made, part.get());
      for (const std::vector<Expression>& guards : clause.guards) grow(made, guards);
    }
    --depth_;
    return made;
  }

  FunClause clause() {
    FunClause clause;
    expect(TokenKind::open_group, "`(`");
    const bool of_one = purpose_ == Purpose::match_specification;
    if (of_one && token_.kind == TokenKind::close_group) refuse("a fun of one argument is expected, the object");
    if (token_.kind != TokenKind::close_group) clause.heads = sequence();
    if (of_one && clause.heads.size() != 1)
      lexer_.refuse(clause.heads[1].begin, "a fun of one argument is expected, the object: write a tuple");
    expect(TokenKind::close_group, "`)`");
    if (is_word("when")) {
      do {
        advance();
        clause.guards.push_back(sequence());
      } while (token_.kind == TokenKind::semicolon);
    }
    expect(TokenKind::right_arrow, "`->`");
    clause.body = sequence();
    return clause;
  }

  std::vector<Expression> sequence() {
    std::vector<Expression> all;
    do all.push_back(expression());
    while (accept(TokenKind::comma));
    return all;
  }

  Expression expression() {
    if (++depth_ > kExpressionDepthMax) refuse_depth(token_.begin);
    Expression left = binary(0);
    if (token_.kind == TokenKind::match) {
      Expression both{.kind = Expression::Kind::match, .begin = token_.begin};
      advance();
      both.parts.push_back(std::move(left));
      both.parts.push_back(expression());
      left = grown(std::move(both));
    }
    --depth_;
    return left;
  }

  // With operators of these levels and above only. It calls itself for what stands behind an operator, not for each level.
  Expression binary(std::size_t least) {
    Expression left = prefixed();
    std::size_t most = levels().size();  // not with those of this level any more
    for (;;) {
      std::size_t level = least;
      while (level < most && !operator_of(levels()[level].operators)) ++level;
      if (level == most) return left;
      const std::string name(*operator_of(levels()[level].operators));
      Expression both{.kind = Expression::Kind::call, .begin = token_.begin, .name = name};
      advance();
      both.parts.push_back(std::move(left));
      both.parts.push_back(binary(levels()[level].associates == Associates::right ? level : level + 1));
      left = grown(std::move(both));
      if (levels()[level].associates == Associates::none) most = level;
    }
  }

  Expression prefixed() {
    const auto name = operator_of(kPrefixOperators);
    if (!name) return primary();
    Expression made{.kind = Expression::Kind::call, .begin = token_.begin, .name = std::string(*name)};
    if (++depth_ > kExpressionDepthMax) refuse_depth(token_.begin);
    advance();
    made.parts.push_back(prefixed());
    --depth_;
    // A number with a sign is one.
    Expression& operand = made.parts.front();
    if ((*name == "-" || *name == "+") && operand.kind == Expression::Kind::literal && operand.value.is_number()) {
      const std::string digits = to_string(operand.value);
      if (*name == "-") operand.value = parse(digits.front() == '-' ? digits.substr(1) : "-" + digits);
      Expression number = std::move(operand);
      return number;
    }
    return grown(std::move(made));
  }

  [[noreturn]] void refuse_depth(std::size_t begin) const {
    lexer_.refuse(begin, "expressions nest more than " + std::to_string(kExpressionDepthMax) + " deep",
                  ErrorCode::system_limit);
  }

  // With the height that its parts give it.
  [[nodiscard]] Expression grown(Expression made) const {
    grow(made, made.parts);
    return made;
  }
  void grow(Expression& made, const std::vector<Expression>& parts) const {
    for (const Expression& part : parts) made.height = std::max(made.height, part.height + 1);
    if (made.height > kExpressionDepthMax) refuse_depth(made.begin);
  }

  Expression primary() {
    Expression made{.kind = Expression::Kind::literal, .begin = token_.begin};
    switch (token_.kind) {
      case TokenKind::integer:
      case TokenKind::floating:
      case TokenKind::identifier: made.value = token_.value; break;
      case TokenKind::string: made.value = string(); return made;
      case TokenKind::atom: return atom_or_call();
      case TokenKind::variable: return variable_or_application();
      case TokenKind::open_binary: made.value = binary_literal(); return made;
      case TokenKind::open_group: {
        advance();
        made = expression();
        expect(TokenKind::close_group, "`)`");
        return made;
      }
      case TokenKind::open_tuple:
        made.kind = Expression::Kind::tuple;
        advance();
        made.parts = elements(TokenKind::close_tuple, "`,` or `}`");
        return grown(std::move(made));
      case TokenKind::open_list: return list();
      case TokenKind::open_map: return map();
      default: refuse("an expression is expected");
    }
    advance();
    return made;
  }

  // Up to and with what closes them.
  std::vector<Expression> elements(TokenKind closing, const char* expected) {
    std::vector<Expression> all;
    if (accept(closing)) return all;
    all = sequence();
    expect(closing, expected);
    return all;
  }

  Expression list() {
    Expression made{.kind = Expression::Kind::list, .begin = token_.begin};
    Expression tail{.kind = Expression::Kind::literal, .begin = token_.begin};  // []
    advance();
    if (!accept(TokenKind::close_list)) {
      made.parts = sequence();
      if (accept(TokenKind::bar)) tail = expression();
      expect(TokenKind::close_list, "`,`, `|` or `]`");
    }
    made.parts.push_back(std::move(tail));
    return grown(std::move(made));
  }

  Expression map() {
    Expression made{.kind = Expression::Kind::map, .begin = token_.begin};
    advance();
    if (accept(TokenKind::close_tuple)) return made;
    do {
      made.parts.push_back(expression());
      // In patterns of Erlang it is :=.
      if (accept(TokenKind::colon)) {
        expect(TokenKind::match, "`=>` or `:=`");
      } else {
        expect(TokenKind::arrow, "`=>` or `:=`");
      }
      made.parts.push_back(expression());
    } while (accept(TokenKind::comma));
    expect(TokenKind::close_tuple, "`,` or `}`");
    return grown(std::move(made));
  }

  Expression atom_or_call() {
    const bool shell = purpose_ == Purpose::shell;
    if (shell && is_word("fun")) return fun();
    for (const std::string_view word : kReserved) {
      if (is_word(word))
        refuse(shell ? "an expression is expected" : "an expression of a match specification is expected");
    }
    Expression made{.kind = Expression::Kind::literal, .begin = token_.begin};
    std::string name = lexer_.text_of_atom(token_);
    advance();
    const bool of_map = text_.substr(token_.end).starts_with('=');  // Key := Value
    if (token_.kind == TokenKind::colon && !of_map && (shell || name == "erlang")) {
      made.module = name;
      advance();
      if (token_.kind != TokenKind::atom) refuse("the name of a function is expected");
      name = lexer_.text_of_atom(token_);
      advance();
      if (token_.kind != TokenKind::open_group) refuse("`(` is expected");
    }
    if (token_.kind != TokenKind::open_group) {
      made.value = Term(Atom(name));
      return made;
    }
    made.kind = Expression::Kind::call;
    made.name = name;
    advance();
    made.parts = elements(TokenKind::close_group, "`,` or `)`");
    return grown(std::move(made));
  }

  // X, or X(...), a call of the fun that it is.
  Expression variable_or_application() {
    Expression made{.kind = Expression::Kind::variable, .begin = token_.begin};
    made.name = std::string(lexer_.text_of(token_));
    advance();
    if (purpose_ != Purpose::shell || token_.kind != TokenKind::open_group) return made;
    Expression application{.kind = Expression::Kind::apply, .begin = made.begin};
    advance();
    application.parts = elements(TokenKind::close_group, "`,` or `)`");
    application.parts.insert(application.parts.begin(), std::move(made));
    return grown(std::move(application));
  }

  Term string() {
    std::vector<Term> characters;
    for (; token_.kind == TokenKind::string; advance()) {
      for (const char32_t code : token_.string) characters.emplace_back(static_cast<std::uint32_t>(code));
    }
    return heirloom::list(characters);
  }

  // A binary holds no expressions here, so it is read as a term.
  Term binary_literal() {
    const std::size_t begin = token_.begin;
    while (token_.kind != TokenKind::close_binary) {
      if (token_.kind == TokenKind::end) lexer_.refuse(begin, "this binary has no `>>`");
      if (token_.kind == TokenKind::variable)
        lexer_.refuse(token_.begin, "a binary of a match specification has no variables in it");
      advance();
    }
    const std::string_view text = text_.substr(begin, token_.end - begin);
    advance();
    try {
      return parse(text);
    } catch (const Error& error) {
      lexer_.refuse(begin, "no binary: " + error.detail());
    }
  }

  template <typename Names>
  std::optional<std::string_view> operator_of(const Names& names) const {
    const bool quoted = token_.kind == TokenKind::atom && text_[token_.begin] == '\'';
    if (quoted || token_.kind == TokenKind::string || token_.kind == TokenKind::end) return std::nullopt;
    for (const std::string_view name : names) {
      if (lexer_.text_of(token_) == name) return name;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool is_word(std::string_view word) const { return lexer_.is_word(token_, word); }
  void advance() {
    lexing_ = true;
    token_ = lexer_.next();
    lexing_ = false;
  }
  bool accept(TokenKind kind) {
    if (token_.kind != kind) return false;
    advance();
    return true;
  }
  void expect(TokenKind kind, const char* what) {
    if (!accept(kind)) refuse(std::string(what) + " is expected");
  }
  [[noreturn]] void refuse(const std::string& what) const {
    lexer_.refuse(token_.begin, what + ", not " + lexer_.spelling(token_));
  }

  Lexer& lexer_;
  std::string_view text_;
  Purpose purpose_;
  Token token_;
  bool lexing_ = false;  // the next token is being read
  int depth_ = 0;
};

}  // namespace

std::vector<FunClause> read_fun(term::Lexer& lexer, std::string_view text) {
  return Reader(lexer, text, Reader::Purpose::match_specification).only_fun();
}

Statement read_statement(term::Lexer& lexer, std::string_view text) {
  return Reader(lexer, text, Reader::Purpose::shell).statement();
}

std::pair<std::size_t, bool> measure_statement(std::string_view text) {
  Lexer lexer(text, term::Grammar::expressions);
  Reader reader(lexer, text, Reader::Purpose::shell);
  try {
    return {reader.statement().bytes, true};
  } catch (const Error&) {
    const bool complete = !reader.is_at_end();
    return {complete ? reader.skip_statement() : text.size(), complete};
  }
}

}  // namespace heirloom::matching
