// SPDX-License-Identifier: Apache-2.0
//
// Writes to one key, and what comes before those to several.
#include <algorithm>

#include "table/stripe_guard.hpp"
#include "table/table.hpp"

namespace heirloom::table {

// What comes before the lock: the caller's right (judged before its arguments, as in ets), and a root to write under.
shm::Holder Table::prepare_write(Pid caller, Operation operation) {
  check_access(caller, true);
  const shm::Holder me = holder();
  if (header_.root.load(std::memory_order_acquire) == 0) [[unlikely]]
    make_root(me, operation);
  return me;
}

bool Table::insert_one(Pid caller, shm::Holder me, const EncodedObject& object, Operation operation) {
  StripeGuard guard(*this, stripe_of(object.key.hash), me, {.operation = operation});
  check_access(caller, true);  // again, under the lock: it is the fence against a former owner
  if (header_.grave.load(std::memory_order_relaxed) != 0) [[unlikely]]
    bury(guard);
  StripeGuard::Place place = guard.find(object.key);
  if (place.value != 0) {
    if (operation == Operation::insert_new) return false;
    if (is_bag()) {
      guard.add(place, object);
    } else {
      guard.put(place, object);
    }
    return true;
  }
  guard.make_room(place);
  guard.put(place, object);
  guard.grow();
  return true;
}

namespace {

bool is_tuple(const Term& term) { return term::is_kind(term.block()[0], term::Kind::tuple); }

// The objects of a call, tuples or lists of tuples: those that were given, or `flat`, where the elements of lists were copied to.
std::span<const Term> objects_of(std::span<const Term> given, std::vector<Term>& flat) {
  if (std::all_of(given.begin(), given.end(), is_tuple)) return given;
  std::size_t count = 0;
  for (const Term& each : given) count += each.is_list() ? each.size() : 1;
  flat.reserve(count);
  for (const Term& each : given) {
    if (!each.is_list()) {
      flat.push_back(each);
      continue;
    }
    if (!each.is_proper_list()) {
      throw Error(ErrorCode::badarg, "insert", "an improper list is no list of objects: " + to_string(each));
    }
    for (const TermView element : each.elements()) flat.emplace_back(element);
  }
  return flat;
}

// One object, not a list of them.
bool is_one(std::span<const Term> objects) {
  return objects.size() == 1 && (is_tuple(objects.front()) || !objects.front().is_list());
}

}  // namespace

void Table::insert(Pid caller, std::span<const Term> objects) {
  with_room([&] {
    const shm::Holder me = prepare_write(caller, Operation::insert);
    if (is_one(objects)) [[likely]] {
      insert_one(caller, me, encode(objects.front()), Operation::insert);
      return;
    }
    std::vector<Term> flat;
    insert_many(caller, objects_of(objects, flat), Operation::insert);
  });
}

bool Table::insert_new(Pid caller, std::span<const Term> objects) {
  return with_room([&] {
    const shm::Holder me = prepare_write(caller, Operation::insert_new);
    if (is_one(objects)) return insert_one(caller, me, encode(objects.front()), Operation::insert_new);
    std::vector<Term> flat;
    return insert_many(caller, objects_of(objects, flat), Operation::insert_new);
  });
}

Objects Table::take(Pid caller, const TermView& key, bool wanted) {
  const Operation operation = wanted ? Operation::take : Operation::erase;
  const shm::Holder me = prepare_write(caller, operation);
  Key prepared;
  if (!find_key(key, prepared)) return {};
  StripeGuard guard(*this, stripe_of(prepared.hash), me, {.operation = operation});
  check_access(caller, true);
  if (header_.grave.load(std::memory_order_relaxed) != 0) [[unlikely]]
    bury(guard);
  const StripeGuard::Place place = guard.find(prepared);
  if (place.value == 0) return {};
  Objects taken = wanted ? copy_all(place.value) : Objects();
  guard.remove(place);
  return taken;
}

void Table::delete_object(Pid caller, const Term& object) {
  const shm::Holder me = prepare_write(caller, Operation::delete_object);
  if (!object.is_tuple() || object.size() < keypos_) {
    throw Error(ErrorCode::badarg, "delete_object", "not an object of this table: " + to_string(object));
  }
  Key key;
  if (!find_key(object.element(keypos_), key)) return;
  StripeGuard guard(*this, stripe_of(key.hash), me, {.operation = Operation::delete_object});
  check_access(caller, true);
  const StripeGuard::Place place = guard.find(key);
  if (place.value != 0) guard.remove_object(place, object.view());
}

}  // namespace heirloom::table
