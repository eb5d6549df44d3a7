// SPDX-License-Identifier: Apache-2.0
#include "term/external_atoms.hpp"

#include "term/utf8.hpp"

namespace heirloom::term {

namespace {

void require_text_of_atom(const ExternalBytes& bytes, std::size_t begin, std::string_view text) {
  const auto characters = utf8_characters(text);
  if (!characters) bytes.refuse(begin, "the text of an atom is no UTF-8");
  if (*characters > Atom::kCharactersMax) {
    bytes.refuse(begin, "an atom has " + std::to_string(*characters) + " characters, and 255 is the most");
  }
}

}  // namespace

bool ExternalAtoms::is_atom(ExternalTag tag) noexcept {
  return tag == ExternalTag::atom_latin1 || tag == ExternalTag::small_atom_latin1 || tag == ExternalTag::atom_utf8 ||
         tag == ExternalTag::small_atom_utf8;
}

std::string_view ExternalAtoms::read_text(ExternalBytes& bytes, ExternalTag tag) {
  const bool small = tag == ExternalTag::small_atom_latin1 || tag == ExternalTag::small_atom_utf8;
  const std::size_t length = small ? bytes.number<std::uint8_t>("the length of an atom")
                                   : bytes.number<std::uint16_t>("the length of an atom");
  const std::size_t begin = bytes.at();
  std::string_view text = bytes.take(length, "the text of an atom");
  if (tag == ExternalTag::atom_latin1 || tag == ExternalTag::small_atom_latin1) {
    from_latin1_.clear();
    for (const char byte : text) utf8_append(from_latin1_, static_cast<unsigned char>(byte));
    text = from_latin1_;
  }
  require_text_of_atom(bytes, begin, text);
  return text;
}

std::uint32_t ExternalAtoms::read(ExternalBytes& bytes, ExternalTag tag) {
  const std::size_t begin = bytes.at() - 1;
  const std::string_view text = read_text(bytes, tag);
  if (const auto id = pending_.find(text)) return *id;
  if (pending_.new_count() == new_max_) {
    bytes.refuse(begin, "it has more than " + std::to_string(new_max_) + " atoms that this program does not know",
                 ErrorCode::system_limit);
  }
  return pending_.add(text);
}

}  // namespace heirloom::term
