// SPDX-License-Identifier: Apache-2.0
#include "heirloom/typed/writer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "term/atom_table.hpp"
#include "term/atom_translation.hpp"
#include "term/compare.hpp"
#include "term/integer.hpp"
#include "term/payload.hpp"
#include "term/run.hpp"
#include "typed/atoms.hpp"

namespace heirloom::typed {

using term::Kind;
using term::Word;

namespace {

[[noreturn, gnu::cold]] void refuse(const char* detail) { throw Error(ErrorCode::badarg, "make a term", detail); }

[[noreturn, gnu::cold]] void refuse_change() { refuse("the value changed while it was being converted"); }

}  // namespace

Writer::Writer(Measure& measure)
    : levels_(measure.levels()), term_(Term::uninitialized(levels_.lay_out())), block_(term_.writable_block().data()) {
  static_assert(Measure::kSmallMax == term::kSmallMax && Measure::kSmallMin == term::kSmallMin &&
                Measure::kSizeEscape == term::kSizeEscape);
}

// Where the elements of the next container will lie.
std::uint64_t Writer::elements() {
  if (!levels_.has(depth_ + 1)) refuse_change();
  return levels_[depth_ + 1].words;
}

// The next word of the level that is being written.
std::uint64_t& Writer::place() {
  if (!levels_.has(depth_)) refuse_change();
  Level& level = levels_[depth_];
  if (level.words == level.words_end) refuse_change();
  return block_[level.words++];
}

std::uint64_t* Writer::place_payload(std::uint64_t words, std::uint64_t& offset) {
  Level& level = levels_[depth_];
  if (words > level.payload_end - level.payload) refuse_change();
  offset = level.payload;
  level.payload += words;
  return block_ + offset;
}

void Writer::put_number(unsigned kind, std::uint64_t payload) {
  std::uint64_t offset = 0;
  *place_payload(1, offset) = payload;
  place() = term::make_reference(static_cast<Kind>(kind), 1, offset);
}

void Writer::integer(std::int64_t value) {
  if (term::fits_small(value)) {
    place() = term::make_small(value);
  } else {
    put_number(static_cast<unsigned>(value < 0 ? Kind::negative_integer : Kind::positive_integer),
               term::magnitude_of(value));
  }
}

void Writer::integer(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    integer(static_cast<std::int64_t>(value));
  } else {
    put_number(static_cast<unsigned>(Kind::positive_integer), value);
  }
}

void Writer::floating(double value) {
  if (!std::isfinite(value)) refuse("infinity and NaN are no terms");
  put_number(static_cast<unsigned>(Kind::floating), std::bit_cast<Word>(value));
}

void Writer::boolean(bool value) {
  place() = term::make_atom(value ? term::AtomTable::kTrue : term::AtomTable::kFalse);
}

void Writer::undefined() { place() = term::make_atom(undefined_atom().id()); }

void Writer::atom(Atom value) { place() = term::make_atom(value.id()); }

void Writer::pid(Pid value) { put_number(static_cast<unsigned>(Kind::pid), value.packed()); }

void Writer::bytes(std::string_view value) {
  if (value.empty()) {
    place() = term::make_reference(Kind::binary, 0, 0);
    return;
  }
  const bool escaped = value.size() >= term::kSizeEscape;
  const std::uint64_t words = term::words_of_size(Kind::binary, value.size());
  std::uint64_t offset = 0;
  Word* payload = place_payload(words + escaped, offset);
  if (escaped) *payload++ = value.size();
  payload[words - 1] = 0;  // the unused bytes of the last word
  std::memcpy(payload, value.data(), value.size());
  place() = term::make_reference(Kind::binary, value.size(), offset);
}

void Writer::term(TermView value) {
  const term::ToProgram ids{value.atoms()};
  const Word root = value.word();
  const std::size_t depth = depth_;
  for (term::Run run = term::Run::of(value, root); !run.empty(); ++depth_) {
    term::NextRun next(run.base);
    std::uint64_t words_below = 0;
    for (const Word* word = run.begin; word != run.end; ++word) {
      Word& to = place();
      if (term::is_atom(*word)) {
        to = term::make_atom(ids(term::atom_id(*word)));
      } else if (!term::is_reference(*word) || term::size_field(*word) == 0) {
        to = *word;
      } else if (term::is_container(*word)) {
        // The elements of all containers of this run will lie one after another on the next level.
        to = term::with_offset(*word, elements() + words_below);
        words_below += term::element_words(*word);
        next.add(*word);
      } else {
        const std::uint64_t words = term::payload_words(run.base, *word);
        std::uint64_t offset = 0;
        std::memcpy(place_payload(words, offset), run.base + term::offset_field(*word), words * sizeof(Word));
        to = term::with_offset(*word, offset);
      }
    }
    run = next.run();
  }
  depth_ = depth;
}

void Writer::open(unsigned kind, std::size_t size, std::uint64_t words) {
  const std::uint64_t offset = words == 0 ? 0 : elements();
  place() = term::make_reference(static_cast<Kind>(kind), size, offset);
  ++depth_;
}

void Writer::open_tuple(std::size_t size) { open(static_cast<unsigned>(Kind::tuple), size, size); }

void Writer::open_list(std::size_t size) {
  if (size == 0) {
    place() = term::kNil;
  } else {
    open(static_cast<unsigned>(Kind::list), size, size);
  }
}

void Writer::open_map(std::size_t pairs) { open(static_cast<unsigned>(Kind::map), pairs, 2 * pairs); }

void Writer::refuse_undefined() const {
  const Level& level = levels_[depth_];
  if (block_[level.words - 1] != term::make_atom(undefined_atom().id())) return;
  refuse("an optional that holds the atom undefined would be read as an empty one");
}

Term Writer::finish() && {
  if (!levels_.complete()) refuse_change();
  return std::move(term_);
}

std::vector<std::size_t> order_of_keys(const std::vector<Term>& keys) {
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto compare_keys = [&](std::size_t left, std::size_t right) {
    return term::compare(keys[left], keys[right], term::Numbers::by_type);
  };
  std::sort(order.begin(), order.end(), [&](auto left, auto right) { return compare_keys(left, right) < 0; });
  const auto equal = std::adjacent_find(order.begin(), order.end(),
                                        [&](auto left, auto right) { return compare_keys(left, right) == 0; });
  if (equal != order.end()) {
    throw Error(ErrorCode::badarg, "make a map", "two of its keys become the same term: " + to_string(keys[*equal]));
  }
  return order;
}

}  // namespace heirloom::typed
