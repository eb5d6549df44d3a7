// SPDX-License-Identifier: Apache-2.0
//
// TypedTable<T>: a table whose objects are records of one plain struct (typed.hpp); its first member is the key. It is a
// Table seen through a type: anything else, and everything that is not here, goes through table(). TypedBag<T> is the same for tables
// that keep several records of a key. Needs <boost/pfr.hpp>.
//
//   struct session {
//     std::string user;  // the key
//     std::int64_t hits;
//   };
//   TypedTable<session> sessions(node.open_or_create("sessions"_atom, {.keypos = 2}));
//   sessions.insert({"alice", 7});
//   if (std::optional<session> alice = sessions.lookup("alice")) std::cout << alice->hits << '\n';
//   sessions.update_counter<&session::hits>("alice", 1);
//   for (const session& busy : sessions.each(where(field<&session::hits> > 10))) ...   // typed_query.hpp
//
// Every function throws what the function of Table of the same name throws. Those that write throw besides what to_term()
// throws, and those that give records Error{type} when the table holds something else, which Erlang or an older program may
// have written: "read session.hits (element 3): expected an integer, found <<"x">>". Handles are cheap to copy.
//
// Records are copies. Who only looks, and wants no std::string made, reads as a struct of the same record whose members are
// std::string_view and TermView: see read().
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "heirloom/table.hpp"
#include "heirloom/typed.hpp"
#include "heirloom/typed_query.hpp"

namespace heirloom {

// Structs that can be the records of a table. What is read from a table is a copy, so it may not refer to other memory.
template <typename T>
concept TableRecord = query::RecordOfTable<T> && !BorrowsFromTerm<T>;

// Another struct for the same records, whose members may refer to what was read.
template <typename View, typename T>
concept RecordView = typed::Record<View> && TermReadable<View> && kRecordName<View>
== kRecordName<T>&& typed::kMemberCount<View> == typed::kMemberCount<T>;

// What to do with a counter: add `increment`; where `threshold` is given and the result passes it, it becomes `reset_to`.
struct Count {
  std::int64_t increment = 1;
  std::optional<std::int64_t> threshold = {};
  std::int64_t reset_to = 0;
};

namespace typed {

template <auto kMember, typename T>
concept MemberOf = std::same_as<typename Member<kMember>::Record, T>;
template <auto kMember, typename T>
concept ChangeableOf = MemberOf<kMember, T> &&(Member<kMember>::kIndex > 0);  // not the key
// A counter goes on beyond what a smaller member could hold, and then no record could be read any more.
template <auto kMember, typename T>
concept CounterOf = ChangeableOf<kMember, T> && std::integral<typename Member<kMember>::Type> &&
                    sizeof(typename Member<kMember>::Type) == sizeof(std::int64_t);

// A Table::Iterator or its like that gives values of R. What it is at is made anew each time that it is looked at, and Error{type} is
// thrown when it is no R.
template <typename R, typename Inner>
class IteratorOf {
 public:
  using value_type = R;
  using reference = R;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  IteratorOf() = default;
  explicit IteratorOf(Inner inner) : inner_(std::move(inner)) {}
  [[nodiscard]] R operator*() const { return from_term<R>(TermView(*inner_)); }
  IteratorOf& operator++() { return ++inner_, *this; }
  void operator++(int) { ++inner_; }
  friend bool operator==(const IteratorOf& iterator, std::default_sentinel_t end) { return iterator.inner_ == end; }

 private:
  Inner inner_;
};

// The matches of a query, one by one: an input range.
template <typename R>
class MatchesOf {
 public:
  using Iterator = IteratorOf<R, Table::Matches::Iterator>;
  explicit MatchesOf(Table::Matches matches) : matches_(std::move(matches)) {}
  [[nodiscard]] Iterator begin() const { return Iterator(matches_.begin()); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Table::Matches matches_;
};

// What typed tables of all types have in common.
template <TableRecord T>
class TableOf {
 public:
  // The key follows the name of the record.
  static constexpr std::int64_t kKeypos = 2;

