// SPDX-License-Identifier: Apache-2.0
//
// An insert of several objects, all or nothing for every reader and in every death.
//
//   1. lock the stripes of all keys, in the order of their numbers; where there will be many more keys, add the buckets for them, if there is
//      memory: while objects are pending none can be split, and thousands would be looked for in one chain;
//   2. make a Transaction record, whose commit word says 0, in the first of them (its home);
//   3. let the slot of each key point to a Pending {old, new, Transaction}: readers choose `old`, so nothing has changed;
//   4. store 1 into the commit word: from now on all readers choose `new`;
//   5. let each slot point to its new object directly, retire old objects and Pendings, then the Transaction.
//
// In an ordered_set a leaf may be copied or split with Pendings in it; they are found again by their keys.
// In a bag, a key's new state may be a group (group.hpp): a copy of the old one, to which the new objects are added before step 4.
//
// Death: each stripe lists its Pendings in its work, so the next comer resolves them stripe by stripe, by the commit word.
// Who repairs the home first waits for the other stripes, since the commit word must outlive its last Pending.
#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <unordered_map>

#include "table/stripe_guard.hpp"
#include "table/table.hpp"
#include "table/tree.hpp"

namespace heirloom::table {

class ManyInsert {
 public:
  ManyInsert(Table& table, std::span<const Term> objects) : table_(table) {
    encoded_.reserve(objects.size());
    for (const Term& object : objects) encoded_.push_back(table.encode(object));
    // Stripe by stripe, and key by key.
    std::vector<const EncodedObject*> order;
    order.reserve(encoded_.size());
    for (const EncodedObject& object : encoded_) order.push_back(&object);
    std::stable_sort(order.begin(), order.end(), [&](const EncodedObject* left, const EncodedObject* right) {
      return table.key_before(left->key, right->key);
    });
    for (auto first = order.begin(); first != order.end();) {
      auto end = std::find_if(first, order.end(),
                              [&](const EncodedObject* other) { return table.key_before((*first)->key, other->key); });
      const auto has_same_key = [&](const EncodedObject* other) { return table.same_key((*first)->key, other->key); };
      if (!std::all_of(first, end, has_same_key)) end = std::stable_partition(first, end, has_same_key);
      // Of a set's objects with the same key the last one counts.
      if (table.is_bag()) {
        objects_.insert(objects_.end(), first, end);
      } else {
        objects_.push_back(*std::prev(end));
      }
      first = end;
    }
  }

  void lock(shm::Holder holder, Operation operation) {
    for (const EncodedObject* object : objects_) {
      const std::uint32_t stripe = table_.stripe_of(object->key.hash);
      if (guards_.empty() || guards_.back()->index() != stripe) {
        guards_.push_back(
            std::make_unique<StripeGuard>(table_, stripe, holder, Write{.operation = operation, .several = true}));
      }
    }
  }

  // The rest of step 1; nothing has happened yet.
  void grow() {
    if (table_.is_ordered()) return;
    const auto crowded = [&](StripeGuard& guard, std::uint64_t coming) {
      const IndexHead& head = guard.head();
      return guard.keys(head) + coming > 2 * StripeGuard::keys_of_buckets(head);
    };
    std::optional<bool> room;
    auto first = objects_.begin();
    for (const auto& guard : guards_) {
      const auto end = std::find_if(first, objects_.end(), [&](const auto* object) {
        return table_.stripe_of(object->key.hash) != guard->index();
      });
      const Objects mine(first, end);
      first = end;
      if (!crowded(*guard, mine.size())) continue;
      if (!room) room = have_room();
      if (!*room) return;
      std::uint64_t absent = 0;
      for_each_key(mine, [&](Objects of_key) { absent += guard->find(of_key.front()->key).value == 0 ? 1 : 0; });
      if (crowded(*guard, absent)) guard->grow_to(guard->head(), guard->keys(guard->head()) + absent);
    }
  }

