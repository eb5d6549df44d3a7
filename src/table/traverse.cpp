// SPDX-License-Identifier: Apache-2.0
//
// Traversal of an ordered_set goes along its tree (tree.hpp). That of other tables goes stripe by stripe, and in a stripe in the
// order of the reversed hash. A bucket holds the keys of one interval of that order, and growth only cuts intervals into halves;
// so a cursor keeps its meaning whatever the number of buckets.
#include <algorithm>
#include <bit>

#include "table/table.hpp"
#include "table/tree.hpp"

namespace heirloom::table {

namespace {

constexpr std::uint64_t reversed(std::uint64_t word) noexcept {
  std::uint64_t result = 0;
  for (int i = 0; i < 64; ++i, word >>= 1) result = (result << 1) | (word & 1);
  return result;
}

constexpr std::size_t kObjectsAnEpoch = 1000;

[[noreturn]] void refuse_slot(std::uint64_t number, std::uint64_t slots) {
  throw Error(ErrorCode::badarg, "slot",
              "there are " + std::to_string(slots) + " slots, not " + std::to_string(number));
}

// The number of low bits of a hash that all keys of a bucket share.
constexpr unsigned shared_bits(std::uint32_t bucket, std::uint32_t buckets) noexcept {
  const std::uint32_t low = std::bit_floor(buckets);
  const auto bits = static_cast<unsigned>(std::countr_zero(low));
  return bucket >= low || bucket + low < buckets ? bits + 1 : bits;
}

}  // namespace

struct Table::Cursor {
  std::uint32_t stripe = 0;
  std::uint64_t from = 0;  // the least reversed hash not visited yet
};

// The place of an object in a traversal.
struct Table::Visited {
  std::uint32_t stripe;
  std::uint64_t order;  // the reversed hash
  Term key;
  Objects objects;  // all of the key

