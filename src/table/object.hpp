// SPDX-License-Identifier: Apache-2.0
//
// A stored object: the block of a tuple (term/word.hpp), whose root word says three things besides, in fields that a root
// does not need: how many words the block has, whether an atom is among them, and which element changes in place.
//
//   63      62   61..36     35..32    31..8   7..0
//   atoms   0    words      counter   arity   kind and tag of a tuple
//
// `counter` is the position (1 .. 15) of the one element of this copy that update_counter stores in place, or 0. A reader
// that copies an object word by word so finds one state of it, whatever is stored meanwhile: only one word can differ.
#pragma once

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include "heirloom/term.hpp"

#include "shm/segment.hpp"
#include "table/layout.hpp"
#include "term/validate.hpp"
#include "term/word.hpp"

namespace heirloom::table {

inline constexpr std::uint64_t kArityMax = (1 << 24) - 1;
inline constexpr std::uint64_t kCounterPositionMax = 15;
inline constexpr unsigned kCounterShift = 32;

inline constexpr unsigned kAtomsShift = 63;
inline constexpr std::uint64_t kStoredWordsMax = shm::kBlockBytesMax / 8;
static_assert(kStoredWordsMax >> (62 - term::kOffsetShift) == 0);

constexpr std::uint64_t stored_root(std::uint64_t arity, std::uint64_t words, bool atoms) noexcept {
  return (std::uint64_t{atoms} << kAtomsShift) | (words << term::kOffsetShift) |
         term::without_offset(term::make_reference(term::Kind::tuple, arity, 0));
}
constexpr std::uint64_t stored_arity(std::uint64_t root) noexcept { return (root >> term::kSizeShift) & kArityMax; }
constexpr std::uint64_t stored_words(std::uint64_t root) noexcept { return root << 1 >> 1 >> term::kOffsetShift; }
constexpr bool stored_atoms(std::uint64_t root) noexcept { return root >> kAtomsShift != 0; }
constexpr std::uint64_t stored_counter(std::uint64_t root) noexcept {
  return (root >> kCounterShift) & kCounterPositionMax;
}
constexpr std::uint64_t plain_root(std::uint64_t root) noexcept {
  return term::make_reference(term::Kind::tuple, stored_arity(root), 1);
}

inline std::uint64_t load_word(const std::uint64_t& word) noexcept {
  return reinterpret_cast<const std::atomic<std::uint64_t>&>(word).load(std::memory_order_relaxed);
}

// One object where it lies, or none. Valid inside a ReadEpoch, or under the lock of its stripe. Two words, so that it travels in
// registers.
class StoredObject {
 public:
  StoredObject() = default;  // none
  // Throws Error{corrupt} where no object can be.
  // Of a group it is the first object, which has the key of all.
  StoredObject(const shm::Segment::Window& window, Offset offset)
      : words_(&window.at<const std::uint64_t>(offset, "an object")), root_(load_word(*words_)) {
    // Of the window only its segment goes out of line: a window whose address is taken lies in memory, not in registers.
    if (!is_sound(window, offset)) [[unlikely]]
      *this = first_of_group(window.segment(), offset);
  }
  explicit operator bool() const noexcept { return words_ != nullptr; }

  [[nodiscard]] std::uint64_t arity() const noexcept { return stored_arity(root_); }
  [[nodiscard]] std::uint64_t words() const noexcept { return stored_words(root_); }
  [[nodiscard]] std::uint64_t counter() const noexcept { return stored_counter(root_); }
  [[nodiscard]] bool atoms() const noexcept { return stored_atoms(root_); }
  [[nodiscard]] std::uint64_t root() const noexcept { return root_; }
  [[nodiscard]] const std::uint64_t* block() const noexcept { return words_; }
  [[nodiscard]] shm::SizeClass size_class() const noexcept { return shm::class_of(words() * 8); }
  // The word of the element at a position from 1.
  [[nodiscard]] std::uint64_t element(std::uint64_t position) const noexcept { return load_word(words_[position]); }
  // Whether whatever is read of it, or of one of its elements, lies in its block: before it is looked at as a term.
  [[nodiscard]] bool is_sound_term() const noexcept { return term::is_sound_tuple(words_, arity(), words(), atoms()); }
  [[nodiscard]] bool has_sound_element(std::uint64_t position) const noexcept {
    if (position > arity()) return false;
    const std::uint64_t word = element(position);
    if (term::is_small(word) || term::is_atom(word) || term::is_nil(word)) return true;
    // What keys mostly are is proven without a look at the rest of the object.
    const std::uint64_t offset = term::offset_field(word);
    const std::uint64_t size = term::size_field(word);
    const auto lies_within = [&](std::uint64_t count) { return offset > arity() && offset + count <= words(); };
    if (term::is_kind(word, term::Kind::binary) && size != 0 && size != term::kSizeEscape)
      return lies_within(term::words_of_size(term::Kind::binary, size));
    if (term::is_kind(word, term::Kind::floating))
      return size == 1 && lies_within(1) && std::isfinite(std::bit_cast<double>(load_word(words_[offset])));
    const bool flat = (term::is_kind(word, term::Kind::tuple) || term::is_kind(word, term::Kind::list)) && size != 0 &&
                      lies_within(size) && is_immediate(offset, size);
    return flat || is_sound_term();
  }
  // Where the above is true.
  [[nodiscard]] TermView view(const AtomSpace& atoms) const noexcept { return {words_, plain_root(root_), &atoms}; }
  [[nodiscard]] TermView view(std::uint64_t position, const AtomSpace& atoms) const noexcept {
    return {words_, element(position), &atoms};
  }

 private:
  // Whether all of so many words of the block refer to nothing.
  [[nodiscard]] bool is_immediate(std::uint64_t first, std::uint64_t count) const noexcept {
    for (std::uint64_t i = first; i < first + count; ++i) {
      const std::uint64_t word = load_word(words_[i]);
      if (!term::is_small(word) && !term::is_atom(word) && !term::is_nil(word)) return false;
    }
    return true;
  }
  static constexpr std::uint64_t kTupleByte = term::make_reference(term::Kind::tuple, 0, 0) & 0xFF;
  // A tuple's root, with more words than elements, all of them in the segment.
  [[nodiscard]] bool is_sound(const shm::Segment::Window& window, Offset offset) const noexcept {
    return (root_ & 0xFF) == kTupleByte && words() > arity() && words() <= kStoredWordsMax &&
           window.contains(offset, words() * 8);
  }
  static StoredObject first_of_group(const shm::Segment& segment, Offset offset);
  const std::uint64_t* words_ = nullptr;
  std::uint64_t root_ = 0;
};
static_assert(sizeof(StoredObject) == 16);

}  // namespace heirloom::table
