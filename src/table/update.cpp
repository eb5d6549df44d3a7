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

}  // namespace

std::vector<Term> Table::update_counter(Pid caller, const Term& key, std::span<const CounterUpdate> updates,
                                        const Term* default_object) {
  const shm::Holder me = prepare_write(caller);
  refuse_bag("update_counter");
  std::optional<EncodedObject> inserted;
  std::vector<Term> elements;
  if (default_object != nullptr) {
    if (!default_object->is_tuple() || default_object->size() < keypos_) {
      throw Error(ErrorCode::badarg, "update_counter",
                  "the default object must be a tuple of at least " + std::to_string(keypos_) + " elements");
    }
    elements = elements_of(*default_object);
    elements[keypos_ - 1] = key;
    inserted = encode(tuple(elements));
  }
  Key prepared;
  const bool possible = find_key(key, prepared);
  const auto absent = [&] {
    throw Error(ErrorCode::badkey, "update_counter", "there is no object with the key " + to_string(key));
  };
  if (!possible) absent();
  StripeGuard guard(*this, stripe_of(prepared.hash), me);
  check_access(caller, true);
  StripeGuard::Place place = guard.find(prepared);
  if (place.value == 0 && !inserted) absent();

  if (place.value != 0 && updates.size() == 1 && !updates.front().threshold &&
      term::is_small(updates.front().increment.view().word())) {
    const std::int64_t increment = term::small_value(updates.front().increment.view().word());
    if (const auto sum = guard.count_in_place(place.object, updates.front().position, increment)) return {Term(*sum)};
  }
  if (place.value != 0) elements = elements_of(copy_out(place.object));
  std::vector<Term> results;
  for (const CounterUpdate& update : updates) {
    check_position(update.position, keypos_, elements.size(), "update_counter");
    Term& element = elements[static_cast<std::size_t>(update.position) - 1];
    element = updated_counter(element, update);
    results.push_back(element);
  }
  const Term object = tuple(elements);
  const bool fresh = place.value == 0;
  if (fresh) guard.make_room(place);
  guard.put(place, encode(object));
  if (fresh) guard.grow();
  return results;
}

std::optional<std::int64_t> Table::count(Pid caller, const TermView& key, std::int64_t position,
                                         std::int64_t increment) {
  const shm::Holder me = prepare_write(caller);
  if (is_bag()) return std::nullopt;
  Key prepared;
  if (!find_key(key, prepared)) return std::nullopt;
  StripeGuard guard(*this, stripe_of(prepared.hash), me);
  check_access(caller, true);
  const StripeGuard::Place place = guard.find(prepared);
  return place.value == 0 ? std::nullopt : guard.count_in_place(place.object, position, increment);
}

std::optional<std::int64_t> StripeGuard::count_in_place(StoredObject object, std::int64_t position,
                                                        std::int64_t increment) {
  const auto at_position = static_cast<std::uint64_t>(position);
  if (at_position - 1 >= kCounterPositionMax || at_position > object.arity() || at_position == table_.keypos_)
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

bool Table::update_element(Pid caller, const Term& key, std::span<const ElementUpdate> updates) {
  const shm::Holder me = prepare_write(caller);
  refuse_bag("update_element");
  Key prepared;
  if (!find_key(key, prepared)) return false;
  StripeGuard guard(*this, stripe_of(prepared.hash), me);
  check_access(caller, true);
  const StripeGuard::Place place = guard.find(prepared);
  if (place.value == 0) return false;
  std::vector<Term> elements = elements_of(copy_out(place.object));
  for (const ElementUpdate& update : updates) {
    check_position(update.position, keypos_, elements.size(), "update_element");
    elements[static_cast<std::size_t>(update.position) - 1] = update.value;
  }
  if (updates.empty()) return true;
  const Term object = tuple(elements);
  guard.put(place, encode(object));
  return true;
}

}  // namespace heirloom::table
