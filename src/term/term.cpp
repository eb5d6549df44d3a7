// SPDX-License-Identifier: Apache-2.0
//
// Making a Term from one C++ value, or from words.
#include "heirloom/term.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "term/assemble.hpp"
#include "term/atom_translation.hpp"
#include "term/block.hpp"
#include "term/integer.hpp"
#include "term/payload.hpp"

namespace heirloom {

using term::Kind;
using term::Word;

static_assert(TermView().word() == term::kNil);

Term::Term(double value) {
  if (!std::isfinite(value)) throw Error(ErrorCode::badarg, "make a float", "infinity and NaN are no terms");
  words_ = 2;
  storage_.words[0] = term::make_reference(Kind::floating, 1, 1);
  storage_.words[1] = std::bit_cast<Word>(value);
}

Term::Term(Atom value) noexcept { storage_.words[0] = term::make_atom(value.id()); }

Term::Term(Pid value) noexcept {
  words_ = 2;
  storage_.words[0] = term::make_reference(Kind::pid, 1, 1);
  storage_.words[1] = value.packed();
}

Term::Term(std::string_view bytes) { term::make_payload(*this, Kind::binary, bytes, bytes.size()); }

Term::Term(TermView view) : Term(uninitialized(term::block_words(view))) {
  term::copy_block(data(), view, term::ToProgram{view.atoms()});
}

Term::Term(std::initializer_list<Term> elements) { become_tuple({elements.begin(), elements.size()}); }

void Term::set_large(std::int64_t value) noexcept {
  words_ = 2;
  storage_.words[0] = term::make_reference(value < 0 ? Kind::negative_integer : Kind::positive_integer, 1, 1);
  storage_.words[1] = term::magnitude_of(value);
}

void Term::set_large(std::uint64_t value) noexcept {
  words_ = 2;
  storage_.words[0] = term::make_reference(Kind::positive_integer, 1, 1);
  storage_.words[1] = value;
}

Term Term::from_block(std::span<const std::uint64_t> block) {
  Term result = uninitialized(block.size());
  std::memcpy(result.data(), block.data(), block.size_bytes());
  result.data()[0] = term::root_of(result.data());
  return result;
}

static_assert(Term::kWordsMax == term::kBlockWordsMax);

void Term::refuse_words(std::size_t words) {
  throw Error(ErrorCode::system_limit, "make a term",
              "it would take " + std::to_string(words) + " words, and 268435455 is the most");
}

void Term::allocate_heap(std::size_t words) { storage_.heap = new Word[words]; }

void Term::free_heap() noexcept { delete[] storage_.heap; }

Term bitstring(std::string_view bytes, std::size_t bits) {
  if (bits / 8 + (bits % 8 != 0) > bytes.size()) {
    throw Error(ErrorCode::badarg, "make a bitstring",
                std::to_string(bytes.size()) + " bytes do not hold " + std::to_string(bits) + " bits");
  }
  Term result;
  if (bits % 8 == 0) {
    term::make_payload(result, Kind::binary, bytes.substr(0, bits / 8), bits / 8);
  } else {
    term::make_payload(result, Kind::bitstring, bytes.substr(0, bits / 8 + 1), bits);
  }
  return result;
}

}  // namespace heirloom
