// SPDX-License-Identifier: Apache-2.0
#include "term/external_leaves.hpp"

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "term/float_text.hpp"
#include "term/identifier.hpp"
#include "term/integer.hpp"
#include "term/text_characters.hpp"

namespace heirloom::term {

namespace {

bool skip_digits(std::string_view& text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && is_digit(static_cast<unsigned char>(text[count]))) ++count;
  text.remove_prefix(count);
  return count != 0;
}

bool skip(std::string_view& text, std::string_view characters) noexcept {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Digits, a point, digits, and perhaps an exponent.
bool is_float_text(std::string_view text) noexcept {
  if (!skip_digits(text) || !skip(text, ".") || !skip_digits(text)) return false;
  if (!skip(text, "eE")) return text.empty();
  skip(text, "+-");
  return skip_digits(text) && text.empty();
}

}  // namespace

bool ExternalLeaves::is_number(ExternalTag tag) noexcept {
  switch (tag) {
    case ExternalTag::small_integer:
    case ExternalTag::integer:
    case ExternalTag::small_big:
    case ExternalTag::large_big:
    case ExternalTag::new_float:
    case ExternalTag::float_text: return true;
    default: return false;
  }
}

bool ExternalLeaves::is_bitstring(ExternalTag tag) noexcept {
  return tag == ExternalTag::binary || tag == ExternalTag::bit_binary;
}

std::optional<Kind> ExternalLeaves::kind_of_identifier(ExternalTag tag) noexcept {
  switch (tag) {
    case ExternalTag::pid:
    case ExternalTag::new_pid: return Kind::pid;
    case ExternalTag::port:
    case ExternalTag::new_port:
    case ExternalTag::v4_port: return Kind::port;
    case ExternalTag::reference:
    case ExternalTag::new_reference:
    case ExternalTag::newer_reference: return Kind::reference;
    default: return std::nullopt;
  }
}

// --------------------------------------------------------------------------------------------------------------- numbers

Term ExternalLeaves::read_number(ExternalTag tag, std::size_t begin) {
  switch (tag) {
    case ExternalTag::small_integer: return Term(bytes_.number<std::uint8_t>("an integer"));
    case ExternalTag::integer: return Term(static_cast<std::int32_t>(bytes_.number<std::uint32_t>("an integer")));
    case ExternalTag::small_big: return read_large(bytes_.number<std::uint8_t>("the length of an integer"), begin);
    case ExternalTag::large_big: return read_large(bytes_.number<std::uint32_t>("the length of an integer"), begin);
    case ExternalTag::float_text: return read_float_text(begin);
    default: break;
  }
  const auto number = std::bit_cast<double>(bytes_.number<std::uint64_t>("a float"));
  if (!std::isfinite(number)) bytes_.refuse(begin, "infinity and NaN are no terms");
  return Term(number);
}

Term ExternalLeaves::read_large(std::size_t length, std::size_t begin) {
  const bool negative = bytes_.number<std::uint8_t>("the sign of an integer") != 0;
  std::string_view magnitude = bytes_.take(length, "an integer");
  while (!magnitude.empty() && magnitude.back() == '\0') magnitude.remove_suffix(1);
  if (magnitude.size() > kLimbsMax * sizeof(Word)) {
    bytes_.refuse(begin, "the integer has more than 4194304 bits", ErrorCode::system_limit);
  }
  std::vector<Word> limbs((magnitude.size() + sizeof(Word) - 1) / sizeof(Word));
  for (std::size_t i = 0; i < magnitude.size(); ++i) {
    limbs[i / sizeof(Word)] |= static_cast<Word>(static_cast<unsigned char>(magnitude[i])) << (i % sizeof(Word) * 8);
  }
  return make_integer(negative, limbs);
}

Term ExternalLeaves::read_float_text(std::size_t begin) {
  std::string_view text = bytes_.take(kFloatTextBytes, "a float");
  text = text.substr(0, text.find('\0'));
  const bool negative = text.starts_with('-');
  skip(text, "+-");
  if (!is_float_text(text)) bytes_.refuse(begin, "the text of a float is no float");
  const auto number = float_of_text(std::string(text));
  if (!number) bytes_.refuse(begin, "infinity and NaN are no terms");
  return Term(negative ? -*number : *number);
}

// ------------------------------------------------------------------------------------------------------------ bitstrings

Term ExternalLeaves::read_bitstring(ExternalTag tag, std::size_t begin) {
  const std::size_t length = bytes_.number<std::uint32_t>("the length of a binary");
  std::size_t in_last = 8;
  if (tag == ExternalTag::bit_binary) {
    in_last = bytes_.number<std::uint8_t>("the bits of a bitstring");
    if (in_last > 8 || (in_last == 0) != (length == 0)) {
      bytes_.refuse(
          begin, "the last of " + std::to_string(length) + " bytes cannot have " + std::to_string(in_last) + " bits");
    }
  }
  const std::string_view content = bytes_.take(length, "a binary");
  return length == 0 ? Term(content) : bitstring(content, (length - 1) * 8 + in_last);
}

// ----------------------------------------------------------------------------------------------------------- identifiers

Term ExternalLeaves::read_identifier(Kind kind, ExternalTag tag, std::size_t begin) {
  Identifier identifier;
  identifier.count = read_count(kind, tag, begin);
  const std::string node = read_node();
  identifier.node = node;
  const bool reference = kind == Kind::reference && tag != ExternalTag::reference;
  if (reference) identifier.creation = read_creation(tag, begin);
  if (tag == ExternalTag::v4_port) {
    const auto number = bytes_.number<std::uint64_t>("the number of a port");
    identifier.numbers[0] = static_cast<std::uint32_t>(number);
    identifier.numbers[1] = static_cast<std::uint32_t>(number >> 32);
  } else {
    // A port of the other tags has the lower half of its number only.
    const std::uint32_t count = kind == Kind::port ? 1 : identifier.count;
    for (std::uint32_t i = 0; i < count; ++i) {
      identifier.numbers[i] = bytes_.number<std::uint32_t>("the numbers of a pid, port or reference");
    }
  }
  const bool old_reference = tag == ExternalTag::reference || tag == ExternalTag::new_reference;
  if (old_reference && identifier.numbers[0] > kOldReferenceMax) {
    bytes_.refuse(begin, "the first number of an old reference is below 262144");
  }
  if (!reference) identifier.creation = read_creation(tag, begin);
  return make_identifier(kind, identifier);
}

std::uint32_t ExternalLeaves::read_count(Kind kind, ExternalTag tag, std::size_t begin) {
  if (kind != Kind::reference) return 2;
  if (tag == ExternalTag::reference) return 1;
  const std::uint32_t count = bytes_.number<std::uint16_t>("the length of a reference");
  if (count == 0 || count > Identifier::kNumbersMax) {
    bytes_.refuse(begin, "a reference has 1 to 5 numbers, not " + std::to_string(count));
  }
  return count;
}

std::string ExternalLeaves::read_node() {
  const std::size_t begin = bytes_.at();
  const auto tag = static_cast<ExternalTag>(bytes_.number<std::uint8_t>("the name of a node"));
  if (!ExternalAtoms::is_atom(tag)) bytes_.refuse(begin, "the name of a node is an atom");
  return std::string(atoms_.read_text(bytes_, tag));
}

std::uint32_t ExternalLeaves::read_creation(ExternalTag tag, std::size_t begin) {
  const bool byte = tag == ExternalTag::pid || tag == ExternalTag::port || tag == ExternalTag::reference ||
                    tag == ExternalTag::new_reference;
  if (!byte) return bytes_.number<std::uint32_t>("the creation of a node");
  const std::uint32_t creation = bytes_.number<std::uint8_t>("the creation of a node");
  if (creation > kOldCreationMax) bytes_.refuse(begin, "a creation of one byte is 0 to 3");
  return creation;
}

Term ExternalLeaves::read_creator() {
  const std::size_t begin = bytes_.at();
  const auto tag = static_cast<ExternalTag>(bytes_.number<std::uint8_t>("the process that made a fun"));
  if (kind_of_identifier(tag) != Kind::pid) bytes_.refuse(begin, "what made a fun is a pid");
  return read_identifier(Kind::creator, tag, begin);
}

Word ExternalLeaves::read_atom(const char* what) {
  const std::size_t begin = bytes_.at();
  const auto tag = static_cast<ExternalTag>(bytes_.number<std::uint8_t>(what));
  if (!ExternalAtoms::is_atom(tag)) bytes_.refuse(begin, std::string(what) + " is an atom");
  return make_atom(atoms_.read(bytes_, tag));
}

Word ExternalLeaves::read_small(const char* what, std::int64_t least, std::int64_t most) {
  const std::size_t begin = bytes_.at();
  const auto tag = static_cast<ExternalTag>(bytes_.number<std::uint8_t>(what));
  const bool integer = is_number(tag) && tag != ExternalTag::new_float && tag != ExternalTag::float_text;
  const Term number = integer ? read_number(tag, begin) : Term();
  if (!integer || !is_small(number.view().word()) || number.as_int64() < least || number.as_int64() > most) {
    bytes_.refuse(begin,
                  std::string(what) + " is an integer from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number.view().word();
}

}  // namespace heirloom::term
