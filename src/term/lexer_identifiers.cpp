// SPDX-License-Identifier: Apache-2.0
//
// Pids, references and ports (identifier_text.hpp): <0.3.7>, #Ref<'b@host'/1700000000.1.2.3>.
#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include "term/identifier.hpp"
#include "term/lexer.hpp"
#include "term/text_characters.hpp"

namespace heirloom::term {

namespace {

constexpr std::uint64_t kNumberMax = std::numeric_limits<std::uint32_t>::max();

const char* form_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::reference: return "a reference is written #Ref<0.1.2.3>, of one to five numbers below 2^32";
    case Kind::port: return "a port is written #Port<0.5>, its number below 2^64, and below 2^63 behind 0";
    default: return "a pid is written <0.PROGRAM.INDEX>, its numbers below 2^31 and 2^32";
  }
}

bool fit(Kind kind, bool local, std::span<const std::uint64_t> numbers) noexcept {
  constexpr std::uint64_t kLocalPortMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint64_t kProgramMax = std::numeric_limits<std::int32_t>::max();
  if (kind == Kind::port) return numbers.size() == 1 && (!local || numbers[0] <= kLocalPortMax);
  if (std::any_of(numbers.begin(), numbers.end(), [](auto number) { return number > kNumberMax; })) return false;
  if (kind == Kind::pid) return numbers.size() == 2 && (!local || numbers[0] <= kProgramMax);
  return !numbers.empty();
}

// As they are written into those that an identifier has.
void put_numbers(Kind kind, bool local, std::span<const std::uint64_t> numbers, Identifier& identifier) {
  const auto add = [&](std::uint64_t number) {
    identifier.numbers[identifier.count++] = static_cast<std::uint32_t>(number);
  };
  if (kind == Kind::port) {
    add(numbers[0] & kNumberMax);
    add(numbers[0] >> 32);
  } else if (kind == Kind::pid) {
    add(numbers[0]);
    add(numbers[1]);
  } else {
    std::for_each(numbers.rbegin(), numbers.rend(), add);
    // This node's own have odd counts; a further number that is 0 makes no difference.
    if (local && identifier.count % 2 == 0) add(0);
  }
}

}  // namespace

std::uint64_t Lexer::number_of_identifier(std::size_t begin, const char* form) {
  const std::size_t from = at_;
  while (at_ < text_.size() && is_digit(static_cast<unsigned char>(text_[at_]))) ++at_;
  std::uint64_t number = 0;
  const auto result = std::from_chars(text_.data() + from, text_.data() + at_, number);
  if (from == at_ || result.ec != std::errc()) refuse(begin, form);
  return number;
}

// The node's name, and '/' and its creation; or the 0 of this node.
std::string Lexer::node_of_identifier(std::size_t begin, const char* form, std::uint32_t& creation) {
  const char32_t first = peek();
  if (!starts_atom(first) && first != '\'') {
    if (number_of_identifier(begin, form) != 0) {
      refuse(begin,
             "the number of another node means nothing but to the VM that printed it; write the node's name and "
             "creation, as in <'b@host'/1.2.3>");
    }
    creation = kLocalCreation;
    return std::string(kLocalNode);
  }
  Token token;
  token.begin = at_;
  first == '\'' ? quoted(token, first) : name(token);
  if (!accept("/")) refuse(at_, "'/' and the creation are expected behind the name of a node");
  const std::uint64_t number = number_of_identifier(begin, "the creation of a node is a number below 2^32");
  if (number > kNumberMax) refuse(begin, "the creation of a node is a number below 2^32");
  creation = static_cast<std::uint32_t>(number);
  return text_of_atom(token);
}

// Of what is between < and >.
void Lexer::identifier(Token& token, Kind kind) {
  token.kind = TokenKind::identifier;
  Identifier identifier;
  const char* form = form_of(kind);
  const std::string node = node_of_identifier(token.begin, form, identifier.creation);
  identifier.node = node;
  std::array<std::uint64_t, Identifier::kNumbersMax> numbers{};
  std::size_t count = 0;
  while (accept(".")) {
    if (count == numbers.size()) refuse(token.begin, form);
    numbers[count++] = number_of_identifier(token.begin, form);
  }
  const bool local = node == kLocalNode && identifier.creation == kLocalCreation;
  const std::span<const std::uint64_t> read(numbers.data(), count);
  if (!accept(">") || !fit(kind, local, read)) refuse(token.begin, form);
  put_numbers(kind, local, read, identifier);
  token.value = make_identifier(kind, identifier);
}

bool Lexer::pid(Token& token) {
  if (peek() != '<') return false;
  const char32_t second = peek(1);
  if (!is_digit(second) && !starts_atom(second) && second != '\'') return false;
  take();
  identifier(token, Kind::pid);
  return true;
}

void Lexer::opaque(Token& token) {
  if (accept("#Ref<")) return identifier(token, Kind::reference);
  if (accept("#Port<")) return identifier(token, Kind::port);
  if (accept("#Fun<")) {
    refuse(token.begin, "a fun cannot be read from text, which lacks most of it; but an export can: fun module:name/1");
  }
  refuse(token.begin, "behind '#' comes the '{' of a map, or Ref< or Port<");
}

}  // namespace heirloom::term
