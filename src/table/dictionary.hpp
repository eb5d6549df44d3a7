// SPDX-License-Identifier: Apache-2.0
//
// Dictionary: the atoms of one segment. Ids are given in order from 0 and never change; so each program reads the entries
// once, as they come, and keeps two arrays: its own atoms to ids, and back.
//
// Layout: entries one behind the other, up to `dictionary_bytes` of the segment's header; each 32 bits of a checksum of its id and its text,
// 16 bits of length, and the text.
// Invariant D1: entries below the published length are whole and never change.
// Locking: appending takes the dictionary's lock; looking up takes none. Death: an entry becomes visible by the one store of
// the new length; what lies behind it is written over by the next.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "heirloom/atom.hpp"

#include "shm/segment.hpp"

namespace heirloom::table {

class Dictionary : public AtomSpace {
 public:
  explicit Dictionary(shm::Segment& segment);
  ~Dictionary();

  // The id of an atom of this program, or nothing when no object of the table has it.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t atom);
  // The same, appended if need be. Throws Error{full}.
  std::uint32_t intern(std::uint32_t atom, shm::Holder holder);
  // The atom of this program. Throws Error{corrupt} for an id that was never given.
  [[nodiscard]] std::uint32_t local(std::uint32_t id) const;
  [[nodiscard]] std::uint32_t count();

  [[nodiscard]] std::string_view text(std::uint32_t id) const override;
  [[nodiscard]] Atom to_atom(std::uint32_t id) const override;

 private:
  // An array that grows by being replaced: readers keep what they have loaded, so the old ones live on.
  struct Array {
    std::size_t room;
    std::unique_ptr<std::atomic<std::uint32_t>[]> values;
  };
  static constexpr std::uint32_t kUnknown = 0xffffffff;

  [[noreturn]] void refuse(const std::string& what) const;
  void refresh() const;
  void read_entries() const;
  static void set(std::atomic<const Array*>& array, std::vector<std::unique_ptr<Array>>& owned, std::size_t index,
                  std::uint32_t value);
  static std::uint32_t get(const std::atomic<const Array*>& array, std::size_t index) noexcept;

  shm::Segment& segment_;
  mutable std::mutex mutex_;
  mutable std::uint64_t bytes_read_ = 0;
  mutable std::uint32_t entries_read_ = 0;
  mutable std::vector<std::unique_ptr<Array>> arrays_;
  mutable std::atomic<const Array*> ids_{nullptr};     // by atom of this program
  mutable std::atomic<const Array*> locals_{nullptr};  // by id
};

}  // namespace heirloom::table
