// SPDX-License-Identifier: Apache-2.0
//
// Several objects of one key (group.hpp): adding one, taking some or all of them away, and what the next comer does then.
#include <algorithm>

#include "table/stripe_guard.hpp"
#include "table/table.hpp"

namespace heirloom::table {

namespace {

constexpr std::uint64_t kRoomFirst = 4;

shm::SizeClass group_class(std::uint64_t room) { return shm::class_of(sizeof(Group) + room * 8); }

// As many members as the block of the least class has that has room for these.
std::uint64_t room_for(std::uint64_t members) {
  if (members > kGroupRoomMax)
    throw Error(ErrorCode::system_limit, "insert", "a key has no more than 33 million objects");
  return (shm::class_bytes(group_class(members)) - sizeof(Group)) / 8;
}

}  // namespace

// A bag finds an equal object by this before it compares; a duplicate_bag does not look.
std::uint64_t Table::object_tag(const TermView& object) const {
  return type() == TableType::bag ? tag_of_hash(term::hash(object, seed_)) : 0;
}

std::uint64_t Table::stored_tag(StoredObject object) const {
  return look_at(object, [&](const TermView& whole) { return object_tag(whole); });
}

bool Table::same_object(StoredObject left, StoredObject right) const {
  return look_at(
      left, [&](const TermView& one) { return look_at(right, [&](const TermView& other) { return one == other; }); });
}

// The index of the first member that is exactly this object; count() when there is none.
std::uint64_t Table::find_member(const Members& members, const TermView& object) const {
  const bool tagged = members.is_group() && type() == TableType::bag;
  const std::uint64_t tag = tagged ? object_tag(object) : 0;
  for (std::uint64_t i = 0; i < members.count(); ++i) {
    if (tagged && slot_tag(members.word(i)) != tag) continue;
    if (look_at(members[i], [&](const TermView& member) { return member == object; })) return i;
  }
  return members.count();
}

// The words of a group that has what a place leads to.
std::vector<std::uint64_t> StripeGuard::words_of(const Place& place) const {
  std::vector<std::uint64_t> words;
  if (place.value == 0) return words;
  const Members members(table_.segment_->window(), place.value);
  // A slot's own word says the tag of the key.
  if (!members.is_group()) return {make_slot(table_.stored_tag(members[0]), members.offset(), false)};
  for (std::uint64_t i = 0; i < members.count(); ++i) words.push_back(members.word(i));
  return words;
}

std::uint64_t StripeGuard::prepare_group(std::uint64_t members, shm::SizeClass other) {
  const std::uint64_t room = room_for(std::max(kRoomFirst, members));
  heap_.prepare({{group_class(room), 1}, {other, 1}}, {});
  return room;
}

Offset StripeGuard::place_group(shm::Change& change, std::span<const std::uint64_t> members, std::uint64_t room) {
  const Offset offset = heap_.allocate(change, group_class(room));
  Group& group = *reinterpret_cast<Group*>(table_.segment_->base() + offset);
  group.room = room << 8 | kGroupByte;
  group.retired = 0;
  group.only_marked = 0;
  for (std::size_t i = 0; i < members.size(); ++i)
    Members::member(group, i).store(members[i], std::memory_order_relaxed);
  group.count.store(members.size(), std::memory_order_relaxed);
  return offset;
}

void StripeGuard::append(Group& group, const EncodedObject& object, bool counted) {
  heap_.prepare_allocate(shm::class_of(object.words.size() * 8));
  shm::Change change = this->change();
  const Offset block = place_block(change, object);
  counted ? is_it(change, block) : prepares(change, block);
  const std::uint64_t members = group.count.load(std::memory_order_relaxed);
  Members::member(group, members)
      .store(make_slot(table_.object_tag(object.view()), block, false), std::memory_order_relaxed);
  change.publish(at(group.count), members + 1);
  if (counted) count(change, 1);
  change.commit();
}

void StripeGuard::add(const Place& place, const EncodedObject& object) {
  const Members members(table_.segment_->window(), place.value);
  if (table_.type() == TableType::bag && table_.find_member(members, object.view()) != members.count()) return;
  if (members.is_group() && members.count() < members.room()) return append(members.group(), object, true);
  std::vector<std::uint64_t> words = words_of(place);
  if (members.is_group()) heap_.prepare_retire(members.size_class());
  const std::uint64_t room = prepare_group(words.size() + words.size() / 2, shm::class_of(object.words.size() * 8));
  shm::Change change = this->change();
  const Offset block = place_block(change, object);
  is_it(change, block);
  words.push_back(make_slot(table_.object_tag(object.view()), block, false));
  change.publish(place.slot, make_slot(slot_tag(place.value), place_group(change, words, room), false));
  count(change, 1);
  if (members.is_group()) heap_.retire(change, members.size_class(), members.offset());
  change.commit();
}

void StripeGuard::remove_group(const Place& place, const Members& members) {
  IndexHead& head = this->head();
  shm::Change change = this->change();
  is_it(change, members.offset());
  change.publish(place.slot, 0);
  count(change, -static_cast<std::int64_t>(members.count()));
  change.store(at(head.keys), head.keys.load(std::memory_order_relaxed) - 1);
  change.store(work_offset(kDetached), members.offset());
  change.commit();
  happened();
  retire_detached_for_now();
}

void StripeGuard::remove_object(const Place& place, const TermView& object) {
  const Members members(table_.segment_->window(), place.value);
  const std::uint64_t first = table_.find_member(members, object);
  const std::uint64_t tag = first < members.count() ? slot_tag(members.word(first)) : 0;
  remove_members(place, [&](std::uint64_t index) {
    if (index <= first || slot_tag(members.word(index)) != tag) return index == first;
    return table_.same_object(members[index], members[first]);
  });
}

std::uint64_t StripeGuard::remove_members(const Place& place, const std::function<bool(std::uint64_t index)>& goes) {
  const Members members(table_.segment_->window(), place.value);
  const std::uint64_t count = members.count();
  std::vector<std::uint64_t> kept;
  std::vector<std::uint64_t> gone;
  for (std::uint64_t i = 0; i < count; ++i) (goes(i) ? gone : kept).push_back(i);
  if (kept.empty()) remove(place);
  if (!kept.empty() && !gone.empty()) remove_some(place, members, kept, gone);
  return gone.size();
}

// Of a group: some, and not all.
void StripeGuard::remove_some(const Place& place, const Members& members, std::span<std::uint64_t> kept,
                              std::span<const std::uint64_t> gone) {
  retire_detached();
  for (std::uint64_t& member : kept) {
    const std::uint64_t word = members.word(member);
    Members::member(members.group(), member).store(word, std::memory_order_relaxed);
    member = word;
  }
  for (const std::uint64_t index : gone)
    Members::member(members.group(), index).store(members.word(index) | kMarkBit, std::memory_order_relaxed);
  const std::uint64_t room = room_for(std::max<std::uint64_t>(kRoomFirst, kept.size()));
  if (kept.size() > 1) heap_.prepare_allocate(group_class(room));
  shm::Change change = this->change();
  is_it(change, members.offset());
  const Offset left = kept.size() == 1 ? slot_offset(kept.front()) : place_group(change, kept, room);
  change.publish(place.slot, make_slot(slot_tag(place.value), left, false));
  count(change, -static_cast<std::int64_t>(gone.size()));
  change.store(at(members.group().only_marked), 1);
  change.store(work_offset(kDetached), members.offset());
  change.commit();
  happened();
  retire_detached_for_now();
}

void StripeGuard::replace_member(const Place& place, std::uint64_t index, const EncodedObject& object) {
  const Members members(table_.segment_->window(), place.value);
  if (!members.is_group()) return put(place, object);
  retire_detached();
  std::vector<std::uint64_t> words = words_of(place);
  const std::uint64_t room = prepare_group(words.size(), shm::class_of(object.words.size() * 8));
  for (std::uint64_t i = 0; i < words.size(); ++i) {
    Members::member(members.group(), i).store(i == index ? words[i] | kMarkBit : words[i], std::memory_order_relaxed);
  }
  shm::Change change = this->change();
  const Offset block = place_block(change, object);
  is_it(change, block);
  words[index] = make_slot(table_.object_tag(object.view()), block, false);
  change.publish(place.slot, make_slot(slot_tag(place.value), place_group(change, words, room), false));
  change.store(at(members.group().only_marked), 1);
  change.store(work_offset(kDetached), members.offset());
  change.commit();
  happened();
  retire_detached_for_now();
}

// From the last member to the first.
void StripeGuard::retire_detached() {
  while (const Offset offset = stripe_.work[kDetached]) {
    const Members members(table_.segment_->window(), make_slot(0, offset, false));
    if (!members.is_group()) table_.segment_->refuse(offset, "a detached group");
    Group& group = members.group();
    std::uint64_t left = members.count() - std::min(group.retired, members.count());
    while (left != 0 && !members.goes(left - 1)) --left;
    if (left == 0) {
      heap_.prepare_retire(members.size_class());
      shm::Change change = this->change();
      change.publish(work_offset(kDetached), 0);
      heap_.retire(change, members.size_class(), offset);
      change.commit();
      return;
    }
    const StoredObject dead = members[left - 1];
    heap_.prepare_retire(dead.size_class());
    shm::Change change = this->change();
    change.publish(at(group.retired), members.count() - left + 1);
    retire(change, dead);
    change.commit();
  }
}

// The objects are gone for readers. Where a stopped reader is in the way of their memory, the next comer goes on.
void StripeGuard::retire_detached_for_now() try { retire_detached(); } catch (const Error& error) {
  if (!shm::is_shortage(error)) throw;
}

// -- reading --

StoredObject StoredObject::first_of_group(const shm::Segment& segment, Offset offset) {
  const shm::Segment::Window window = segment.window();
  const auto refuse = [&] { segment.refuse(offset, "an object"); };
  const Members members(window, make_slot(0, offset, false));
  if (!members.is_group() || members.count() == 0) refuse();
  const Offset first = slot_offset(members.word(0));
  StoredObject object;
  object.words_ = &window.at<const std::uint64_t>(first, "an object");
  object.root_ = load_word(*object.words_);
  if (!object.is_sound(window, first)) refuse();
  return object;
}

Objects Table::copy_all(std::uint64_t slot) const {
  const Members members(segment_->window(), slot);
  if (!members.is_group()) return Objects(copy_out(members[0]));
  std::vector<Term> objects(members.count());
  for (std::uint64_t i = 0; i < members.count(); ++i) copy_out(members[i], objects[i]);
  return Objects(std::move(objects));
}

void Table::lookup_other(const TermView& key, Objects& found) const {
  const shm::ReadEpoch epoch = read_epoch();
  Key prepared;
  if (!find_key(key, prepared)) return;
  if (!is_bag()) {
    if (const StoredObject object = find_prepared(prepared)) copy_out(object, found.only());
  } else if (const std::uint64_t slot = find_slot(prepared); slot != 0) {
    found = copy_all(slot);
  }
}

}  // namespace heirloom::table
