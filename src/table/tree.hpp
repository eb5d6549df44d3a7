// SPDX-License-Identifier: Apache-2.0
//
// The index of an ordered_set: a B+-tree, written under the lock of stripe 0 and read without any.
//
//   head.directory -> Branch -> ... -> Leaf -> objects
//
// A Leaf has 31 places, each of a prefix (term/order_prefix.hpp) and a slot as a bucket has it. A place whose slot is 0 is a
// *hole*: leaves are made with holes between their objects, so that most keys are added by storing a slot, as all are
// replaced and taken away. Only where there is no hole a leaf is copied, or split; a node that is copied, split or merged is
// replaced by one store, of its offset in its parent, and never changes again.
//
// A Branch never changes but for the offsets of its children, and of the blocks of its separators. The keys of child i are not below separator i, and below
// separator i + 1. A separator is a prefix, where that tells the keys on its both sides apart, or else a prefix and a block of
// its own, {Key}: a key that an object had when it was made.
//
// Invariants
//   O1  The prefixes of a leaf ascend, those of holes too, and the keys of its objects ascend strictly, at every moment. That of
//       an object is the prefix of its key.
//   O2  Whatever a child of a branch ever holds is between the separators of that branch: merging makes a new node.
//   O3  In a node that was replaced nothing is stored any more.
//
// A reader goes down by offsets that it loads once each. By O2 and O3 it comes into the leaf of its key as that leaf is now,
// or was when it was replaced, hence at some moment since the reader began; by O1 it finds what is there all the time,
// whatever is stored into holes meanwhile. So it validates nothing.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "table/table.hpp"

namespace heirloom::table {

// The first byte of a node's mark: no term and no group begins like that.
inline constexpr std::uint64_t kNodeByte = 0x0D;
constexpr std::uint64_t node_mark(unsigned level) noexcept { return std::uint64_t{level} << 8 | kNodeByte; }

inline constexpr std::uint64_t kLeafRoom = 31;
struct Leaf {
  std::uint64_t mark;  // node_mark(0)
  std::uint64_t reserved;
  std::atomic<std::uint64_t> prefixes[kLeafRoom];
  std::atomic<std::uint64_t> slots[kLeafRoom];
};
static_assert(sizeof(Leaf) == 512);
inline constexpr shm::SizeClass kLeafClass = shm::node_class_of(sizeof(Leaf));

inline constexpr std::uint64_t kBranchRoom = 62;
struct Branch {
  std::uint64_t mark;   // node_mark(its height above the leaves)
  std::uint64_t count;  // of children
  std::uint64_t reserved[2];
  std::atomic<std::uint64_t> prefixes[kBranchRoom];  // of the separators; the first is 0, below everything
  std::atomic<std::uint64_t> keys[kBranchRoom];      // slot words of their blocks; 0: none
  std::atomic<Offset> children[kBranchRoom];         // 0 only in a grave
};
inline constexpr shm::SizeClass kBranchClass = shm::node_class_of(sizeof(Branch));

// A tree is never so high: it gets a level when its root is full, and each level takes 31 times the splits of the one below.
inline constexpr unsigned kHeightMax = 16;

// A tree as it is read: inside a ReadEpoch, or under the lock. Throws Error{corrupt} where a node is none.
class Tree {
 public:
  explicit Tree(const Table& table) noexcept : table_(table), window_(table.segment_->window()) {}

  // Of what is pending and not there yet: where it waits, and no object.
  [[nodiscard]] Table::Found find(const Key& key) const;
  // The objects behind a key (nullptr: from the end that comes first), one after another to take(object), until it says that it is
  // enough (false).
  using Take = std::function<bool(StoredObject)>;
  void collect(const Key* bound, const Walk& walk, const Take& take) const;

  // -- its parts --
  [[nodiscard]] unsigned level_of(Offset node) const;
  [[nodiscard]] Leaf& leaf(Offset node) const;
  [[nodiscard]] Branch& branch(Offset node, unsigned level) const;
  [[nodiscard]] std::uint64_t child_of(const Branch& branch, const Key& key) const;
  struct Place {
    std::uint64_t index;  // of the first object in the leaf whose key is not below; kLeafRoom: there is none
    bool found;           // it is the key's
  };
  [[nodiscard]] Place place_of(const Leaf& leaf, const Key& key) const;
  // By their keys.
  [[nodiscard]] std::weak_ordering compare(StoredObject object, const Key& key) const;
  [[nodiscard]] std::weak_ordering compare(StoredObject left, StoredObject right) const;
  [[nodiscard]] static std::weak_ordering compare(const TermView& stored, const Key& key);
  [[nodiscard]] std::weak_ordering compare_separator(std::uint64_t block, const Key& key) const;
  // The object that gives a slot its place: also one that is pending, and not there yet.
  [[nodiscard]] StoredObject object_of(std::uint64_t slot) const;

 private:
  void fetch_ahead(Offset leaf) const noexcept;
  void fetch_objects(Offset leaf) const;
  [[nodiscard]] std::uint64_t nodes_max() const noexcept;
  struct Collection;
  bool collect_below(Offset node, unsigned level, const Key* bound, Collection& collection) const;
  bool collect_in(const Leaf& leaf, const Key* bound, Collection& collection) const;

  const Table& table_;
  const shm::Segment::Window window_;
};

}  // namespace heirloom::table
