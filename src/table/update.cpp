// SPDX-License-Identifier: Apache-2.0
//
// update_counter and update_element. A counter that stays a small integer, in an object whose only changing element it is, is
// one store in place (object.hpp); everything else is a new copy of the object.
#include <string>

#include "table/stripe_guard.hpp"
#include "table/table.hpp"
#include "term/arithmetic.hpp"

namespace heirloom::table {

namespace {

// Positions that a call may change. `what` names the call.
void check_position(std::int64_t position, std::uint64_t keypos, std::uint64_t arity, const char* what) {
  if (position < 1 || static_cast<std::uint64_t>(position) > arity) {
    throw Error(ErrorCode::position, what,
                "there is no element " + std::to_string(position) + " of " + std::to_string(arity));
  }
  if (static_cast<std::uint64_t>(position) == keypos) {
    throw Error(ErrorCode::keypos, what, "element " + std::to_string(position) + " is the key");
  }
}

// The elements of an object, out of their block.
std::vector<Term> elements_of(const Term& object) {
  std::vector<Term> elements;
  elements.reserve(object.size());
  for (const TermView element : object.elements()) elements.emplace_back(element);
  return elements;
}

Term updated_counter(const Term& counter, const CounterUpdate& update) {
  if (!counter.is_integer() || !update.increment.is_integer()) {
    throw Error(ErrorCode::badarg, "update_counter",
                "element " + std::to_string(update.position) +
                    " or its increment is no integer: " + to_string(counter) + " + " + to_string(update.increment));
  }
  Term sum = term::add(counter, update.increment);
  if (!update.threshold) return sum;
  if (!update.threshold->is_integer() || !update.reset_to.is_integer()) {
    throw Error(ErrorCode::badarg, "update_counter", "threshold and reset value must be integers");
  }
  const bool up = compare(update.increment, Term(0)) >= 0;
  const bool beyond = up ? compare(sum, *update.threshold) > 0 : compare(sum, *update.threshold) < 0;
  return beyond ? update.reset_to : sum;
}

// What is judged whether the key is there or not, as OTP 28 does.
void require_tuple(const Term& default_object, const char* operation) {
  if (default_object.is_tuple()) return;
  throw Error(ErrorCode::badarg, operation, "the default object must be a tuple: " + to_string(default_object));
}

}  // namespace

std::vector<Term> Table::elements_of_default(const Term& object, const Term& key, const char* operation) const {
  if (object.size() < keypos_) {
    throw Error(ErrorCode::badarg, operation,
                "the default object must have at least " + std::to_string(keypos_) + " elements: " + to_string(object));
  }
  std::vector<Term> elements = elements_of(object);
  elements[keypos_ - 1] = key;
  return elements;
}

// False: no object can have the key, as an atom of it is in none. Where it may be inserted, it will have to be there.
bool Table::find_key_for(const Term& key, bool may_insert, shm::Holder holder, Key& found) const {
  if (may_insert && term::is_atom(key.view().word())) dictionary_.intern(key.as_atom().id(), holder);
  return find_key(key, found);
}

void StripeGuard::put_anew(Place& place, const std::vector<Term>& elements) {
  const Term object = tuple(elements);
  const bool fresh = place.value == 0;
  if (fresh) make_room(place);
  put(place, table_.encode(object));
  if (fresh) grow();
}

std::vector<Term> Table::update_counter(Pid caller, const Term& key, std::span<const CounterUpdate> updates,
                                        const Term* default_object) {
  return with_room([&] { return update_counters(caller, key, updates, default_object); });
}

std::vector<Term> Table::update_counters(Pid caller, const Term& key, std::span<const CounterUpdate> updates,
                                         const Term* default_object) {
  const shm::Holder me = prepare_write(caller, Operation::update_counter);
  refuse_bag("update_counter");
  if (default_object != nullptr) require_tuple(*default_object, "update_counter");
  const auto absent = [&] {
    throw Error(ErrorCode::badkey, "update_counter", "there is no object with the key " + to_string(key));
  };
  Key prepared;
  if (!find_key_for(key, default_object != nullptr, me, prepared)) absent();
  StripeGuard guard(*this, stripe_of(prepared.hash), me, {.operation = Operation::update_counter});
  check_access(caller, true);
  StripeGuard::Place place = guard.find(prepared);
  if (place.value == 0 && default_object == nullptr) absent();

  if (place.value != 0 && updates.size() == 1 && !updates.front().threshold &&
      term::is_small(updates.front().increment.view().word())) {
    const std::int64_t increment = term::small_value(updates.front().increment.view().word());
    if (const auto sum = guard.count_in_place(place.object, updates.front().position, increment)) return {Term(*sum)};
  }
  std::vector<Term> elements = place.value != 0 ? elements_of(copy_out(place.object))
                                                : elements_of_default(*default_object, key, "update_counter");
  std::vector<Term> results;
  for (const CounterUpdate& update : updates) {
    check_position(update.position, keypos_, elements.size(), "update_counter");
    Term& element = elements[static_cast<std::size_t>(update.position) - 1];
    element = updated_counter(element, update);
    results.push_back(element);
  }
  guard.put_anew(place, elements);
  return results;
}

std::optional<std::int64_t> Table::count(Pid caller, const TermView& key, std::int64_t position,
                                         std::int64_t increment) {
  const shm::Holder me = prepare_write(caller, Operation::update_counter);
  if (is_bag()) return std::nullopt;
  Key prepared;
  if (!find_key(key, prepared)) return std::nullopt;
  StripeGuard guard(*this, stripe_of(prepared.hash), me, {.operation = Operation::update_counter});
  check_access(caller, true);
  const StripeGuard::Place place = guard.find(prepared);
  return place.value == 0 ? std::nullopt : guard.count_in_place(place.object, position, increment);
}

std::optional<std::int64_t> StripeGuard::count_in_place(StoredObject object, std::int64_t position,
                                                        std::int64_t increment) {
  const auto at_position = static_cast<std::uint64_t>(position);
  if (table_.compressed_ || at_position - 1 >= kCounterPositionMax || at_position > object.arity() ||
      at_position == table_.keypos_)
    return {};
  const std::uint64_t old = object.element(at_position);
  if (!term::is_small(old) || !term::fits_small(increment)) return {};
  const std::int64_t sum = term::small_value(old) + increment;  // 60 bits each: no overflow
  if (!term::fits_small(sum)) return {};
  if (object.counter() != at_position) {
    if (object.counter() != 0) return {};
    // No reader looks at this field.
    table_.segment_->word(at(*object.block())).fetch_or(at_position << kCounterShift, std::memory_order_relaxed);
  }
  table_.segment_->word(at(object.block()[at_position])).store(term::make_small(sum), std::memory_order_release);
  return sum;
}

bool Table::update_element(Pid caller, const Term& key, std::span<const ElementUpdate> updates,
                           const Term* default_object) {
  return with_room([&] { return update_elements(caller, key, updates, default_object); });
}

bool Table::update_elements(Pid caller, const Term& key, std::span<const ElementUpdate> updates,
                            const Term* default_object) {
  const shm::Holder me = prepare_write(caller, Operation::update_element);
  refuse_bag("update_element");
  if (default_object != nullptr) require_tuple(*default_object, "update_element");
  Key prepared;
  if (!find_key_for(key, default_object != nullptr, me, prepared)) return false;
  StripeGuard guard(*this, stripe_of(prepared.hash), me, {.operation = Operation::update_element});
  check_access(caller, true);
  StripeGuard::Place place = guard.find(prepared);
  if (place.value == 0 && default_object == nullptr) return false;
  std::vector<Term> elements = place.value != 0 ? elements_of(copy_out(place.object))
                                                : elements_of_default(*default_object, key, "update_element");
  for (const ElementUpdate& update : updates) {
    check_position(update.position, keypos_, elements.size(), "update_element");
    elements[static_cast<std::size_t>(update.position) - 1] = update.value;
  }
  if (updates.empty() && place.value != 0) return true;
  guard.put_anew(place, elements);
  return true;
}

}  // namespace heirloom::table