  [[nodiscard]] bool any_present() {
    bool present = false;
    for_each(
        [&](StripeGuard& guard, Objects objects) { present = present || guard.find(objects.front()->key).value != 0; });
    return present;
  }

  void run() {
    try {
      begin();
      for_each([&](StripeGuard& guard, Objects objects) { install(guard, objects); });
    } catch (...) {
      finish();
      throw;
    }
    commit();
    if (!finish()) return;
    for (const auto& guard : guards_) guard->grow();
  }

 private:
  using Objects = std::span<const EncodedObject* const>;  // of one key, or of one stripe

  template <typename Visit>
  void for_each_key(Objects objects, Visit visit) {
    for (auto first = objects.begin(); first != objects.end();) {
      const Key& key = (*first)->key;
      const auto end = std::find_if(first, objects.end(),
                                    [&](const EncodedObject* other) { return !table_.same_key(other->key, key); });
      visit(Objects(first, end));
      first = end;
    }
  }

  template <typename Visit>
  void for_each(Visit visit) {
    auto guard = guards_.begin();
    for_each_key(objects_, [&](Objects of_key) {
      while ((*guard)->index() != table_.stripe_of(of_key.front()->key.hash)) ++guard;
      visit(**guard, of_key);
    });
  }

  // In pages that nobody has, buckets included: a table that refuses the objects would have these for nothing.
  [[nodiscard]] bool have_room() const {
    constexpr std::uint64_t kBucketBytesAKey = 40;  // 18 of them are used
    std::uint64_t bytes = 0;
    for (const EncodedObject* object : objects_)
      bytes += shm::class_bytes(shm::class_of(object->words.size() * 8)) + shm::class_bytes(kPendingClass) +
               kBucketBytesAKey;
    const shm::SegmentHeader& header = table_.segment_->header();
    const std::uint64_t taken =
        header.pages_used.load(std::memory_order_relaxed) - header.pages_free.load(std::memory_order_relaxed);
    return bytes + taken * shm::kPageBytes <= table_.segment_->max_bytes();
  }

  // Step 2.
  void begin() {
    StripeGuard& home = *guards_.front();
    std::uint64_t stripes = 0;
    for (const auto& guard : guards_) stripes |= std::uint64_t{1} << guard->index();
    home.heap().prepare_allocate(kTransactionClass);
    shm::Change change = home.change();
    transaction_ = home.heap().allocate(change, kTransactionClass);
    auto& record = home.record<Transaction>(transaction_, "a transaction");
    record.committed.store(0, std::memory_order_relaxed);
    record.stripes = stripes;
    home.is_of_all(change);
    change.publish(home.work_offset(kHome), transaction_);
    change.commit();
  }

  // Step 3, for one key.
  void install(StripeGuard& guard, Objects objects) {
    StripeGuard::Place place = guard.find(objects.front()->key);
    if (table_.is_bag() && (place.value != 0 || objects.size() > 1)) return install_group(guard, place, objects);
    guard.make_room(place);
    const EncodedObject& object = *objects.front();
    const shm::SizeClass size_class = shm::class_of(object.words.size() * 8);
    const std::uint64_t tag = tag_of_hash(object.key.hash);
    guard.heap().prepare({{kPendingClass, 1}, {size_class, 1}}, {});
    shm::Change change = guard.change();
    const Offset block = guard.place_block(change, object);
    guard.prepares(change, block);
    let_wait(guard, change, place, tag, block);
    if (place.value == 0) guard.count_when_committed(change, 1, transaction_);
    change.commit();
  }

  // The slot will lead to what lies at `block`.
  void let_wait(StripeGuard& guard, shm::Change& change, const StripeGuard::Place& place, std::uint64_t tag,
                Offset block) {
    const Offset offset = guard.heap().allocate(change, kPendingClass);
    guard.record<Pending>(offset, "a pending object") = {.old_slot = place.value,
                                                         .new_slot = make_slot(tag, block, false),
                                                         .transaction = transaction_,
                                                         .next = guard.work(kTransaction),
                                                         .slot = place.slot};
    change.publish(place.slot, make_slot(tag, offset, true));
    change.store(guard.work_offset(kTransaction), offset);
  }

