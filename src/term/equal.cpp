// SPDX-License-Identifier: Apache-2.0
//
// `=:=`: since equal terms have equal words but for offsets and ids of atoms, two terms are gone through level by level,
// word by word. A float is compared by its bits: 0.0 and -0.0 differ. Who made a fun does not count, as in Erlang.
#include <cstring>

#include "heirloom/term.hpp"

#include "term/run.hpp"
#include "term/word.hpp"

namespace heirloom::term {

namespace {

class Equality {
 public:
  Equality(TermView left, TermView right) noexcept
      : left_(left), right_(right), same_space_(left.atoms() == right.atoms()) {}

  bool words(Word left, Word right) const {
    if (is_atom(left) && !same_space_) return is_atom(right) && text(left_, left) == text(right_, right);
    if (!is_reference(left)) return left == right;
    if (is_kind(left, Kind::creator)) return is_kind(right, Kind::creator);
    if (without_offset(left) != without_offset(right)) return false;
    return is_container(left) || size_field(left) == 0 || payloads(left, right);
  }

 private:
  static std::string_view text(TermView view, Word atom) {
    return view.atoms() != nullptr ? view.atoms()->text(atom_id(atom)) : Atom::from_id(atom_id(atom)).text();
  }
  bool payloads(Word left, Word right) const {
    const std::uint64_t count = payload_words(left_.base(), left);
    return count == payload_words(right_.base(), right) &&
           std::memcmp(left_.base() + offset_field(left), right_.base() + offset_field(right), count * sizeof(Word)) ==
               0;
  }

  TermView left_;
  TermView right_;
  bool same_space_;
};

bool equal(TermView left, TermView right) {
  const Equality equality(left, right);
  const Word left_root = left.word();
  const Word right_root = right.word();
  Run a = Run::of(left, left_root);
  Run b = Run::of(right, right_root);
  while (!a.empty()) {
    NextRun next_a(a.base);
    NextRun next_b(b.base);
    for (const Word *x = a.begin, *y = b.begin; x != a.end; ++x, ++y) {
      if (!equality.words(*x, *y)) return false;
      if (!is_container(*x)) continue;
      next_a.add(*x);
      next_b.add(*y);
    }
    a = next_a.run();
    b = next_b.run();
  }
  return true;
}

}  // namespace

}  // namespace heirloom::term

namespace heirloom {

bool operator==(TermView left, TermView right) {
  return term::is_small(left.word()) ? left.word() == right.word() : term::equal(left, right);
}

}  // namespace heirloom
