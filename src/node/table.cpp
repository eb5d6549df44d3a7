// SPDX-License-Identifier: Apache-2.0
//
// The public Table: its data lives in src/table, its ownership with the manager.
#include "heirloom/table.hpp"

#include <utility>

#include "node/acting.hpp"
#include "node/lineage.hpp"
#include "node/runtime.hpp"
#include "node/table_handle.hpp"

namespace heirloom {

using namespace literals;

using node::caller;
using node::reader;
using node::refuse_forked;

Atom Table::name() const { return handle_->name; }
const std::string& Table::id() const { return handle_->id; }

void Table::insert(const Term& object) { handle_->table->insert(caller(*handle_), {&object, 1}); }
void Table::insert(std::span<const Term> objects) { handle_->table->insert(caller(*handle_), objects); }
bool Table::insert_new(const Term& object) { return handle_->table->insert_new(caller(*handle_), {&object, 1}); }
bool Table::insert_new(std::span<const Term> objects) { return handle_->table->insert_new(caller(*handle_), objects); }

Objects Table::lookup(const Term& key) const { return handle_->table->lookup(reader(*handle_), key); }
bool Table::member(const Term& key) const { return handle_->table->member(reader(*handle_), key); }

Term Table::lookup_element(const Term& key, std::int64_t position) const {
  auto element = handle_->table->lookup_element(reader(*handle_), key, position);
  if (!element) {
    throw Error(ErrorCode::badkey, "lookup_element", "there is no object with the key " + to_string(key));
  }
  return *std::move(element);
}

Term Table::lookup_element(const Term& key, std::int64_t position, const Term& default_value) const {
  auto element = handle_->table->lookup_element(reader(*handle_), key, position);
  return element ? *std::move(element) : default_value;
}

void Table::erase(const Term& key) { handle_->table->take(caller(*handle_), key, false); }
void Table::delete_object(const Term& object) { handle_->table->delete_object(caller(*handle_), object); }
void Table::delete_all_objects() { handle_->table->delete_all_objects(caller(*handle_)); }
Objects Table::take(const Term& key) { return handle_->table->take(caller(*handle_), key); }

Term Table::update_counter(const Term& key, std::int64_t increment) {
  const Pid pid = caller(*handle_);
  table::Table& table = *handle_->table;
  const std::int64_t position = table.keypos() + 1;
  if (const auto sum = table.count(pid, key, position, increment)) return *sum;
  const CounterUpdate update{.position = position, .increment = increment};
  return std::move(table.update_counter(pid, key, {&update, 1}, nullptr).front());
}

Term Table::update_counter(const Term& key, const CounterUpdate& update) {
  return std::move(handle_->table->update_counter(caller(*handle_), key, {&update, 1}, nullptr).front());
}

Term Table::update_counter(const Term& key, const CounterUpdate& update, const Term& default_object) {
  return std::move(handle_->table->update_counter(caller(*handle_), key, {&update, 1}, &default_object).front());
}

std::vector<Term> Table::update_counter(const Term& key, std::span<const CounterUpdate> updates) {
  return handle_->table->update_counter(caller(*handle_), key, updates, nullptr);
}

std::vector<Term> Table::update_counter(const Term& key, std::span<const CounterUpdate> updates,
                                        const Term& default_object) {
  return handle_->table->update_counter(caller(*handle_), key, updates, &default_object);
}

bool Table::update_element(const Term& key, const ElementUpdate& update) {
  return handle_->table->update_element(caller(*handle_), key, {&update, 1}, nullptr);
}

bool Table::update_element(const Term& key, std::span<const ElementUpdate> updates) {
  return handle_->table->update_element(caller(*handle_), key, updates, nullptr);
}

bool Table::update_element(const Term& key, const ElementUpdate& update, const Term& default_object) {
  return handle_->table->update_element(caller(*handle_), key, {&update, 1}, &default_object);
}

bool Table::update_element(const Term& key, std::span<const ElementUpdate> updates, const Term& default_object) {
  return handle_->table->update_element(caller(*handle_), key, updates, &default_object);
}

std::optional<Term> Table::first() const { return handle_->table->first(reader(*handle_)); }
std::optional<Term> Table::next(const Term& key) const { return handle_->table->next(reader(*handle_), key); }
std::optional<KeyObjects> Table::first_lookup() const { return handle_->table->first_lookup(reader(*handle_)); }
std::optional<KeyObjects> Table::next_lookup(const Term& key) const {
  return handle_->table->next_lookup(reader(*handle_), key);
}

std::optional<Term> Table::last() const { return handle_->table->first(reader(*handle_), table::Direction::down); }
std::optional<Term> Table::prev(const Term& key) const {
  return handle_->table->next(reader(*handle_), key, table::Direction::down);
}
std::optional<KeyObjects> Table::last_lookup() const {
  return handle_->table->first_lookup(reader(*handle_), table::Direction::down);
}
std::optional<KeyObjects> Table::prev_lookup(const Term& key) const {
  return handle_->table->next_lookup(reader(*handle_), key, table::Direction::down);
}

std::size_t Table::keypos() const { return static_cast<std::size_t>(handle_->table->keypos()); }

std::vector<Term> Table::objects_behind(const Term* key, bool down, bool with_key) const {
  constexpr std::size_t kObjectsWanted = 100;
  const table::Direction direction = down ? table::Direction::down : table::Direction::up;
  return handle_->table->objects_behind(reader(*handle_), key,
                                        {.limit = kObjectsWanted, .direction = direction, .with_key = with_key});
}

Table::Iterator Table::begin() const { return {*this, objects_behind(nullptr)}; }

Table::Iterator Table::upper_bound(const Term& key) const {
  handle_->table->require_order("upper_bound");
  return {*this, objects_behind(&key)};
}

Table::Iterator Table::lower_bound(const Term& key) const {
  handle_->table->require_order("lower_bound");
  return {*this, objects_behind(&key, false, true)};
}

void Table::Iterator::read_on() const {
  if (objects_.empty()) return;
  const Table table(table_);
  const Term last(objects_.back().element(table.keypos()));
  objects_ = table.objects_behind(&last);
  next_ = 0;
}

std::optional<std::vector<Term>> Table::slot(std::uint64_t number) const {
  return handle_->table->slot(reader(*handle_), number);
}

void Table::init_table(const std::function<std::optional<std::vector<Term>>()>& read) {
  delete_all_objects();
  while (const auto objects = read()) insert(*objects);
}

std::vector<Term> Table::tab2list() const { return handle_->table->tab2list(reader(*handle_)); }

TableInfo Table::info() const {
  refuse_forked(*handle_);
  TableInfo info = node::info_of(*handle_);
  if (info.damage) throw Error(ErrorCode::corrupt, "info", *info.damage);
  return info;
}

Term Table::info(Atom item) const {
  refuse_forked(*handle_);
  if (item == "stats"_atom) return handle_->table->statistics();
  if (auto value = find_item(info(), item)) return *std::move(value);
  throw Error(ErrorCode::badarg, "info", "there is no item " + to_string(Term(item)));
}

void Table::set_max_bytes(std::uint64_t bytes) {
  handle_->runtime->usable().value_or_raise();
  if (handle_->runtime->is_observer())
    throw Error(ErrorCode::no_manager, "set max_bytes", "the node was opened only to look (NodeRole::observer)");
  handle_->table->set_max_bytes(bytes);
}

std::optional<Pid> Table::owner() const {
  refuse_forked(*handle_);
  const Pid owner = handle_->table->owner();
  return owner == Pid{} ? std::nullopt : std::optional(owner);
}

std::uint64_t Table::size() const {
  refuse_forked(*handle_);
  return handle_->table->size();
}

CheckReport Table::check() const {
  handle_->runtime->usable().value_or_raise();
  return handle_->table->check();
}

std::vector<Tenure> Table::lineage() const { return handle_->runtime->lineage(handle_->id).value_or_raise(); }

void Table::give_away(Pid receiver, const Term& gift_data) {
  handle_->runtime->give_away(handle_->id, caller(*handle_), receiver, gift_data).value_or_raise();
}

void Table::give_away(Atom registered_name, const Term& gift_data) {
  handle_->runtime->give_away(handle_->id, caller(*handle_), registered_name, gift_data).value_or_raise();
}

void Table::safe_fixtable(bool fix) { handle_->runtime->fix(handle_->id, caller(*handle_), fix).value_or_raise(); }

void Table::set_protection(Protection protection) {
  handle_->runtime->protect(handle_->id, caller(*handle_), protection).value_or_raise();
}

void Table::make_node_table(Atom name) {
  handle_->runtime->rename(handle_->id, caller(*handle_), name, true).value_or_raise();
}
void Table::rename(Atom name) { handle_->runtime->rename(handle_->id, caller(*handle_), name).value_or_raise(); }

void Table::set_heir(const std::optional<Heir>& heir) {
  handle_->runtime->set_heir(handle_->id, caller(*handle_), heir).value_or_raise();
}

void Table::reclaim() { handle_->runtime->reclaim(handle_->id).value_or_raise(); }
void Table::quarantine(const std::string& cause) {
  handle_->runtime->quarantine(handle_->id, cause, false).value_or_raise();
}
void Table::release(bool replace) { handle_->runtime->release(handle_->id, replace).value_or_raise(); }

void Table::drop() { handle_->runtime->drop_table(handle_->id, caller(*handle_)).value_or_raise(); }

}  // namespace heirloom
