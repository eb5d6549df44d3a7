// SPDX-License-Identifier: Apache-2.0
//
// TreeWriter: the steps by which a tree (tree.hpp) changes its nodes, under the lock of its stripe. What they do is invisible
// to readers: a leaf has room for a key, or a node less, but the same objects. Each step is one Change.
#pragma once

#include <optional>
#include <span>

#include <boost/container/static_vector.hpp>

#include "table/stripe_guard.hpp"
#include "table/tree.hpp"

namespace heirloom::table {

class TreeWriter {
 public:
  TreeWriter(Table& table, StripeGuard& guard) noexcept : table_(table), guard_(guard), tree_(table) {}

  // The offset of an empty slot where a key belongs that is absent. Throws Error{full}.
  Offset make_hole(const Key& key);
  // Merges nodes on the way to a key that was taken away, where they have become small. Throws Error{full}.
  void shrink(const Key& key);
  // Of a grave: retires what its last leaves hold, and them; false when nothing is left.
  bool drain(IndexHead& head, std::uint32_t leaves);

 private:
  // A node on the way from the root to a leaf.
  struct Step {
    Offset word;  // where its offset is stored
    Offset node;
    unsigned level;
    std::uint64_t child;  // the one that the way takes
  };
  struct Path : boost::container::static_vector<Step, kHeightMax> {
    bool to_the_last = true;  // leaf of the tree
  };
  struct Entry {
    std::uint64_t prefix;
    std::uint64_t slot;
  };
  using Entries = boost::container::static_vector<Entry, kLeafRoom>;
  struct Child {
    std::uint64_t prefix;  // of its separator
    std::uint64_t key;     // the separator's block, as a slot word
    Offset node;
  };
  using Children = boost::container::static_vector<Child, kBranchRoom>;
  // Where the holes of a new leaf are: between its objects, or behind them, for keys that ascend.
  enum class Holes { between, behind };

  template <typename Choose>
  Path descend(IndexHead& head, Choose choose);
  Path way_to(const Key& key);
  Offset take_hole(Leaf& leaf, std::uint64_t end, std::uint64_t prefix);
  void make_root();
  Offset copy_with_hole(const Path& path, Entries entries, std::uint64_t prefix, std::uint64_t before);
  void split(const Path& path, bool ascending);
  void split_leaf(const Path& path, bool ascending);
  void split_branch(const Path& path, std::size_t at);
  void link(shm::Change& change, const Path& path, std::size_t at, Offset left, const Child& right);
  bool merge_one(const Path& path);
  void merge(const Path& path, std::size_t at, std::uint64_t left);

  [[nodiscard]] static std::size_t middle_of(const Entries& entries);
  [[nodiscard]] static Entries entries_of(const Leaf& leaf);
  [[nodiscard]] static Children children_of(const Branch& branch);
  [[nodiscard]] std::uint64_t size_of(Offset node, unsigned level) const;
  Offset place_leaf(shm::Change& change, std::span<const Entry> entries, Holes holes);
  Offset place_branch(shm::Change& change, unsigned level, std::span<const Child> children);
  [[nodiscard]] static shm::SizeClass class_at(unsigned level) noexcept {
    return level == 0 ? kLeafClass : kBranchClass;
  }

  Table& table_;
  StripeGuard& guard_;
  Tree tree_;
};

}  // namespace heirloom::table
