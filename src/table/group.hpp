// SPDX-License-Identifier: Apache-2.0
//
// The objects of one key. A set has one at most; in a bag, a second one makes a Group: an array of the objects' offsets, in the
// order in which they were inserted.
//
//   slot -> object                           one
//   slot -> Group {room, count, members}     several
//
// An object is added by storing its offset behind the last member and then the count: one store publishes, and a reader that
// has loaded the count has a state of the key for good. What takes objects away lets the slot lead to another group, or
// nowhere; the group that was there is *detached*, and what it alone had is retired, object by object, with a word of the
// stripe's work that tells the next comer how far that is. Which of them these are is marked in the words of the members before, and
// no reader looks at that. A detached group does not change for readers that are in it.
//
// Why not a list through the objects? A reader of several words that change has to look again when they did, and while
// somebody writes all the time it would never be done.
#pragma once

#include <atomic>

#include "table/object.hpp"

namespace heirloom::table {

inline constexpr std::uint64_t kGroupRoomMax = (shm::kBlockBytesMax - sizeof(Group)) / 8;

// What a slot leads to, looked at once: valid as a StoredObject is.
class Members {
 public:
  // Throws Error{corrupt} where neither an object nor a group can be. `slot` is not pending.
  Members(const shm::Segment::Window& window, std::uint64_t slot) : window_(window), only_(slot) {
    const Offset offset = slot_offset(slot);
    const auto& first = window.at<const std::uint64_t>(offset, "an object or a group");
    if ((load_word(first) & 0xFF) != kGroupByte) return;
    group_ = &window.at<Group>(offset, "a group");
    room_ = group_->room >> 8;
    count_ = group_->count.load(std::memory_order_acquire);  // pairs with the commits that add an object
    if (count_ > room_ || room_ > kGroupRoomMax || !window.contains(offset, sizeof(Group) + room_ * 8))
      window.segment().refuse(offset, "a group");
  }

  [[nodiscard]] bool is_group() const noexcept { return group_ != nullptr; }
  [[nodiscard]] Group& group() const noexcept { return *group_; }  // requires is_group()
  [[nodiscard]] Offset offset() const noexcept { return slot_offset(only_); }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t room() const noexcept { return room_; }
  // Its size as a block; requires is_group().
  [[nodiscard]] shm::SizeClass size_class() const noexcept { return shm::class_of(sizeof(Group) + room_ * 8); }

  // Of an index below count(): the member's word, without its mark, and its object.
  [[nodiscard]] std::uint64_t word(std::uint64_t index) const noexcept {
    // Pairs with the commit that leads to a copy of the object, when that is moved.
    return is_group() ? member(*group_, index).load(std::memory_order_acquire) & ~kMarkBit : only_;
  }
  [[nodiscard]] StoredObject operator[](std::uint64_t index) const { return {window_, slot_offset(word(index))}; }

  // Of a detached group.
  [[nodiscard]] bool goes(std::uint64_t index) const noexcept {
    return group_->only_marked == 0 || (member(*group_, index).load(std::memory_order_relaxed) & kMarkBit) != 0;
  }

  static std::atomic<std::uint64_t>& member(Group& group, std::uint64_t index) noexcept {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(&group + 1)[index];
  }

 private:
  const shm::Segment::Window window_;
  std::uint64_t only_;
  Group* group_ = nullptr;
  std::uint64_t room_ = 1;
  std::uint64_t count_ = 1;
};

}  // namespace heirloom::table