  void install_group(StripeGuard& guard, StripeGuard::Place& place, Objects objects) {
    const std::vector<const EncodedObject*> added = missing(guard, place, objects);
    if (added.empty()) return;
    guard.make_room(place);
    const std::vector<std::uint64_t> words = guard.words_of(place);
    const std::uint64_t room = guard.prepare_group(words.size() + added.size(), kPendingClass);
    shm::Change change = guard.change();
    const Offset offset = guard.place_group(change, words, room);
    let_wait(guard, change, place, tag_of_hash(objects.front()->key.hash), offset);
    guard.count_when_committed(change, added.size(), transaction_);
    change.commit();
    for (const EncodedObject* object : added) guard.append(guard.record<Group>(offset, "a group"), *object, false);
  }

  // Those that the key has not yet, each once; all of them for a duplicate_bag.
  std::vector<const EncodedObject*> missing(const StripeGuard& guard, const StripeGuard::Place& place,
                                            Objects objects) const {
    std::vector<const EncodedObject*> added(objects.begin(), objects.end());
    if (table_.type() != TableType::bag) return added;
    // By their tags, so that of the objects that are there only the likely ones are looked at.
    std::unordered_multimap<std::uint64_t, const EncodedObject*> wanted;
    const auto find = [&](std::uint64_t tag, const TermView& object) {
      const auto [first, last] = wanted.equal_range(tag);
      const auto found = std::find_if(first, last, [&](const auto& each) { return each.second->view() == object; });
      return found == last ? wanted.end() : found;
    };
    for (const EncodedObject* object : objects) {
      const std::uint64_t tag = table_.object_tag(object->view());
      if (find(tag, object->view()) == wanted.end()) wanted.emplace(tag, object);
    }
    for (const std::uint64_t member : guard.words_of(place)) {
      if (!wanted.contains(slot_tag(member))) continue;
      const auto found =
          table_.look_at(guard.object(member), [&](const TermView& each) { return find(slot_tag(member), each); });
      if (found != wanted.end()) wanted.erase(found);
    }
    std::erase_if(added, [&](const EncodedObject* object) {
      const auto found = find(table_.object_tag(object->view()), object->view());
      return found == wanted.end() || found->second != object;
    });
    return added;
  }

  // Step 4: the one store that publishes everything; pairs with the load in Table::resolve().
  void commit() {
    guards_.front()->record<Transaction>(transaction_, "a transaction").committed.store(1, std::memory_order_release);
    for (const auto& guard : guards_) guard->happened();
  }

  // Step 5, or the way back: what the next comer would do after a death. False: there is no memory to list what goes, or a lock is in the
  // way of who does not wait, and the next comer does the rest. What has happened is no failure any more.
  bool finish() try {
    for (auto guard = guards_.rbegin(); guard != guards_.rend(); ++guard) (*guard)->resolve_transaction();
    guards_.front()->leave_home();
    return true;
  } catch (const Error& error) {
    if (!shm::is_shortage(error)) throw;
    return false;
  }

