// SPDX-License-Identifier: Apache-2.0
#include "table/tree_writer.hpp"

#include <algorithm>
#include <iterator>

namespace heirloom::table {

namespace {

constexpr std::uint64_t kNoPrefix = ~std::uint64_t{0};  // above that of every term

constexpr std::uint64_t room_at(unsigned level) noexcept { return level == 0 ? kLeafRoom : kBranchRoom; }

}  // namespace

// -- the way --

// The nodes from the root to a leaf. `choose` says which child of a branch is next; or that of none, and the way ends there.
template <typename Choose>
TreeWriter::Path TreeWriter::descend(IndexHead& head, Choose choose) {
  Path path;
  Offset word = guard_.at(head.directory);
  Offset node = head.directory.load(std::memory_order_relaxed);
  if (node == 0) return path;
  for (unsigned level = tree_.level_of(node);; --level) {
    path.push_back({word, node, level, 0});
    if (level == 0) return path;
    Branch& branch = tree_.branch(node, level);
    const std::uint64_t child = choose(branch);
    if (child >= branch.count) return path;
    path.back().child = child;
    path.to_the_last = path.to_the_last && child == branch.count - 1;
    word = guard_.at(branch.children[child]);
    node = branch.children[child].load(std::memory_order_relaxed);
  }
}

TreeWriter::Path TreeWriter::way_to(const Key& key) {
  return descend(guard_.head(), [&](const Branch& branch) { return tree_.child_of(branch, key); });
}

// -- nodes --

TreeWriter::Entries TreeWriter::entries_of(const Leaf& leaf) {
  Entries entries;
  for (std::uint64_t i = 0; i < kLeafRoom; ++i) {
    const std::uint64_t slot = leaf.slots[i].load(std::memory_order_relaxed);
    if (slot != 0) entries.push_back({leaf.prefixes[i].load(std::memory_order_relaxed), slot});
  }
  return entries;
}

TreeWriter::Children TreeWriter::children_of(const Branch& branch) {
  Children children;
  for (std::uint64_t i = 0; i < branch.count; ++i) {
    children.push_back({branch.prefixes[i].load(std::memory_order_relaxed),
                        branch.keys[i].load(std::memory_order_relaxed),
                        branch.children[i].load(std::memory_order_relaxed)});
  }
  return children;
}

// How many objects a leaf has, or a branch children.
std::uint64_t TreeWriter::size_of(Offset node, unsigned level) const {
  return level == 0 ? entries_of(tree_.leaf(node)).size() : tree_.branch(node, level).count;
}

// A hole has the prefix of the object before it, and behind the last one that of nothing.
Offset TreeWriter::place_leaf(shm::Change& change, std::span<const Entry> entries, Holes holes) {
  const Offset offset = guard_.heap().allocate(change, kLeafClass);
  Leaf& leaf = *reinterpret_cast<Leaf*>(table_.segment_->base() + offset);
  leaf.mark = node_mark(0);
  leaf.reserved = 0;
  const std::uint64_t count = entries.size();
  const auto index_of = [&](std::uint64_t entry) {
    return entry == count ? kLeafRoom : holes == Holes::between ? entry * kLeafRoom / count : entry;
  };
  for (std::uint64_t entry = 0, index = 0; index < kLeafRoom; ++index) {
    const bool hole = entry == count || index != index_of(entry);
    const std::uint64_t before = entry == count ? kNoPrefix : entry == 0 ? 0 : entries[entry - 1].prefix;
    leaf.prefixes[index].store(hole ? before : entries[entry].prefix, std::memory_order_relaxed);
    leaf.slots[index].store(hole ? 0 : entries[entry].slot, std::memory_order_relaxed);
    if (!hole) ++entry;
  }
  return offset;
}

Offset TreeWriter::place_branch(shm::Change& change, unsigned level, std::span<const Child> children) {
  const Offset offset = guard_.heap().allocate(change, kBranchClass);
  Branch& branch = *reinterpret_cast<Branch*>(table_.segment_->base() + offset);
  branch.mark = node_mark(level);
  branch.count = children.size();
  branch.reserved[0] = branch.reserved[1] = 0;
  for (std::uint64_t i = 0; i < children.size(); ++i) {
    branch.prefixes[i].store(i == 0 ? 0 : children[i].prefix, std::memory_order_relaxed);
    branch.keys[i].store(i == 0 ? 0 : children[i].key, std::memory_order_relaxed);
    branch.children[i].store(children[i].node, std::memory_order_relaxed);
  }
  return offset;
}

// -- room for a key --

Offset TreeWriter::make_hole(const Key& key) {
  for (;;) {
    const Path path = way_to(key);
    if (path.empty()) {
      make_root();
      continue;
    }
    Leaf& leaf = tree_.leaf(path.back().node);
    const std::uint64_t end = tree_.place_of(leaf, key).index;
    if (const Offset hole = take_hole(leaf, end, key.prefix); hole != 0) return hole;
    Entries entries = entries_of(leaf);
    const bool ascending = path.to_the_last && end == kLeafRoom;
    if (entries.size() == kLeafRoom) {
      split(path, ascending);
      continue;
    }
    std::uint64_t before = 0;
    for (std::uint64_t i = 0; i < end; ++i) before += leaf.slots[i].load(std::memory_order_relaxed) != 0 ? 1 : 0;
    return copy_with_hole(path, std::move(entries), key.prefix, before);
  }
}

// One of the holes right before the place `end`, with a prefix; 0: there is none. What is stored is between the prefixes of the
// objects on both sides, in whatever order a reader sees it (O1).
Offset TreeWriter::take_hole(Leaf& leaf, std::uint64_t end, std::uint64_t prefix) {
  std::uint64_t begin = end;
  while (begin > 0 && leaf.slots[begin - 1].load(std::memory_order_relaxed) == 0) --begin;
  if (begin == end) return 0;
  const std::uint64_t hole = end == kLeafRoom ? begin : begin + (end - begin) / 2;
  const auto prefix_at = [&](std::uint64_t index) { return leaf.prefixes[index].load(std::memory_order_relaxed); };
  const auto set = [&](std::uint64_t index) { leaf.prefixes[index].store(prefix, std::memory_order_relaxed); };
  for (std::uint64_t i = hole + 1; i < end && prefix_at(i) < prefix; ++i) set(i);
  for (std::uint64_t i = hole; i > begin && prefix_at(i - 1) > prefix; --i) set(i - 1);
  set(hole);
  return guard_.at(leaf.slots[hole]);
}

void TreeWriter::make_root() {
  guard_.heap().prepare_allocate(kLeafClass);
  shm::Change change = guard_.change();
  change.publish(guard_.at(guard_.head().directory), place_leaf(change, {}, Holes::behind));
  change.commit();
}

// A copy of the leaf that has a hole behind its first `before` objects.
Offset TreeWriter::copy_with_hole(const Path& path, Entries entries, std::uint64_t prefix, std::uint64_t before) {
  const bool ascending = path.to_the_last && before == entries.size();
  entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(before), {prefix, 0});
  guard_.heap().prepare({{kLeafClass, 1}}, {{kLeafClass, 1}});
  shm::Change change = guard_.change();
  const Offset copy = place_leaf(change, entries, ascending ? Holes::behind : Holes::between);
  change.publish(path.back().word, copy);
  guard_.heap().retire(change, kLeafClass, path.back().node);
  change.commit();
  const std::uint64_t index = ascending ? before : before * kLeafRoom / entries.size();
  return guard_.at(tree_.leaf(copy).slots[index]);
}

