// SPDX-License-Identifier: Apache-2.0
//
// Text as a term: a loop over tokens with a stack of the containers that are open, so that nesting costs no C++ stack.
#include <string>
#include <vector>

#include "heirloom/term.hpp"

#include "term/bit_string_builder.hpp"
#include "term/block.hpp"
#include "term/draft.hpp"
#include "term/fun.hpp"
#include "term/integer_text.hpp"
#include "term/lexer.hpp"
#include "term/pending_atoms.hpp"

namespace heirloom {

namespace term {

namespace {

// A container whose end is still to come.
struct Open {
  enum class Part { elements, tail, behind_tail };

  Kind kind;
  std::size_t begin;           // where it was opened, for messages
  std::uint64_t values = 0;    // elements read; for a map, keys and values
  Part part = Part::elements;  // of a list: where in [elements | tail] the reading is
  bool improper = false;       // of a list: the tail was no list
  std::uint64_t brackets = 1;  // of a list: how many ] it takes to end it
};

class Parser {
 public:
  Parser(std::string_view text, const InputLimits& limits) : lexer_(text), limits_(limits), draft_(&atoms_) {}

  Term run() {
    bool value_read = read_value(true);
    while (!open_.empty()) value_read = value_read ? read_behind_value() : read_value(false);
    Token token = lexer_.next();
    if (token.kind == TokenKind::stop) token = lexer_.next();
    if (token.kind != TokenKind::end) {
      lexer_.refuse(token.begin, "the term is complete before " + lexer_.spelling(token));
    }
    Term term = draft_.finish();
    if (atoms_.new_count() != 0) {
      translate_atoms(term.writable_block().data(), [&](std::uint32_t id) { return atoms_.settle(id); });
    }
    return term;
  }

 private:
  // Reads up to the end of a value, and returns true, or up to where the first value of a container is expected.
  bool read_value(bool first) {
    const Token token = lexer_.next();
    require_memory(token);
    switch (token.kind) {
      case TokenKind::integer:
      case TokenKind::floating:
      case TokenKind::identifier: return complete(token.value);
      case TokenKind::atom: return lexer_.is_word(token, "fun") ? read_export() : complete(atom(token));
      case TokenKind::minus:
      case TokenKind::plus: return complete(signed_number(token));
      case TokenKind::open_binary: return complete(binary(token));
      case TokenKind::string: return read_string(token);
      case TokenKind::open_tuple: return begin(Kind::tuple, token);
      case TokenKind::open_map: return begin(Kind::map, token);
      case TokenKind::open_list: return begin_list(token);
      case TokenKind::close_tuple:
      case TokenKind::close_list:
        if (!first && may_end_empty(token.kind)) return end_container();
        [[fallthrough]];
      default: lexer_.refuse(token.begin, "a term is expected, not " + lexer_.spelling(token));
    }
  }

  // `bytes` are those of a binary that is being read.
  void require_memory(const Token& token, std::size_t bytes = 0) const {
    if (draft_.words() * sizeof(Word) + open_.size() * sizeof(Open) + bytes > limits_.memory_bytes_max) {
      lexer_.refuse(token.begin, "the term takes more than " + std::to_string(limits_.memory_bytes_max) + " bytes",
                    ErrorCode::system_limit);
    }
  }

  bool begin(Kind kind, const Token& token) {
    open_.push_back({kind, token.begin});
    just_opened_ = true;
    return false;
  }

  // The list behind a bar is no value of its own but more elements: [1|[2|[3]]] is [1,2,3] at any depth.
  bool begin_list(const Token& token) {
    if (open_.empty() || open_.back().part != Open::Part::tail) return begin(Kind::list, token);
    open_.back().part = Open::Part::elements;
    ++open_.back().brackets;
    just_opened_ = true;
    return false;
  }

  [[nodiscard]] bool may_end_empty(TokenKind closing) const noexcept {
    return just_opened_ && !open_.empty() && (closing == TokenKind::close_list) == (open_.back().kind == Kind::list);
  }

  bool complete(TermView leaf) {
    draft_.add(leaf);
    return count_value();
  }

