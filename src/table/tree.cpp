// SPDX-License-Identifier: Apache-2.0
#include "table/tree.hpp"

#include "term/compare.hpp"
#include "term/key_range.hpp"

namespace heirloom::table {

namespace {

constexpr std::size_t kObjectsALeaf = 21;    // mostly
constexpr std::uint64_t kLookedThrough = 4;  // objects of one prefix, before they are searched by halves

// The index of the first of `count` ascending numbers that is not below `bound`. Without branches, which no processor could
// foresee.
std::uint64_t first_not_below(const std::atomic<std::uint64_t>* numbers, std::uint64_t count,
                              std::uint64_t bound) noexcept {
  std::uint64_t first = 0;
  while (count > 1) {
    const std::uint64_t half = count / 2;
    first += numbers[first + half - 1].load(std::memory_order_relaxed) < bound ? half : 0;
    count -= half;
  }
  return first + (numbers[first].load(std::memory_order_relaxed) < bound ? 1 : 0);
}

}  // namespace

unsigned Tree::level_of(Offset node) const {
  const std::uint64_t mark = window_.at<const std::uint64_t>(node, "a node of a tree");
  if ((mark & 0xFF) != kNodeByte || mark >> 8 >= kHeightMax) table_.segment_->refuse(node, "a node of a tree");
  return static_cast<unsigned>(mark >> 8);
}

Leaf& Tree::leaf(Offset node) const {
  Leaf& leaf = window_.at<Leaf>(node, "a leaf");
  if (leaf.mark != node_mark(0)) [[unlikely]]
    table_.segment_->refuse(node, "a leaf");
  return leaf;
}

Branch& Tree::branch(Offset node, unsigned level) const {
  Branch& branch = window_.at<Branch>(node, "a branch");
  if (branch.mark != node_mark(level) || branch.count - 1 >= kBranchRoom) [[unlikely]]
    table_.segment_->refuse(node, "a branch of its height");
  return branch;
}

StoredObject Tree::object_of(std::uint64_t slot) const {
  if (slot_is_pending(slot)) [[unlikely]]
    slot = window_.at<const Pending>(slot_offset(slot), "a pending object").new_slot;
  return {window_, slot_offset(slot)};
}

std::weak_ordering Tree::compare(StoredObject object, const Key& key) const {
  const std::uint64_t word = table_.key_word(object);
  if (key.word != 0 && term::is_small(word)) return term::small_value(word) <=> term::small_value(key.word);
  return compare(table_.key_view(object), key);
}

// No key is at an edge: those that are not below it are above the lower one, and the other way round.
std::weak_ordering Tree::compare(const TermView& stored, const Key& key) {
  if (!key.edge) [[likely]]
    return term::compare(stored, key.view(), term::Numbers::by_value);
  const std::weak_ordering order = term::compare_to_edge(stored, key.view(), *key.edge);
  if (order != 0) return order;
  return *key.edge == term::Edge::below ? std::weak_ordering::greater : std::weak_ordering::less;
}

std::weak_ordering Tree::compare_separator(std::uint64_t block, const Key& key) const {
  const StoredObject separator(window_, slot_offset(block));
  if (separator.arity() != 1) table_.segment_->refuse(slot_offset(block), "a separator");
  return compare(table_.view(separator, 1), key);
}

// The last child whose separator is not above the key.
std::uint64_t Tree::child_of(const Branch& branch, const Key& key) const {
  std::uint64_t child = first_not_below(branch.prefixes, branch.count, key.prefix);
  std::uint64_t end = child;
  while (end < branch.count && branch.prefixes[end].load(std::memory_order_relaxed) == key.prefix) ++end;
  // Those of the key's own prefix have blocks, but for the first of them.
  while (child < end) {
    const std::uint64_t middle = child + (end - child) / 2;
    const std::uint64_t block = branch.keys[middle].load(std::memory_order_acquire);
    const bool above = block != 0 && compare_separator(block, key) > 0;
    (above ? end : child) = above ? middle : middle + 1;
  }
  return child == 0 ? 0 : child - 1;
}

Tree::Place Tree::place_of(const Leaf& leaf, const Key& key) const {
  const auto slot_at = [&](std::uint64_t index) { return leaf.slots[index].load(std::memory_order_acquire); };
  std::uint64_t first = first_not_below(leaf.prefixes, kLeafRoom, key.prefix);
  std::uint64_t end = first_not_below(leaf.prefixes, kLeafRoom, key.prefix + 1);
  while (first < end) {
    const std::uint64_t middle = first + (end - first) / 2;
    std::uint64_t index = middle;
    std::uint64_t slot = slot_at(index);
    while (slot == 0 && ++index < end) slot = slot_at(index);
    const auto order = slot == 0 ? std::weak_ordering::greater : compare(object_of(slot), key);
    if (order == 0) return {index, true};
    (order < 0 ? first : end) = order < 0 ? index + 1 : middle;
  }
  while (first < kLeafRoom && slot_at(first) == 0) ++first;
  return {first, false};
}

// Asks for all lines of a leaf at once: searching it by halves would wait for several of them, one after another.
void Tree::fetch_ahead(Offset leaf) const noexcept {
  if (leaf == 0) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(table_.segment_->base()) + leaf;  // not looked at yet: a number
  for (std::uintptr_t line = 0; line < sizeof(Leaf); line += shm::kCacheLineBytes)
    __builtin_prefetch(reinterpret_cast<const void*>(begin + line));
}

void Tree::fetch_objects(Offset leaf) const {
  if (leaf == 0) return;
  for (const auto& slot : this->leaf(leaf).slots) {
    if (const std::uint64_t word = slot.load(std::memory_order_relaxed); word != 0)
      table_.segment_->prefetch(slot_offset(word));
  }
}

// As it is the way of a lookup, it looks at the slots of the key's prefix one by one: mostly there is one.
Table::Found Tree::find(const Key& key) const {
  const IndexHead* head = table_.head_for_reading(0);
  Offset node = head == nullptr ? 0 : head->directory.load(std::memory_order_acquire);
  if (node == 0) return {};
  for (unsigned level = level_of(node); level != 0; --level) {
    const Branch& branch = this->branch(node, level);
    node = branch.children[child_of(branch, key)].load(std::memory_order_acquire);
    if (node == 0) return {};
    if (level == 1) fetch_ahead(node);
  }
  const Leaf& leaf = this->leaf(node);
  const auto found = [&](std::uint64_t index, std::uint64_t slot, StoredObject object) -> Table::Found {
    const std::uint64_t present = table_.resolve(slot);
    if (present == 0) return {&leaf.slots[index], 0, {}};
    return {&leaf.slots[index], present, present == slot ? object : StoredObject(window_, slot_offset(present))};
  };
  const std::uint64_t first = first_not_below(leaf.prefixes, kLeafRoom, key.prefix);
  // Holes before a key may come to a lesser prefix meanwhile, never to a greater one.
  for (std::uint64_t i = first; i < kLeafRoom && leaf.prefixes[i].load(std::memory_order_relaxed) <= key.prefix; ++i) {
    const std::uint64_t slot = leaf.slots[i].load(std::memory_order_acquire);  // pairs with the commits that publish it
    if (slot == 0) continue;
    const StoredObject object = object_of(slot);
    const auto order = compare(object, key);
    if (order == 0) return found(i, slot, object);
    if (order > 0) return {};
    if (i - first >= kLookedThrough) {
      const Place place = place_of(leaf, key);
      if (!place.found) return {};
      const std::uint64_t now = leaf.slots[place.index].load(std::memory_order_acquire);
      if (now == 0) return {};
      const StoredObject there = object_of(now);
      return compare(there, key) == 0 ? found(place.index, now, there) : Table::Found{};
    }
  }
  return {};
}

struct Tree::Collection {
  Direction direction;
  std::size_t left;
  bool with_key;
  const Take& take;
  const Key* bound;
  StoredObject last;
  std::uint64_t nodes = 0;  // that were come to
  std::uint64_t nodes_max;  // for which the segment had room when it was last asked
};

void Tree::collect(const Key* bound, const Walk& walk, const Take& take) const {
  Collection collection{.direction = walk.direction,
                        .left = walk.limit,
                        .with_key = walk.with_key,
                        .take = take,
                        .bound = bound,
                        .last = {},
                        .nodes_max = nodes_max()};
  const IndexHead* head = table_.head_for_reading(0);
  const Offset root = head == nullptr ? 0 : head->directory.load(std::memory_order_acquire);
  if (root != 0) collect_below(root, level_of(root), bound, collection);
}

// No tree has more nodes than its segment has room for; and none is come to twice, since what a reader has passed is used again only
// when it has left its epoch.
std::uint64_t Tree::nodes_max() const noexcept {
  return (table_.segment_->end() - table_.segment_->parts().pages) / sizeof(Leaf);
}

// True when there are enough.
bool Tree::collect_below(Offset node, unsigned level, const Key* bound, Collection& collection) const {
  // A table may grow while it is walked through.
  if (++collection.nodes > collection.nodes_max && collection.nodes > (collection.nodes_max = nodes_max()))
    table_.segment_->refuse(node, "a node of a tree that no other one leads to");
  if (level == 0) return collect_in(leaf(node), bound, collection);
  const Branch& branch = this->branch(node, level);
  const bool up = collection.direction == Direction::up;
  std::uint64_t child = bound != nullptr ? child_of(branch, *bound) : up ? 0 : branch.count - 1;
  // While the objects of one leaf are read, those of the next are on their way, and the leaf behind it.
  const auto leaf_ahead = [&](std::uint64_t leaves) -> Offset {
    const std::uint64_t ahead = up ? child + leaves : child - leaves;
    return level == 1 && ahead < branch.count ? branch.children[ahead].load(std::memory_order_acquire) : 0;
  };
  if (level == 1 && collection.left > 1) {
    fetch_ahead(leaf_ahead(1));
    fetch_objects(leaf_ahead(0));
  }
  for (;;) {
    const Offset below = branch.children[child].load(std::memory_order_acquire);
    const std::uint64_t next = up ? child + 1 : child - 1;
    if (collection.left > kObjectsALeaf) fetch_objects(leaf_ahead(1));
    if (collection.left > 2 * kObjectsALeaf) fetch_ahead(leaf_ahead(2));
    if (below != 0 && collect_below(below, level - 1, bound, collection)) return true;
    if (child == (up ? branch.count - 1 : 0)) return false;
    child = next;
    bound = nullptr;  // the others lie behind it as a whole
  }
}

bool Tree::collect_in(const Leaf& leaf, const Key* bound, Collection& collection) const {
  const bool up = collection.direction == Direction::up;
  std::uint64_t begin = 0;
  std::uint64_t end = kLeafRoom;
  if (bound != nullptr) {
    const Place place = place_of(leaf, *bound);
    const std::uint64_t own = place.found ? 1 : 0;
    if (up) {
      begin = place.index + (collection.with_key ? 0 : own);
    } else {
      end = place.index + (collection.with_key ? own : 0);
    }
  }
  for (std::uint64_t i = begin; i < end; ++i) {
    const std::uint64_t slot =
        table_.resolve(leaf.slots[up ? i : end - 1 - (i - begin)].load(std::memory_order_acquire));
    if (slot == 0) continue;
    const StoredObject object(window_, slot_offset(slot));
    // While a leaf is read, a key may be deleted and others inserted on its other side: what comes back in the order is new.
    const auto behind = [&](std::weak_ordering order) { return up ? order > 0 : order < 0; };
    if (bound != nullptr) {
      const auto order = compare(object, *bound);
      if (!behind(order) && !(collection.with_key && order == 0)) continue;
    }
    if (collection.last && !behind(compare(object, collection.last))) continue;
    // That each step goes on in the order is what ends a way through the table, so it is not left to the nodes to be right.
    if (bound == nullptr && collection.bound != nullptr && !collection.last &&
        !behind(compare(object, *collection.bound)))
      table_.segment_->refuse(slot_offset(slot), "an object behind those before it");
    collection.last = object;
    if (!collection.take(object) || --collection.left == 0) return true;
  }
  return false;
}

std::weak_ordering Tree::compare(StoredObject left, StoredObject right) const {
  const std::uint64_t a = table_.key_word(left);
  const std::uint64_t b = table_.key_word(right);
  if (term::is_small(a) && term::is_small(b)) return term::small_value(a) <=> term::small_value(b);
  return term::compare(table_.key_view(left), table_.key_view(right), term::Numbers::by_value);
}

}  // namespace heirloom::table
