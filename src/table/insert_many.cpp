// SPDX-License-Identifier: Apache-2.0
//
// An insert of several objects, all or nothing for every reader and in every death.
//
//   1. lock the stripes of all keys, in the order of their numbers;
//   2. make a Transaction record, whose commit word says 0, in the first of them (its home);
//   3. let the slot of each key point to a Pending {old, new, Transaction}: readers choose `old`, so nothing has changed;
//   4. store 1 into the commit word: from now on all readers choose `new`;
//   5. let each slot point to its new object directly, retire old objects and Pendings, then the Transaction.
//
// Death: each stripe lists its Pendings in its work, so the next comer resolves them stripe by stripe, by the commit word.
// Who repairs the home first waits for the other stripes, since the commit word must outlive its last Pending.
#include <algorithm>
#include <memory>

#include "table/stripe_guard.hpp"
#include "table/table.hpp"

namespace heirloom::table {

class ManyInsert {
 public:
  ManyInsert(Table& table, std::span<const Term> objects) : table_(table) {
    encoded_.reserve(objects.size());
    for (const Term& object : objects) encoded_.push_back(table.encode(object));
    // Stripe by stripe; of objects with the same key the last one counts, so the others go.
    std::vector<const EncodedObject*> order;
    order.reserve(encoded_.size());
    for (const EncodedObject& object : encoded_) order.push_back(&object);
    std::stable_sort(order.begin(), order.end(), [](const EncodedObject* left, const EncodedObject* right) {
      return left->key.hash < right->key.hash;  // the stripe is its highest bits
    });
    for (const EncodedObject* object : order) {
      const auto same = std::find_if(objects_.rbegin(), objects_.rend(), [&](const EncodedObject* earlier) {
        return earlier->key.hash != object->key.hash || earlier->key.view() == object->key.view();
      });
      if (same != objects_.rend() && (*same)->key.hash == object->key.hash) {
        *same = object;
      } else {
        objects_.push_back(object);
      }
    }
  }

  void lock(shm::Holder holder) {
    for (const EncodedObject* object : objects_) {
      const std::uint32_t stripe = table_.stripe_of(object->key.hash);
      if (guards_.empty() || guards_.back()->index() != stripe) {
        guards_.push_back(std::make_unique<StripeGuard>(table_, stripe, holder));
      }
    }
  }

  [[nodiscard]] bool any_present() {
    bool present = false;
    for_each([&](StripeGuard& guard, const EncodedObject& object) {
      present = present || guard.find(object.key).value != 0;
    });
    return present;
  }

  void run() {
    try {
      begin();
      for_each([&](StripeGuard& guard, const EncodedObject& object) { install(guard, object); });
    } catch (...) {
      finish();
      throw;
    }
    commit();
    finish();
    for (const auto& guard : guards_) guard->grow();
  }

 private:
  template <typename Visit>
  void for_each(Visit visit) {
    auto guard = guards_.begin();
    for (const EncodedObject* object : objects_) {
      while ((*guard)->index() != table_.stripe_of(object->key.hash)) ++guard;
      visit(**guard, *object);
    }
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
    change.publish(home.work_offset(kHome), transaction_);
    change.commit();
  }

  // Step 3, for one key.
  void install(StripeGuard& guard, const EncodedObject& object) {
    StripeGuard::Place place = guard.find(object.key);
    guard.make_room(place);
    const shm::SizeClass size_class = shm::class_of(object.words.size() * 8);
    const std::uint64_t tag = tag_of_hash(object.key.hash);
    // The Pending first: to make room for it when memory is short may cost blocks of other classes.
    if (size_class != kPendingClass) guard.heap().prepare_allocate(kPendingClass);
    guard.heap().prepare_allocate(size_class, size_class == kPendingClass ? 2 : 1);
    shm::Change change = guard.change();
    const Offset block = guard.place_block(change, object);
    const Offset offset = guard.heap().allocate(change, kPendingClass);
    guard.record<Pending>(offset, "a pending object") = {.old_slot = place.value,
                                                         .new_slot = make_slot(tag, block, false),
                                                         .transaction = transaction_,
                                                         .next = guard.work(kTransaction),
                                                         .slot = place.slot};
    change.publish(place.slot, make_slot(tag, offset, true));
    change.store(guard.work_offset(kTransaction), offset);
    change.commit();
  }

  // Step 4: the one store that publishes everything; pairs with the load in Table::resolve().
  void commit() {
    guards_.front()->record<Transaction>(transaction_, "a transaction").committed.store(1, std::memory_order_release);
  }

  // Step 5, or the way back when the memory did not suffice: what the next comer would do after a death.
  void finish() {
    RepairReport ignored;
    for (auto guard = guards_.rbegin(); guard != guards_.rend(); ++guard) (*guard)->resolve_transaction();
    guards_.front()->leave_home(ignored);
  }

  Table& table_;
  std::vector<EncodedObject> encoded_;
  std::vector<const EncodedObject*> objects_;
  std::vector<std::unique_ptr<StripeGuard>> guards_;
  Offset transaction_ = 0;
};

bool Table::insert_many(Pid caller, std::span<const Term> objects, bool only_new) {
  if (objects.empty()) return true;
  ManyInsert insert(*this, objects);
  insert.lock(holder());
  check_access(caller, true);
  if (only_new && insert.any_present()) return false;
  insert.run();
  return true;
}

// Gives each slot of an insert of several objects what its commit word chose, and retires the rest.
void StripeGuard::resolve_transaction() {
  while (const Offset offset = stripe_.work[kTransaction]) {
    const Pending pending = record<Pending>(offset, "a pending object");
    const bool committed =
        record<Transaction>(pending.transaction, "a transaction").committed.load(std::memory_order_acquire) != 0;
    const std::uint64_t kept = committed ? pending.new_slot : pending.old_slot;
    const std::uint64_t gone = committed ? pending.old_slot : pending.new_slot;
    shm::SizeClass gone_class = kPendingClass;
    if (gone != 0) gone_class = object(gone).size_class();
    IndexHead& head = this->head();
    if (gone_class == kPendingClass) {
      heap_.prepare_retire(kPendingClass, 2);
    } else {
      heap_.prepare_retire(gone_class);
      heap_.prepare_retire(kPendingClass);
    }
    shm::Change change = this->change();
    change.publish(pending.slot, kept);
    if (committed && pending.old_slot == 0) {
      change.store(at(head.objects), head.objects.load(std::memory_order_relaxed) + 1);
    }
    if (gone != 0) heap_.retire(change, gone_class, slot_offset(gone));
    heap_.retire(change, kPendingClass, offset);
    change.store(work_offset(kTransaction), pending.next);
    change.commit();
  }
}

// Lets go of the Transaction record of this stripe, once no other stripe has a Pending of it.
void StripeGuard::leave_home(RepairReport& report) {
  const Offset offset = stripe_.work[kHome];
  if (offset == 0) return;
  const auto& transaction = record<Transaction>(offset, "a transaction");
  if (transaction.committed.load(std::memory_order_acquire) != 0) {
    ++report.finished;
  } else {
    ++report.undone;
  }
  heap_.prepare_retire(kTransactionClass);
  shm::Change change = this->change();
  change.publish(work_offset(kHome), 0);
  heap_.retire(change, kTransactionClass, offset);
  change.commit();
}

}  // namespace heirloom::table