  friend bool operator<(const Visited& left, const Visited& right) {
    if (left.stripe != right.stripe) return left.stripe < right.stripe;
    if (left.order != right.order) return left.order < right.order;
    return compare(left.key, right.key) < 0;
  }
};

// Appends the objects of the bucket at the cursor, and moves the cursor behind it. False when that was tried while slots
// moved: then nothing is appended.
bool Table::visit_bucket(Cursor& cursor, std::vector<Visited>& into) const {
  const shm::ReadEpoch epoch = read_epoch();
  const auto next_stripe = [&] { cursor = {cursor.stripe + 1, 0}; };
  const IndexHead* head = head_for_reading(cursor.stripe);
  const std::uint64_t shape = head == nullptr ? 0 : head->shape.load(std::memory_order_acquire);
  const std::uint32_t buckets = shape_buckets(shape);
  if (buckets == 0) {
    next_stripe();
    return true;
  }
  const std::size_t before = into.size();
  const std::uint32_t number = bucket_of(reversed(cursor.from), buckets);
  const Bucket* bucket = &bucket_for_reading(segment_->window(), *head, number);
  for (;;) {
    for (const auto& slot_word : bucket->slots) {
      const std::uint64_t slot = resolve(slot_word.load(std::memory_order_acquire));
      if (slot == 0) continue;
      const StoredObject object(segment_->window(), slot_offset(slot));
      const std::uint64_t hash = hash_of(object);
      // A slot that a split has moved stays here until it is swept (layout.hpp T2): it is visited where it belongs.
      if (bucket_of(hash, buckets) != number) continue;
      const std::uint64_t order = reversed(hash);
      if (order >= cursor.from) into.push_back({cursor.stripe, order, copy_key(object), copy_all(slot)});
    }
    const Offset overflow = bucket->overflow.load(std::memory_order_acquire);
    if (overflow == 0) break;
    bucket = &segment_->at<const Bucket>(overflow, "an overflow bucket");
  }
  if (head->shape.load(std::memory_order_acquire) != shape) {
    into.erase(into.begin() + static_cast<std::ptrdiff_t>(before), into.end());
    return false;
  }
  const unsigned bits = shared_bits(number, buckets);
  const std::uint64_t interval = bits == 0 ? 0 : cursor.from >> (64 - bits);
  const std::uint64_t next = bits == 0 ? 0 : (interval + 1) << (64 - bits);
  if (next == 0) {
    next_stripe();
  } else {
    cursor.from = next;
  }
  return true;
}

// The objects of the next bucket that has any, in order, each key once: a key that was deleted and inserted again while
// its bucket was read may have been met twice. Empty at the end of the table.
std::vector<Table::Visited> Table::collect(Cursor& cursor) const {
  std::vector<Visited> visited;
  while (visited.empty() && cursor.stripe < segment_->stripe_count()) visit_bucket(cursor, visited);
  put_in_order(visited);
  return visited;
}

void Table::put_in_order(std::vector<Visited>& visited) {
  std::sort(visited.begin(), visited.end());
  const auto same_key = [&](const Visited& left, const Visited& right) {
    return left.order == right.order && left.key == right.key;
  };
  visited.erase(std::unique(visited.begin(), visited.end(), same_key), visited.end());
}

std::optional<KeyObjects> Table::first_after(Cursor cursor, const Visited* after) const {
  for (;;) {
    std::vector<Visited> visited = collect(cursor);
    if (visited.empty()) return std::nullopt;
    for (Visited& candidate : visited) {
      if (after == nullptr || *after < candidate)
        return KeyObjects{std::move(candidate.key), std::move(candidate.objects)};
    }
  }
}

Table::Visited Table::place_of(const Key& key) const {
  return {stripe_of(key.hash), reversed(key.hash), Term(key.view()), {}};
}

// -- an ordered_set --

std::vector<KeyObjects> Table::walk(const TermView* key, Direction direction, std::size_t limit) const {
  Key prepared;
  if (key != nullptr) static_cast<void>(find_key(*key, prepared));
  const Key* const bound = key != nullptr ? &prepared : nullptr;
  const shm::ReadEpoch epoch = read_epoch();
  std::vector<KeyObjects> found;
  for (const StoredObject object : Tree(*this).collect(bound, direction, std::min(limit, kObjectsAnEpoch))) {
    found.push_back({copy_key(object), Objects(copy_out(object))});
  }
  return found;
}

// The next ones behind the last of these; of none, the first.
std::vector<KeyObjects> Table::keys_after(const std::vector<KeyObjects>& before, std::size_t limit) const {
  if (before.empty()) return walk(nullptr, Direction::up, limit);
  const TermView last = before.back().key;
  return walk(&last, Direction::up, limit);
}

std::optional<KeyObjects> Table::neighbour(const TermView* key, Direction direction) const {
  std::vector<KeyObjects> found = walk(key, direction, 1);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::optional<std::vector<Term>> Table::slot_of_tree(std::uint64_t number) const {
  std::vector<KeyObjects> keys;
  for (std::uint64_t before = 0;; before += keys.size()) {
    keys = keys_after(keys, kObjectsAnEpoch);
    if (number - before < keys.size()) return std::vector<Term>{keys[number - before].objects[0]};
    if (!keys.empty()) continue;
    if (number == before) return std::nullopt;
    refuse_slot(number, before);
  }
}

// -- all types --

std::optional<KeyObjects> Table::first_lookup(Pid caller, Direction direction) const {
  check_access(caller, false);
  if (is_ordered()) return neighbour(nullptr, direction);
  return first_after({}, nullptr);
}

std::optional<KeyObjects> Table::next_lookup(Pid caller, const TermView& key, Direction direction) const {
  check_access(caller, false);
  if (is_ordered()) return neighbour(&key, direction);
  Key prepared;
  const bool known = find_key(key, prepared);
  // While a table is fixed, deleted keys lead on; their place in the order is known whether they are there or not.
  if (header_.fixed.load(std::memory_order_acquire) == 0 && !(known && member(caller, key))) {
    throw Error(ErrorCode::badkey, "next", "there is no object with the key " + to_string(key));
  }
  const Visited after = place_of(prepared);
  return first_after({after.stripe, after.order}, &after);
}

std::optional<Term> Table::first(Pid caller, Direction direction) const {
  auto found = first_lookup(caller, direction);
  return found ? std::optional(std::move(found->key)) : std::nullopt;
}

std::optional<Term> Table::next(Pid caller, const TermView& key, Direction direction) const {
  auto found = next_lookup(caller, key, direction);
  return found ? std::optional(std::move(found->key)) : std::nullopt;
}

std::vector<KeyObjects> Table::keys_behind(Pid caller, const Term* key, std::size_t wanted, Direction direction) const {
  check_access(caller, false);
  if (is_ordered()) {
    if (key == nullptr) return walk(nullptr, direction, wanted);
    const TermView bound = *key;
    return walk(&bound, direction, wanted);
  }
  Cursor cursor;
  std::optional<Visited> after;
  if (key != nullptr) {
    Key prepared;
    // Its hash says where it would be, also when an atom of it is in no object any more.
    static_cast<void>(find_key(*key, prepared));
    after = place_of(prepared);
    cursor = {after->stripe, after->order};
  }
  std::vector<KeyObjects> keys;
  for (std::size_t objects = 0; objects < wanted;) {
    std::vector<Visited> visited = collect(cursor);
    if (visited.empty()) break;
    for (Visited& found : visited) {
      if (after && !(*after < found)) continue;
      objects += found.objects.size();
      keys.push_back({std::move(found.key), std::move(found.objects)});
    }
  }
  return keys;
}

// Slots are the buckets, stripe by stripe; in an ordered_set the objects.
std::optional<std::vector<Term>> Table::slot(Pid caller, std::uint64_t number) const {
  check_access(caller, false);
  if (is_ordered()) return slot_of_tree(number);
  for (std::uint64_t left = number;;) {
    std::uint32_t stripe = 0;
    std::uint32_t buckets = 0;
    for (; stripe < segment_->stripe_count(); ++stripe, left -= buckets) {
      const shm::ReadEpoch epoch = read_epoch();
      const IndexHead* head = head_for_reading(stripe);
      buckets = head == nullptr ? 0 : shape_buckets(head->shape.load(std::memory_order_acquire));
      if (left < buckets) break;
    }
    if (stripe == segment_->stripe_count()) {
      if (left == 0) return std::nullopt;
      refuse_slot(number, number - left);
    }
    // The least reversed hash of its keys.
    Cursor cursor{stripe, reversed(left)};
    std::vector<Visited> visited;
    if (!visit_bucket(cursor, visited)) {
      left = number;
      continue;
    }
    put_in_order(visited);
    std::vector<Term> objects;
    for (const Visited& found : visited) objects.insert(objects.end(), found.objects.begin(), found.objects.end());
    return objects;
  }
}

std::vector<Term> Table::tab2list(Pid caller) const {
  check_access(caller, false);
  std::vector<Term> objects;
  if (is_ordered()) {
    for (std::vector<KeyObjects> keys; !(keys = keys_after(keys, kObjectsAnEpoch)).empty();) {
      for (KeyObjects& found : keys) objects.push_back(std::move(found.objects)[0]);
    }
    return objects;
  }
  for (Cursor cursor;;) {
    std::vector<Visited> visited = collect(cursor);
    if (visited.empty()) return objects;
    for (Visited& found : visited) {
      for (std::size_t i = 0; i < found.objects.size(); ++i) objects.push_back(std::move(found.objects)[i]);
    }
  }
}

}  // namespace heirloom::table