  Table& table_;
  std::vector<EncodedObject> encoded_;
  std::vector<const EncodedObject*> objects_;
  std::vector<std::unique_ptr<StripeGuard>> guards_;
  Offset transaction_ = 0;
};

bool Table::insert_many(Pid caller, std::span<const Term> objects, Operation operation) {
  if (objects.empty()) return true;
  ManyInsert insert(*this, objects);
  insert.lock(holder(), operation);
  check_access(caller, true);
  if (operation == Operation::insert_new && insert.any_present()) return false;
  insert.grow();
  insert.run();
  return true;
}

// Gives each slot of an insert of several objects what its commit word chose, and retires the rest. With the last one the objects
// are counted.
void StripeGuard::resolve_transaction() {
  while (const Offset offset = stripe_.work[kTransaction]) {
    const Pending pending = record<Pending>(offset, "a pending object");
    const bool committed =
        record<Transaction>(pending.transaction, "a transaction").committed.load(std::memory_order_acquire) != 0;
    const std::uint64_t kept = committed ? pending.new_slot : pending.old_slot;
    std::uint64_t gone = committed ? pending.old_slot : pending.new_slot;
    shm::SizeClass gone_class = kPendingClass;
    if (!is_group(pending.new_slot)) {
      if (gone != 0) gone_class = object(gone).size_class();
    } else {
      const Members fresh(table_.segment_->window(), pending.new_slot);
      const std::uint64_t before =
          pending.old_slot == 0 ? 0 : Members(table_.segment_->window(), pending.old_slot).count();
      if (!committed) take_back(fresh, before);
      // The objects that were there before are those of both.
      if (gone != 0 && !is_group(gone)) gone = 0;
      if (gone != 0) gone_class = Members(table_.segment_->window(), gone).size_class();
    }
    IndexHead& head = this->head();
    const Offset slot = slot_of(pending);
    const std::uint64_t waits = record<const std::uint64_t>(slot, "a pending object's slot");
    if (!slot_is_pending(waits) || slot_offset(waits) != offset)
      table_.segment_->refuse(slot, "the slot of a pending object");
    if (gone_class == kPendingClass) {
      heap_.prepare_retire(kPendingClass, 2);
    } else {
      heap_.prepare_retire(gone_class);
      heap_.prepare_retire(kPendingClass);
    }
    shm::Change change = this->change();
    change.publish(slot, kept);
    const std::uint64_t joining = head.joining.load(std::memory_order_relaxed);
    if (pending.next == 0 && joining != 0) {
      if (committed) count(change, static_cast<std::int64_t>(tally_count(joining)));  // from then on joins nothing
      change.store(at(head.joining), 0);
    }
    if (committed && pending.old_slot == 0 && table_.is_bag()) {
      change.store(at(head.keys), head.keys.load(std::memory_order_relaxed) + 1);
    }
    if (committed && gone != 0 && !is_group(gone)) {
      retire(change, object(gone));
    } else if (gone != 0) {
      heap_.retire(change, gone_class, slot_offset(gone));
    }
    heap_.retire(change, kPendingClass, offset);
    change.store(work_offset(kTransaction), pending.next);
    change.commit();
  }
}

// Where it waits: the slots of a tree move while others of the same insert are installed.
Offset StripeGuard::slot_of(const Pending& pending) {
  if (!table_.is_ordered()) return pending.slot;
  const Tree tree(table_);
  Key key;
  static_cast<void>(table_.find_key(table_.key_view(object(pending.new_slot)), key));
  const Table::Found found = tree.find(key);
  if (found.slot_word == nullptr) table_.segment_->refuse(pending.slot, "a pending object");
  return at(*found.slot_word);
}

// Retires what was added to a group that no reader has seen.
void StripeGuard::take_back(const Members& members, std::uint64_t before) {
  for (std::uint64_t count = members.count(); count > before; --count) {
    const StoredObject dead = members[count - 1];
    heap_.prepare_retire(dead.size_class());
    shm::Change change = this->change();
    change.publish(at(members.group().count), count - 1);
    heap_.retire(change, dead.size_class(), at(*dead.block()));  // nobody has seen it
    change.commit();
  }
}

// Lets go of the Transaction record of this stripe, once no other stripe has a Pending of it.
void StripeGuard::leave_home() {
  const Offset offset = stripe_.work[kHome];
  if (offset == 0) return;
  heap_.prepare_retire(kTransactionClass);
  shm::Change change = this->change();
  is_of_all(change);
  change.publish(work_offset(kHome), 0);
  heap_.retire(change, kTransactionClass, offset);
  change.commit();
}

}  // namespace heirloom::table