  // A value of the innermost container is complete.
  bool count_value() {
    just_opened_ = false;
    if (open_.empty()) return true;
    Open& top = open_.back();
    if (top.part == Open::Part::tail) {
      top.part = Open::Part::behind_tail;
      top.improper = true;
    } else {
      ++top.values;
    }
    return true;
  }

  bool end_container() {
    just_opened_ = false;
    Open& top = open_.back();
    if (top.brackets > 1) {
      --top.brackets;
      top.part = Open::Part::behind_tail;
      return true;
    }
    const Kind kind = top.improper ? Kind::improper_list : top.kind;
    draft_.close(kind, kind == Kind::map ? top.values / 2 : top.values);
    open_.pop_back();
    return count_value();
  }

  // Returns true when the container ended, false when a value comes next.
  bool read_behind_value() {
    const Token token = lexer_.next();
    Open& top = open_.back();
    const bool key = top.kind == Kind::map && top.values % 2 != 0;
    const bool in_elements = top.part == Open::Part::elements;
    if (key && token.kind == TokenKind::arrow) return false;
    if (!key && in_elements && token.kind == TokenKind::comma) return false;
    if (in_elements && top.kind == Kind::list && token.kind == TokenKind::bar) {
      top.part = Open::Part::tail;
      return false;
    }
    if (!key && token.kind == (top.kind == Kind::list ? TokenKind::close_list : TokenKind::close_tuple)) {
      return end_container();
    }
    lexer_.refuse(token.begin, expectation(top, key) + ", not " + lexer_.spelling(token));
  }

  [[nodiscard]] std::string expectation(const Open& top, bool key) const {
    if (key) return "'=>' is expected behind a key of the map that begins at " + lexer_.place_of(top.begin);
    if (top.kind != Kind::list) {
      return std::string("',' or '}' is expected in the ") + (top.kind == Kind::map ? "map" : "tuple") +
             " that begins at " + lexer_.place_of(top.begin);
    }
    return std::string(top.part == Open::Part::elements ? "',', '|' or ']'" : "']'") +
           " is expected in the list that begins at " + lexer_.place_of(top.begin);
  }

  // A word whose id is one of atoms_.
  TermView atom(const Token& token) {
    const std::string text = lexer_.text_of_atom(token);
    auto id = atoms_.find(text);
    if (!id && atoms_.new_count() == limits_.new_atoms_max) {
      lexer_.refuse(
          token.begin,
          "the text has more than " + std::to_string(limits_.new_atoms_max) + " atoms that this program does not know",
          ErrorCode::system_limit);
    }
    if (!id) id = atoms_.add(text);
    return {nullptr, make_atom(*id), &atoms_};
  }

  // Behind `fun`: module:name/arity.
  bool read_export() {
    draft_.add(atom(expect(TokenKind::atom, "the module of a fun")));
    expect(TokenKind::colon, "':' behind the module of a fun");
    draft_.add(atom(expect(TokenKind::atom, "the name of a function")));
    expect(TokenKind::slash, "'/' behind the name of a function");
    const Token arity = expect(TokenKind::integer, "the arity of a fun");
    if (compare(arity.value, Term(kArityMax)) > 0) lexer_.refuse(arity.begin, "the arity of a fun is up to 255");
    draft_.add(arity.value);
    draft_.close(Kind::fun, kExportElements);
    return count_value();
  }

  Token expect(TokenKind kind, const char* wanted) {
    Token token = lexer_.next();
    if (token.kind != kind) {
      lexer_.refuse(token.begin, std::string(wanted) + " is expected, not " + lexer_.spelling(token));
    }
    return token;
  }

  // The characters of a string as UTF-8.
  void append(std::string& text, char32_t code, const Token& token) const {
    if (!is_unicode_character(code)) lexer_.refuse(token.begin, "Unicode has no such character");
    utf8_append(text, code);
  }

  Term signed_number(const Token& sign) {
    const Token token = lexer_.next();
    const bool negative = sign.kind == TokenKind::minus;
    if (token.kind == TokenKind::integer) return negative ? negated(token.value) : token.value;
    if (token.kind == TokenKind::floating) return negative ? Term(-token.value.as_double()) : token.value;
    lexer_.refuse(token.begin, "a number is expected behind the sign, not " + lexer_.spelling(token));
  }