// -- splitting: the leaf at the end of a path, or the branch above it that must have room first --

void TreeWriter::split(const Path& path, bool ascending) {
  std::size_t at = path.size() - 1;
  while (at > 0 && tree_.branch(path[at - 1].node, path[at - 1].level).count == kBranchRoom) --at;
  if (at == path.size() - 1) {
    split_leaf(path, ascending);
  } else {
    split_branch(path, at);
  }
}

// Where a leaf is cut: in the middle, or near it where prefixes suffice to tell the halves apart.
std::size_t TreeWriter::middle_of(const Entries& entries) {
  const std::size_t center = entries.size() / 2;
  for (std::size_t away = 0; away <= entries.size() / 4; ++away) {
    for (const std::size_t middle : {center - away, center + away}) {
      if (entries[middle - 1].prefix < entries[middle].prefix) return middle;
    }
  }
  return center;
}

void TreeWriter::split_leaf(const Path& path, bool ascending) {
  const Step& step = path.back();
  const Entries entries = entries_of(tree_.leaf(step.node));
  // For keys that ascend at the end, so that what is behind them stays full.
  const std::size_t middle = ascending ? entries.size() - 1 : middle_of(entries);
  Term separator;
  std::optional<EncodedObject> key;  // of `separator`, where a prefix is none
  if (entries[middle - 1].prefix == entries[middle].prefix) {
    separator = tuple({table_.copy_key(tree_.object_of(entries[middle].slot))});
    key = table_.encode_block(separator);
  }
  const bool root = path.size() == 1;
  guard_.heap().prepare(
      {{kLeafClass, 2}, {kBranchClass, 1}, {key ? shm::class_of(key->words.size() * 8) : 0, key ? 1U : 0U}},
      {{kLeafClass, 1}, {kBranchClass, root ? 0U : 1U}});
  shm::Change change = guard_.change();
  const std::span<const Entry> all(entries.data(), entries.size());
  const Holes holes = ascending ? Holes::behind : Holes::between;
  const Offset left = place_leaf(change, all.first(middle), holes);
  const Offset right = place_leaf(change, all.subspan(middle), holes);
  const std::uint64_t block = key ? make_slot(0, guard_.place_block(change, *key), false) : 0;
  link(change, path, path.size() - 1, left, {entries[middle].prefix, block, right});
  guard_.heap().retire(change, kLeafClass, step.node);
  change.commit();
}