  using Key = std::remove_cvref_t<std::tuple_element_t<0, MembersOf<T>>>;
  // How functions take a key: no std::string is made of a literal.
  using KeyView = std::conditional_t<std::same_as<Key, std::string>, std::string_view, const Key&>;

  void insert(const T& record) { table_.insert(to_term(record)); }
  void insert(std::span<const T> records) { table_.insert(terms_of(records)); }  // all or nothing
  bool insert_new(const T& record) { return table_.insert_new(to_term(record)); }
  bool insert_new(std::span<const T> records) { return table_.insert_new(terms_of(records)); }

  [[nodiscard]] bool member(KeyView key) const { return table_.member(term_of_key(key)); }
  // Calls function(view) for each record of the key, at one moment: read<session_view>("alice", [](const session_view& alice) {...}).
  // What the view refers to is gone when the function returns. The number of records.
  template <RecordView<T> View, std::invocable<const View&> Function>
  std::size_t read(KeyView key, Function function) const {
    const Objects found = table_.lookup(term_of_key(key));
    for (const Term& object : found) function(from_term<View>(object.view()));
    return found.size();
  }
  // The same of all records, in the order of a traversal.
  template <RecordView<T> View, std::invocable<const View&> Function>
  void read_all(Function function) const {
    for (const Term& object : table_) function(from_term<View>(object.view()));
  }

  void erase(KeyView key) { table_.erase(term_of_key(key)); }
  void delete_object(const T& record) { table_.delete_object(to_term(record)); }
  void delete_all_objects() { table_.delete_all_objects(); }
  void init_table(const std::function<std::optional<std::vector<T>>()>& read) {
    table_.init_table([&]() -> std::optional<std::vector<Term>> {
      const std::optional<std::vector<T>> records = read();
      return records ? std::optional(terms_of(*records)) : std::nullopt;
    });
  }