  // A string is the list of its characters; those that follow it belong to it.
  bool read_string(const Token& token) {
    const bool tail = !open_.empty() && open_.back().part == Open::Part::tail;
    std::uint64_t characters = 0;
    for (Token part = token;; part = lexer_.next()) {
      require_memory(part);
      for (const char32_t code : part.string) draft_.add(TermView(nullptr, make_small(code), nullptr));
      characters += part.string.size();
      if (!lexer_.string_follows()) break;
    }
    if (tail) {
      just_opened_ = false;
      open_.back().values += characters;
      open_.back().part = Open::Part::behind_tail;
      return true;
    }
    draft_.close(Kind::list, characters);
    return count_value();
  }

  Term binary(const Token& opening) {
    BitStringBuilder bits;
    Token token = lexer_.next();
    if (token.kind == TokenKind::close_binary) return bits.finish();
    while (true) {
      require_memory(token, bits.bytes());
      token = token.kind == TokenKind::string ? string_segment(bits, token) : integer_segment(bits, token);
      if (token.kind == TokenKind::close_binary) return bits.finish();
      if (token.kind != TokenKind::comma) {
        lexer_.refuse(token.begin, "',' or '>>' is expected in the binary that begins at " +
                                       lexer_.place_of(opening.begin) + ", not " + lexer_.spelling(token));
      }
      token = lexer_.next();
    }
  }

  // Segments return the token behind them.
  Token string_segment(BitStringBuilder& bits, Token string) {
    while (lexer_.string_follows()) string.string += lexer_.next().string;
    Token token = lexer_.next();
    if (token.kind == TokenKind::slash) {
      token = lexer_.next();
      if (token.kind != TokenKind::atom || token.string != U"utf8") {
        lexer_.refuse(token.begin, "the only type of a string in a binary is utf8, not " + lexer_.spelling(token));
      }
      std::string text;
      for (const char32_t code : string.string) append(text, code, string);
      for (const char byte : text) bits.add_byte(static_cast<unsigned char>(byte));
      return lexer_.next();
    }
    for (const char32_t code : string.string) {
      if (code > 255) lexer_.refuse(string.begin, "this string has characters beyond 255: write \"...\"/utf8");
      bits.add_byte(static_cast<unsigned char>(code));
    }
    return token;
  }

  Token integer_segment(BitStringBuilder& bits, const Token& first) {
    Term value = first.value;
    if (first.kind == TokenKind::minus || first.kind == TokenKind::plus) {
      value = signed_number(first);
    } else if (first.kind != TokenKind::integer) {
      lexer_.refuse(first.begin, "an integer or a string is expected in a binary, not " + lexer_.spelling(first));
    }
    if (!value.is_integer()) lexer_.refuse(first.begin, "an integer is expected in a binary, not a float");
    Token token = lexer_.next();
    std::uint64_t size = 8;
    if (token.kind == TokenKind::colon) {
      token = lexer_.next();
      size = segment_size(token);
      token = lexer_.next();
    }
    bits.add_integer(value, size);
    return token;
  }

  // Bounded, so that a short text does not ask for gigabytes.
  std::uint64_t segment_size(const Token& token) const {
    constexpr std::uint64_t kBitsMax = 65536;
    const bool fits = token.kind == TokenKind::integer && compare(token.value, Term(kBitsMax)) <= 0;
    if (!fits) lexer_.refuse(token.begin, "the size of a segment is up to 65536 bits, not " + lexer_.spelling(token));
    return token.value.as_uint64();
  }

  Lexer lexer_;
  InputLimits limits_;
  PendingAtoms atoms_;
  Draft draft_;
  std::vector<Open> open_;
  bool just_opened_ = false;  // no value was read since the innermost container, or list behind a bar, began
};

}  // namespace

}  // namespace term

Term parse(std::string_view text, const InputLimits& limits) { return term::Parser(text, limits).run(); }

}  // namespace heirloom
