// SPDX-License-Identifier: Apache-2.0
//
// Traversal of an ordered_set goes along its tree (tree.hpp). That of other tables goes stripe by stripe, and in a stripe in the
// order of the reversed hash. A bucket holds the keys of one interval of that order, and growth only cuts intervals into halves;
// so a cursor keeps its meaning whatever the number of buckets.
#include <algorithm>
#include <bit>

#include "table/cursor.hpp"
#include "table/table.hpp"
#include "table/tree.hpp"

namespace heirloom::table {

namespace {

constexpr std::size_t kObjectsAnEpoch = 1000;
constexpr std::uint64_t kReservedMax = 1'000'000;  // a damaged table may say any size

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

// Of a cursor that stands in this bucket: behind it. False when it was the last one of the stripe.
bool Table::pass_bucket(Cursor& cursor, std::uint32_t number, std::uint32_t buckets) {
  const unsigned bits = shared_bits(number, buckets);
  const std::uint64_t interval = bits == 0 ? 0 : cursor.from >> (64 - bits);
  cursor.from = bits == 0 ? 0 : (interval + 1) << (64 - bits);
  return cursor.from != 0;
}

// Asks for the lines of the next buckets of the stripe, and then for those of their objects: going from one to the next it would
// wait for each of them. Inside a ReadEpoch.
void Table::fetch_ahead(Cursor cursor) const {
  const IndexHead* head = head_for_reading(cursor.stripe);
  const std::uint32_t buckets = head == nullptr ? 0 : buckets_of(*head, head->shape.load(std::memory_order_acquire));
  if (buckets == 0) return;
  const shm::Segment::Window window = segment_->window();
  const Bucket* ahead[kBucketsAhead];
  int count = 0;
  for (bool more = true; more && count < kBucketsAhead; ++count) {
    const std::uint32_t number = bucket_of(reversed(cursor.from), buckets);
    ahead[count] = &bucket_for_reading(window, *head, number);
    __builtin_prefetch(ahead[count]);
    more = pass_bucket(cursor, number, buckets);
  }
  for (int i = 0; i < count; ++i) {
    for (const auto& slot : ahead[i]->slots) segment_->prefetch(slot_offset(slot.load(std::memory_order_relaxed)));
  }
}

bool Table::visit_bucket(Cursor& cursor, std::vector<Visited>& into) const {
  return visit_bucket_with(cursor, into, [&](std::uint64_t order, std::uint64_t slot, const StoredObject& object) {
    return Visited{cursor.stripe, order, slot, key_view(object)};
  });
}

// The keys of the next bucket that has any, in order, each once: one that was deleted and inserted again while its bucket was
// read may have been met twice. False at the end of the table.
bool Table::collect(Cursor& cursor, std::vector<Visited>& visited) const {
  visited.clear();
  while (visited.empty() && cursor.stripe < segment_->stripe_count()) visit_bucket(cursor, visited);
  put_in_order(visited);
  return !visited.empty();
}

void Table::put_in_order(std::vector<Visited>& visited) {
  std::sort(visited.begin(), visited.end());
  const auto same_key = [&](const Visited& left, const Visited& right) {
    return left.order == right.order && left.key == right.key;
  };
  visited.erase(std::unique(visited.begin(), visited.end(), same_key), visited.end());
}

void Table::append_objects(std::uint64_t slot, Direction direction, std::vector<Term>& into) const {
  const Members members(segment_->window(), slot);
  const std::uint64_t count = members.count();
  for (std::uint64_t i = 0; i < count; ++i)
    copy_out(members[direction == Direction::up ? i : count - 1 - i], into.emplace_back());
}

// The objects of the next keys, of those behind `after`, until there are as many. Those of a key are copied together.
void Table::append_next(Cursor& cursor, const Visited* after, const Walk& walk, std::vector<Term>& into) const {
  const shm::ReadEpoch epoch = read_epoch();
  std::vector<Visited> visited;
  for (int round = 0; into.size() < walk.limit; ++round) {
    if (round % kBucketsAhead == 0 && cursor.stripe < segment_->stripe_count()) fetch_ahead(cursor);
    if (!collect(cursor, visited)) return;
    for (const Visited& found : visited) {
      if (after == nullptr || *after < found) append_objects(found.slot, walk.direction, into);
    }
  }
}

std::optional<KeyObjects> Table::first_after(Cursor cursor, const Visited* after) const {
  const shm::ReadEpoch epoch = read_epoch();
  std::vector<Visited> visited;
  while (collect(cursor, visited)) {
    for (const Visited& candidate : visited) {
      if (after == nullptr || *after < candidate) return KeyObjects{Term(candidate.key), copy_all(candidate.slot)};
    }
  }
  return std::nullopt;
}

Table::Visited Table::place_of(const Key& key) const {
  return {stripe_of(key.hash), reversed(key.hash), 0, key.view()};
}

// -- an ordered_set --

void Table::go(const TermView* key, const Walk& walk, const std::function<bool(StoredObject)>& take) const {
  Key prepared;
  if (key != nullptr) static_cast<void>(find_key(*key, prepared));
  const Key* const bound = key != nullptr ? &prepared : nullptr;
  const shm::ReadEpoch epoch = read_epoch();
  Tree(*this).collect(bound, walk, take);
}

std::vector<Term> Table::objects_after(const std::optional<Term>& key, const Walk& walk) const {
  std::vector<Term> objects;
  objects.reserve(walk.limit);
  const TermView bound = key ? key->view() : TermView();
  go(key ? &bound : nullptr, walk, [&](StoredObject object) {
    copy_out(object, objects.emplace_back());
    return true;
  });
  return objects;
}

std::optional<KeyObjects> Table::neighbour(const TermView* key, Direction direction) const {
  std::optional<KeyObjects> found;
  go(key, {.limit = 1, .direction = direction}, [&](StoredObject object) {
    found = KeyObjects{copy_key(object), Objects(copy_out(object))};
    return true;
  });
  return found;
}

std::optional<Term> Table::key_of_last(const std::vector<Term>& objects) const {
  return objects.empty() ? std::nullopt : std::optional(Term(objects.back().element(keypos_)));
}

std::optional<std::vector<Term>> Table::slot_of_tree(std::uint64_t number) const {
  std::vector<Term> objects;
  for (std::uint64_t before = 0;; before += objects.size()) {
    objects = objects_after(key_of_last(objects), {.limit = kObjectsAnEpoch});
    if (number - before < objects.size()) return std::vector<Term>{objects[number - before]};
    if (!objects.empty()) continue;
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

std::vector<Term> Table::objects_behind(Pid caller, const Term* key, const Walk& walk) const {
  check_access(caller, false);
  if (is_ordered()) return objects_after(key != nullptr ? std::optional(*key) : std::nullopt, walk);
  std::vector<Term> objects;
  if (key == nullptr) {
    Cursor cursor;
    append_next(cursor, nullptr, walk, objects);
  } else {
    Key prepared;
    // Its hash says where it would be, also when an atom of it is in no object any more.
    static_cast<void>(find_key(*key, prepared));
    const Visited after = place_of(prepared);
    Cursor cursor{after.stripe, after.order};
    append_next(cursor, &after, walk, objects);
  }
  return objects;
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
      buckets = head == nullptr ? 0 : buckets_of(*head, head->shape.load(std::memory_order_acquire));
      if (left < buckets) break;
    }
    if (stripe == segment_->stripe_count()) {
      if (left == 0) return std::nullopt;
      refuse_slot(number, number - left);
    }
    // The least reversed hash of its keys.
    Cursor cursor{stripe, reversed(left)};
    const shm::ReadEpoch epoch = read_epoch();
    std::vector<Visited> visited;
    if (!visit_bucket(cursor, visited)) {
      left = number;
      continue;
    }
    put_in_order(visited);
    std::vector<Term> objects;
    for (const Visited& found : visited) append_objects(found.slot, Direction::up, objects);
    return objects;
  }
}

std::vector<Term> Table::tab2list(Pid caller) const {
  check_access(caller, false);
  std::vector<Term> all;
  all.reserve(std::min<std::uint64_t>(size(), kReservedMax));
  if (is_ordered()) {
    for (std::vector<Term> some; !(some = objects_after(key_of_last(some), {.limit = kObjectsAnEpoch})).empty();) {
      std::move(some.begin(), some.end() - 1, std::back_inserter(all));
      all.push_back(some.back());
    }
    return all;
  }
  for (Cursor cursor; cursor.stripe < segment_->stripe_count();)
    append_next(cursor, nullptr, {.limit = all.size() + kObjectsAnEpoch}, all);
  return all;
}

}  // namespace heirloom::table