void TreeWriter::split_branch(const Path& path, std::size_t at) {
  const Step& step = path[at];
  const Children children = children_of(tree_.branch(step.node, step.level));
  const std::size_t middle = children.size() / 2;
  const bool root = at == 0;
  guard_.heap().prepare({{kBranchClass, 3}}, {{kBranchClass, root ? 1U : 2U}});
  shm::Change change = guard_.change();
  const std::span<const Child> all(children.data(), children.size());
  const Offset left = place_branch(change, step.level, all.first(middle));
  const Offset right = place_branch(change, step.level, all.subspan(middle));
  link(change, path, at, left, {children[middle].prefix, children[middle].key, right});
  guard_.heap().retire(change, kBranchClass, step.node);
  change.commit();
}

// Publishes two nodes in the place of one: in a copy of its parent, or under a new root.
void TreeWriter::link(shm::Change& change, const Path& path, std::size_t at, Offset left, const Child& right) {
  if (at == 0) {
    const Child children[] = {{0, 0, left}, right};
    change.publish(path[0].word, place_branch(change, path[0].level + 1, children));
    return;
  }
  const Step& parent = path[at - 1];
  Children children = children_of(tree_.branch(parent.node, parent.level));
  children[parent.child].node = left;
  children.insert(children.begin() + static_cast<std::ptrdiff_t>(parent.child) + 1, right);
  change.publish(parent.word, place_branch(change, parent.level, children));
  guard_.heap().retire(change, kBranchClass, parent.node);
}

// -- merging --

void TreeWriter::shrink(const Key& key) {
  while (merge_one(way_to(key))) {
  }
}