  // -- traverse --
  [[nodiscard]] std::optional<Key> first() const { return key_of(table_.first()); }
  [[nodiscard]] std::optional<Key> next(KeyView key) const { return key_of(table_.next(term_of_key(key))); }
  [[nodiscard]] std::optional<Key> last() const { return key_of(table_.last()); }
  [[nodiscard]] std::optional<Key> prev(KeyView key) const { return key_of(table_.prev(term_of_key(key))); }
  // for (const session& each : sessions) ...
  using Iterator = IteratorOf<T, Table::Iterator>;
  [[nodiscard]] Iterator begin() const { return Iterator(table_.begin()); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  [[nodiscard]] Iterator lower_bound(KeyView key) const { return Iterator(table_.lower_bound(term_of_key(key))); }
  [[nodiscard]] Iterator upper_bound(KeyView key) const { return Iterator(table_.upper_bound(term_of_key(key))); }
  [[nodiscard]] std::vector<T> tab2list() const { return values_of<T>(table_.tab2list()); }
  // function(record, accumulator)
  template <typename Function, typename Accumulator>
  Accumulator foldl(Function function, Accumulator accumulator) const {
    return table_.foldl(on_records(std::move(function)), std::move(accumulator));
  }
  template <typename Function, typename Accumulator>
  Accumulator foldr(Function function, Accumulator accumulator) const {
    return table_.foldr(on_records(std::move(function)), std::move(accumulator));
  }

  // -- select: what a query over T says (typed_query.hpp), where(...) or where(...).yield(...) --
  template <typename Query>
  requires std::same_as<typename Query::Record, T>
  [[nodiscard]] std::vector<typename Query::Result> select(const Query& query) const {
    return values_of<typename Query::Result>(table_.select(query.spec()));
  }
  template <typename Query>
  requires std::same_as<typename Query::Record, T>
  [[nodiscard]] std::vector<typename Query::Result> select_reverse(const Query& query) const {
    return values_of<typename Query::Result>(table_.select_reverse(query.spec()));
  }
  // The matches one by one, read some at a time.
  template <typename Query>
  requires std::same_as<typename Query::Record, T>
  [[nodiscard]] auto each(const Query& query, std::size_t objects_at_once = 100) const {
    return MatchesOf<typename Query::Result>(table_.each(query.spec(), objects_at_once));
  }
  [[nodiscard]] std::uint64_t select_count(const query::Records<T>& records) const {
    return table_.select_count(records.spec_of_true());
  }
  std::uint64_t select_delete(const query::Records<T>& records) { return table_.select_delete(records.spec_of_true()); }

  [[nodiscard]] std::uint64_t size() const { return table_.size(); }
  [[nodiscard]] Table& table() noexcept { return table_; }
  [[nodiscard]] const Table& table() const noexcept { return table_; }

  friend bool operator==(const TableOf&, const TableOf&) noexcept = default;

 protected:
  TableOf(Table table, bool bag) : table_(std::move(table)) {
    const TableInfo info = table_.info();
    const bool is_bag = info.type == TableType::bag || info.type == TableType::duplicate_bag;
    if (info.keypos == kKeypos && is_bag == bag) return;
    throw Error(ErrorCode::badarg, "open a table of records",
                std::string("it must be a ") + (bag ? "bag" : "set") + " of keypos 2, and \"" +
                    std::string(info.name.text()) + "\" is of the type " + std::string(to_string(info.type)) +
                    " and of keypos " + std::to_string(info.keypos));
  }

  static Term term_of_key(KeyView key) { return to_term<std::remove_cvref_t<KeyView>>(key); }
  static std::optional<Key> key_of(const std::optional<Term>& term) {
    if (!term) return std::nullopt;
    return from_term<Key>(*term);
  }

  static std::vector<Term> terms_of(std::span<const T> records) {
    std::vector<Term> terms;
    terms.reserve(records.size());
    for (const T& record : records) terms.push_back(to_term(record));
    return terms;
  }

  template <typename R, typename Terms>
  static std::vector<R> values_of(const Terms& terms) {
    std::vector<R> values;
    values.reserve(terms.size());
    for (const Term& term : terms) values.push_back(from_term<R>(term));
    return values;
  }

  template <typename Function>
  static auto on_records(Function function) {
    return
        [function = std::move(function)]<typename Accumulator>(const Term& object, Accumulator&& accumulator) mutable {
          return function(from_term<T>(object), std::forward<Accumulator>(accumulator));
        };
  }

  Table table_;
};

}  // namespace typed

// A set or an ordered_set: at most one record of a key.
template <TableRecord T>
class TypedTable : public typed::TableOf<T> {
  using Base = typed::TableOf<T>;
  using Base::table_;
  using Base::term_of_key;
  template <auto kMember>
  using Type = typename typed::Member<kMember>::Type;

 public:
  using typename Base::Key;
  using typename Base::KeyView;

  // Error{badarg} when the table's keypos is not 2, or it may have several objects of one key.
  explicit TypedTable(Table table) : Base(std::move(table), false) {}

  [[nodiscard]] std::optional<T> lookup(KeyView key) const { return record_of(table_.lookup(term_of_key(key))); }
  // Should the object be no T, it is gone all the same.
  std::optional<T> take(KeyView key) { return record_of(table_.take(term_of_key(key))); }

  // lookup_element<&session::hits>("alice")
  template <auto kMember>
  requires typed::MemberOf<kMember, T>
  [[nodiscard]] Type<kMember> lookup_element(KeyView key) const {
    return from_term<Type<kMember>>(table_.lookup_element(term_of_key(key), query::kPosition<kMember>));
  }
  template <auto kMember>
  requires typed::MemberOf<kMember, T>
  [[nodiscard]] Type<kMember> lookup_element(KeyView key, const Type<kMember>& default_value) const {
    return from_term<Type<kMember>>(
        table_.lookup_element(term_of_key(key), query::kPosition<kMember>, to_term(default_value)));
  }

