// SPDX-License-Identifier: Apache-2.0
//
// A term is a *block*: an array of 8-byte words that refer to each other by their index in the block. It means the same
// wherever it lies - in a message, in a segment, in a file - and copying it is memcpy.
//
// **Layout of a word.** The low 4 bits are its tag; a word of all zeros is no term, so that zeroed memory is empty.
//
//    63                                                           4 3    0
//   +--------------------------------------------------------------+------+
//   | value, signed                                                | small|
//   +------------------------------+-------------------------------+------+
//   | id of the atom (32 bits)     | 0                             | atom |
//   +------------------------------+-------------------------------+------+
//   | 0                                                            | nil  |
//   +--------------------------+--------------------------+--------+------+
//   | offset in words (28)     | size (28)                |kind (4)| ref. |
//   +--------------------------+--------------------------+--------+------+
//    63                      36 35                       8 7     4 3     0
//
// **Layout of a block.** Two zones: first the *term words*, then the *payload words*, which hold bytes and numbers and are
// never looked at as terms. Word 0 is the root. The term words lie in breadth-first order: reading them one after another,
// each reference to a *container* (tuple, list, map, fun) has its elements exactly where those of the one before ended; the
// payloads of all other references follow in the same order behind the last term word. No gap, no sharing.
//
//   {7, {a}, <<"hello world">>}      0: tuple size 3 offset 1      | term words
//                                    1: small 7                    |
//                                    2: tuple size 1 offset 4      |
//                                    3: binary size 11 offset 5    |
//                                    4: atom a                     |
//                                    5: "hello wo"                 | payload words
//                                    6: "rld" and five zero bytes  |
//
// **Invariants.**
//  1. Equal terms (`=:=`) have equal words, given the same ids of atoms: integers that fit 60 bits are small, others have no
//     leading zero limb; unused bytes and bits are zero; maps are sorted by key; a list without elements is nil; what can be
//     a pid, reference or port of this node is one (identifier.hpp). Only the creators of equal funs may differ (fun.hpp).
//  2. The order makes every offset implied, so a walk over all words needs neither a stack nor the offsets: it knows where
//     the term words end by adding up the sizes that it has met (block.hpp).
//  3. The words below one element lie, level by level, in one run each (run.hpp).
//  4. The offset of a root that is a non-empty tuple is always 1. It is implied, and the table keeps flags of its own in
//     that field of a stored object: read a root through root_of().
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace heirloom::term {

using Word = std::uint64_t;

enum class Tag : std::uint8_t { small = 1, atom = 2, nil = 3, reference = 4 };

// What a reference refers to, and what its size counts.
enum class Kind : std::uint8_t {
  // Containers: their elements are term words.
  tuple = 0,          // elements
  list = 1,           // elements of a proper list, at least one
  improper_list = 2,  // elements, at least one; one more word follows, the tail, which is neither a list nor nil
  map = 3,            // pairs: first all keys in the order of keys, then all values in the same order
  // Payloads.
  binary = 4,            // bytes
  bitstring = 5,         // bits, no multiple of 8; the unused low bits of the last byte are zero
  floating = 6,          // one word, an IEEE double, finite
  positive_integer = 7,  // 64-bit limbs, the least significant first, of an integer beyond 60 bits
  negative_integer = 8,  // the limbs of its magnitude
  pid = 9,               // words: of this node one, Pid::packed(); of another, and the next two, see identifier.hpp
  reference = 10,        // words: first its creator, then what the creator counted
  port = 11,             // words: of this node one, its number
  // A container.
  fun = 12,  // elements: what fun.hpp says
  // A payload.
  creator = 13,  // words, as a pid: only inside a fun, the process that made it
};
inline constexpr unsigned kKinds = 14;
inline constexpr unsigned kContainers = 1U << static_cast<unsigned>(Kind::tuple) |
                                        1U << static_cast<unsigned>(Kind::list) |
                                        1U << static_cast<unsigned>(Kind::improper_list) |
                                        1U << static_cast<unsigned>(Kind::map) | 1U << static_cast<unsigned>(Kind::fun);

inline constexpr unsigned kTagBits = 4;
inline constexpr unsigned kSizeShift = 8;
inline constexpr unsigned kOffsetShift = 36;
inline constexpr unsigned kFieldBits = 28;
inline constexpr Word kFieldMask = (Word{1} << kFieldBits) - 1;

// A size of all ones escapes: the payload begins with a word that holds the real size. Only binaries and bitstrings can
// need it; everything that is counted in words is too long for a block before.
inline constexpr std::uint64_t kSizeEscape = kFieldMask;
inline constexpr std::size_t kBlockWordsMax = kFieldMask;

inline constexpr std::int64_t kSmallMax = (std::int64_t{1} << 59) - 1;
inline constexpr std::int64_t kSmallMin = -kSmallMax - 1;

// ----------------------------------------------------------------------------------------------------------- making

constexpr bool fits_small(std::int64_t value) noexcept { return value >= kSmallMin && value <= kSmallMax; }

constexpr Word make_small(std::int64_t value) noexcept {
  return (static_cast<Word>(value) << kTagBits) | static_cast<Word>(Tag::small);
}

constexpr Word make_atom(std::uint32_t id) noexcept {
  return (static_cast<Word>(id) << 32) | static_cast<Word>(Tag::atom);
}

inline constexpr Word kNil = static_cast<Word>(Tag::nil);

// `size` is cut to the escape where it does not fit the field: the caller then stores it in front of the payload.
constexpr Word make_reference(Kind kind, std::uint64_t size, std::uint64_t offset) noexcept {
  const std::uint64_t field = size < kSizeEscape ? size : kSizeEscape;
  return (offset << kOffsetShift) | (field << kSizeShift) | (static_cast<Word>(kind) << kTagBits) |
         static_cast<Word>(Tag::reference);
}

constexpr Word with_offset(Word word, std::uint64_t offset) noexcept {
  return (word & ((Word{1} << kOffsetShift) - 1)) | (offset << kOffsetShift);
}

constexpr Word without_offset(Word word) noexcept { return with_offset(word, 0); }

// ------------------------------------------------------------------------------------------------------ taking apart

constexpr Tag tag_of(Word word) noexcept { return static_cast<Tag>(word & ((Word{1} << kTagBits) - 1)); }
constexpr bool is_small(Word word) noexcept { return tag_of(word) == Tag::small; }
constexpr bool is_atom(Word word) noexcept { return tag_of(word) == Tag::atom; }
constexpr bool is_nil(Word word) noexcept { return word == kNil; }
constexpr bool is_reference(Word word) noexcept { return tag_of(word) == Tag::reference; }

constexpr std::int64_t small_value(Word word) noexcept { return static_cast<std::int64_t>(word) >> kTagBits; }
constexpr std::uint32_t atom_id(Word word) noexcept { return static_cast<std::uint32_t>(word >> 32); }

// The following three require a reference.
constexpr Kind kind_of(Word word) noexcept { return static_cast<Kind>((word >> kTagBits) & 0xF); }
constexpr std::uint64_t size_field(Word word) noexcept { return (word >> kSizeShift) & kFieldMask; }
constexpr std::uint64_t offset_field(Word word) noexcept { return word >> kOffsetShift; }

constexpr bool is_kind(Word word, Kind kind) noexcept {
  return (word & 0xFF) == (static_cast<Word>(kind) << kTagBits | static_cast<Word>(Tag::reference));
}
constexpr bool is_container(Word word) noexcept {
  return is_reference(word) && ((kContainers >> static_cast<unsigned>(kind_of(word))) & 1) != 0;
}
constexpr bool is_payload(Word word) noexcept { return is_reference(word) && !is_container(word); }

// Whether an atom may be in or below a word: it is one, or a container.
constexpr bool may_hold_atoms(Word word) noexcept { return is_atom(word) || is_container(word); }
static_assert(may_hold_atoms(make_reference(Kind::map, 1, 1)) && may_hold_atoms(make_reference(Kind::fun, 1, 1)) &&
              !may_hold_atoms(make_reference(Kind::binary, 1, 1)));

// How many term words a container has. Requires a reference to a container.
constexpr std::uint64_t element_words(Word word) noexcept {
  const std::uint64_t size = size_field(word);
  switch (kind_of(word)) {
    case Kind::map: return 2 * size;
    case Kind::improper_list: return size + 1;
    default: return size;
  }
}

// How many words hold what `size` counts, the word of an escaped size not included.
constexpr std::uint64_t words_of_size(Kind kind, std::uint64_t size) noexcept {
  switch (kind) {
    case Kind::binary: return size / 8 + (size % 8 != 0);
    case Kind::bitstring: return size / 64 + (size % 64 != 0);
    default: return size;
  }
}

// The size of what a reference in the block `base` refers to, also when it is escaped.
constexpr std::uint64_t size_of(const Word* base, Word word) noexcept {
  const std::uint64_t field = size_field(word);
  return field != kSizeEscape ? field : base[offset_field(word)];
}

// All words of a payload, with that of an escaped size. Requires a reference to a payload.
constexpr std::uint64_t payload_words(const Word* base, Word word) noexcept {
  return words_of_size(kind_of(word), size_of(base, word)) + (size_field(word) == kSizeEscape);
}

// The first word of the payload proper.
constexpr const Word* payload_of(const Word* base, Word word) noexcept {
  return base + offset_field(word) + (size_field(word) == kSizeEscape);
}

// The first element of a container.
constexpr const Word* elements_of(const Word* base, Word word) noexcept { return base + offset_field(word); }

// What is left of a list behind its first `count` elements, a word of the same block. Requires a list with as many.
constexpr Word rest_of_list(const Word* base, Word list, std::uint64_t count) noexcept {
  const std::uint64_t size = size_field(list);
  if (count < size) return make_reference(kind_of(list), size - count, offset_field(list) + count);
  return kind_of(list) == Kind::list ? kNil : elements_of(base, list)[size];
}

// Copies words one by one. Why not memcpy? Terms are built word by word and copied at once, on their way into a table: a wider
// load of words that were just stored would have to wait until those stores, and all before them, have left the processor's
// store buffer. That is the time of a cache miss, in which it could begin the next operation.
inline void copy_words(Word* to, const Word* from, std::size_t count) noexcept {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < count; ++i)
    __atomic_store_n(to + i, __atomic_load_n(from + i, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

// Word 0 of a block as the term layer reads it (invariant 4).
constexpr Word normal_root(Word root) noexcept {
  return is_kind(root, Kind::tuple) ? with_offset(root, size_field(root) != 0) : root;
}
constexpr Word root_of(const Word* block) noexcept { return normal_root(block[0]); }

static_assert(std::numeric_limits<double>::is_iec559 && sizeof(double) == sizeof(Word));
static_assert(kOffsetShift + kFieldBits == 64 && kSizeShift + kFieldBits == kOffsetShift);
static_assert(small_value(make_small(kSmallMin)) == kSmallMin && small_value(make_small(kSmallMax)) == kSmallMax);

}  // namespace heirloom::term
