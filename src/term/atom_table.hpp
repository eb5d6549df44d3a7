// SPDX-License-Identifier: Apache-2.0
//
// The atoms of this program: text -> id and id -> text. Nothing is ever freed, so that reading needs no lock: an id is an
// index into pages that never move, a text is found by probing a hash table that only grows. Interning takes a mutex.
//
// **Locking.** `mutex_` guards adding. Readers load `index_` and a slot's id with acquire, which pairs with the release
// store of add() after the entry was written: whoever sees an id sees its entry. A reader that is late - it probes an index
// that was just replaced by a larger one - may miss a new atom, and then looks again under the mutex.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "heirloom/atom.hpp"

namespace heirloom::term {

class AtomTable {
 public:
  static constexpr std::uint32_t kFalse = 0;
  static constexpr std::uint32_t kTrue = 1;

  // One a program; never destroyed, since atoms may be read by destructors of static objects.
  static AtomTable& instance();

  // Throws Error as the constructor of Atom.
  std::uint32_t intern(std::string_view text);
  // The id of an atom that is there; one that another thread makes meanwhile may be missed.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const noexcept;
  [[nodiscard]] std::string_view text(std::uint32_t id) const noexcept;
  [[nodiscard]] bool has(std::uint32_t id) const noexcept { return id < count_.load(std::memory_order_acquire); }

 private:
  struct Entry {
    std::string_view text;
    std::uint64_t hash;
  };
  static constexpr std::uint32_t kPageEntries = 1U << 12;
  using Page = std::array<Entry, kPageEntries>;

  // An open-addressing table of id + 1; 0 is an empty slot. Its size is a power of two.
  struct Index {
    explicit Index(std::size_t size) : slots(size) {}
    std::vector<std::atomic<std::uint32_t>> slots;
  };

  AtomTable();
  [[nodiscard]] const Entry& entry(std::uint32_t id) const noexcept;
  [[nodiscard]] std::uint32_t probe(const Index& index, std::string_view text, std::uint64_t hash) const noexcept;
  std::uint32_t add(std::string_view text, std::uint64_t hash);
  void put(Index& index, std::uint32_t id, std::uint64_t hash, std::memory_order order) noexcept;
  void grow_index();

  std::array<std::atomic<Page*>, Atom::kAtomsMax / kPageEntries> pages_{};
  std::atomic<std::uint32_t> count_{0};
  std::atomic<Index*> index_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Index>> indexes_;  // the former ones stay: a reader may be probing them
};

}  // namespace heirloom::term