  // -- change in place: of members of 64 bits, since a counter in a table has no end; and all of several in one step --
  template <auto kMember>
  requires typed::CounterOf<kMember, T> Type<kMember> update_counter(KeyView key, std::int64_t increment) {
    return update_counter<kMember>(key, Count{increment});
  }
  template <auto kMember>
  requires typed::CounterOf<kMember, T> Type<kMember> update_counter(KeyView key, const Count& count) {
    return from_term<Type<kMember>>(table_.update_counter(term_of_key(key), update_of<kMember>(count)));
  }
  // With a default record (its key is replaced by `key`), an absent key is inserted first.
  template <auto kMember>
  requires typed::CounterOf<kMember, T> Type<kMember> update_counter(KeyView key, const Count& count,
                                                                     const T& default_record) {
    return from_term<Type<kMember>>(
        table_.update_counter(term_of_key(key), update_of<kMember>(count), to_term(default_record)));
  }
  // update_counters<&session::hits, &session::bytes>("alice", Count{1}, Count{512}): the new values.
  template <auto... kMembers>
  requires(typed::CounterOf<kMembers, T>&&...) std::tuple<Type<kMembers>...> update_counters(
      KeyView key, const std::type_identity_t<decltype(kMembers, Count())>&... counts) {
    const CounterUpdate updates[] = {update_of<kMembers>(counts)...};
    const std::vector<Term> values = table_.update_counter(term_of_key(key), updates);
    return values_at<Type<kMembers>...>(values, std::index_sequence_for<decltype(kMembers)...>());
  }

  // update_element<&session::hits, &session::rights>("alice", 0, role::admin): false when the key is absent.
  template <auto... kMembers>
  requires(typed::ChangeableOf<kMembers, T>&&...) bool update_element(KeyView key, const Type<kMembers>&... values) {
    const ElementUpdate updates[] = {{query::kPosition<kMembers>, to_term(values)}...};
    return table_.update_element(term_of_key(key), updates);
  }
  // With a default record (its key is replaced by `key`), an absent key is inserted first.
  template <auto... kMembers>
  requires(typed::ChangeableOf<kMembers, T>&&...) void update_element_or_insert(KeyView key, const T& default_record,
                                                                                const Type<kMembers>&... values) {
    const ElementUpdate updates[] = {{query::kPosition<kMembers>, to_term(values)}...};
    table_.update_element(term_of_key(key), updates, to_term(default_record));
  }
  // where(...).assign<&session::hits>(0): the number of records replaced.
  std::uint64_t select_replace(const query::Replacement<T>& replacement) {
    return table_.select_replace(replacement.spec());
  }

 private:
  template <typename... V, std::size_t... I>
  static std::tuple<V...> values_at(const std::vector<Term>& terms, std::index_sequence<I...> /*indexes*/) {
    return {from_term<V>(terms[I])...};
  }
  static std::optional<T> record_of(const Objects& found) {
    if (found.empty()) return std::nullopt;
    return from_term<T>(found.front());
  }
  template <auto kMember>
  static CounterUpdate update_of(const Count& count) {
    std::optional<Term> threshold;
    if (count.threshold) threshold = *count.threshold;
    return {query::kPosition<kMember>, count.increment, std::move(threshold), count.reset_to};
  }
};

// A bag or a duplicate_bag: several records of a key, in the order of their insertion.
template <TableRecord T>
class TypedBag : public typed::TableOf<T> {
  using Base = typed::TableOf<T>;
  using Base::table_;
  using Base::term_of_key;

 public:
  using typename Base::Key;
  using typename Base::KeyView;

  // Error{badarg} when the table's keypos is not 2, or it has but one object of a key.
  explicit TypedBag(Table table) : Base(std::move(table), true) {}

  [[nodiscard]] std::vector<T> lookup(KeyView key) const {
    return Base::template values_of<T>(table_.lookup(term_of_key(key)));
  }
  // Should one of the objects be no T, they are gone all the same.
  std::vector<T> take(KeyView key) { return Base::template values_of<T>(table_.take(term_of_key(key))); }
  // Of all records of the key. Error{badkey}: there is none.
  template <auto kMember>
  requires typed::MemberOf<kMember, T>
  [[nodiscard]] auto lookup_element(KeyView key) const {
    using Values = std::vector<typename typed::Member<kMember>::Type>;
    return from_term<Values>(table_.lookup_element(term_of_key(key), query::kPosition<kMember>));
  }
};

}  // namespace heirloom