// The first node from the leaf up that is small and has a neighbour with room for what it has.
bool TreeWriter::merge_one(const Path& path) {
  for (std::size_t at = path.size(); at-- > 1;) {
    const Step& parent = path[at - 1];
    const Branch& branch = tree_.branch(parent.node, parent.level);
    const unsigned level = path[at].level;
    const std::uint64_t room = room_at(level);
    const std::uint64_t size = size_of(path[at].node, level);
    if (size >= room / 4) continue;
    // What is as good as empty would stay so for ever beside full ones.
    const std::uint64_t most = size <= 1 ? room : room * 3 / 4;
    for (const std::uint64_t left : {parent.child, parent.child - 1}) {  // beyond the first child, it is no index
      if (left >= branch.count - 1) continue;
      const std::uint64_t other = left == parent.child ? left + 1 : left;
      if (size + size_of(branch.children[other].load(std::memory_order_relaxed), level) > most) continue;
      merge(path, at, left);
      return true;
    }
  }
  return false;
}

// Two children of the parent of path[at] become one: `left` and the one behind it.
void TreeWriter::merge(const Path& path, std::size_t at, std::uint64_t left) {
  const Step& parent = path[at - 1];
  const unsigned level = path[at].level;
  Children siblings = children_of(tree_.branch(parent.node, parent.level));
  const Child gone = siblings[left + 1];
  const Offset old[] = {siblings[left].node, gone.node};
  const std::optional<shm::SizeClass> key_class =
      level == 0 && gone.key != 0 ? std::optional(guard_.object(gone.key).size_class()) : std::nullopt;
  const bool root = at == 1 && siblings.size() == 2;  // the merged one is the only child of the root
  const bool leaves = level == 0;
  guard_.heap().prepare(
      {{kLeafClass, leaves ? 1U : 0U}, {kBranchClass, (leaves ? 0U : 1U) + (root ? 0U : 1U)}},
      {{kLeafClass, leaves ? 2U : 0U}, {kBranchClass, leaves ? 1U : 3U}, {key_class.value_or(0), key_class ? 1U : 0U}});
  shm::Change change = guard_.change();
  Offset merged = 0;
  if (leaves) {
    Entries entries = entries_of(tree_.leaf(old[0]));
    const Entries behind = entries_of(tree_.leaf(old[1]));
    entries.insert(entries.end(), behind.begin(), behind.end());
    merged = place_leaf(change, entries, Holes::between);
  } else {
    Children children = children_of(tree_.branch(old[0], level));
    Children behind = children_of(tree_.branch(old[1], level));
    behind.front().prefix = gone.prefix;
    behind.front().key = gone.key;
    children.insert(children.end(), behind.begin(), behind.end());
    merged = place_branch(change, level, children);
  }
  if (root) {
    change.publish(parent.word, merged);
  } else {
    siblings[left].node = merged;
    siblings.erase(siblings.begin() + static_cast<std::ptrdiff_t>(left) + 1);
    change.publish(parent.word, place_branch(change, parent.level, siblings));
  }
  guard_.heap().retire(change, kBranchClass, parent.node);
  for (const Offset node : old) guard_.heap().retire(change, class_at(level), node);
  if (key_class) guard_.heap().retire(change, *key_class, slot_offset(gone.key));
  change.commit();
}

// -- a grave --

bool TreeWriter::drain(IndexHead& head, std::uint32_t leaves) {
  const auto last_child = [](const Branch& branch) {
    std::uint64_t child = branch.count;
    while (child > 0 && branch.children[child - 1].load(std::memory_order_relaxed) == 0) --child;
    return child - 1;  // of none, no index
  };
  while (leaves != 0) {
    const Path path = descend(head, last_child);
    if (path.empty()) return false;
    const Step& step = path.back();
    if (step.level == 0) {
      for (auto& slot_word : tree_.leaf(step.node).slots) guard_.drain_slot(slot_word);
      --leaves;
    } else {
      Branch& branch = tree_.branch(step.node, step.level);
      for (std::uint64_t i = 0; i < branch.count; ++i) guard_.drain_slot(branch.keys[i]);
    }
    guard_.heap().prepare_retire(class_at(step.level));
    shm::Change change = guard_.change();
    change.publish(step.word, 0);
    guard_.heap().retire(change, class_at(step.level), step.node);
    change.commit();
  }
  return head.directory.load(std::memory_order_relaxed) != 0;
}

}  // namespace heirloom::table
