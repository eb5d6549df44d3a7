// SPDX-License-Identifier: Apache-2.0
//
// TypedTable<T>: a table whose objects are records of one plain struct (typed.hpp); its first member is the key. It is a
// Table seen through a type: anything else, and everything that is not here, goes through table(). Needs <boost/pfr.hpp>.
//
//   struct session {
//     std::string user;  // the key
//     std::int64_t hits;
//   };
//   TypedTable<session> sessions(node.open_or_create("sessions"_atom, {.keypos = 2}));
//   sessions.insert({"alice", 7});
//   if (std::optional<session> alice = sessions.lookup("alice")) std::cout << alice->hits << '\n';
//
// Every function throws what the function of Table of the same name throws. Those that write throw besides what to_term()
// throws, and those that give records Error{type} when the table holds something else, which Erlang or an older program may
// have written: "read session.hits (element 3): expected an integer, found <<"x">>". Handles are cheap to copy.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
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

namespace heirloom {

// Structs that can be the records of a table. What is read from a table is a copy, so it may not refer to other memory.
template <typename T>
concept TableRecord = typed::Record<T> && TermConvertible<T> && !BorrowsFromTerm<T> && (typed::kMemberCount<T> > 0);

template <TableRecord T>
class TypedTable {
 public:
  // The key follows the name of the record.
  static constexpr std::int64_t kKeypos = 2;

  using Key = std::remove_cvref_t<std::tuple_element_t<0, typed::MembersOf<T>>>;
  // How functions take a key: no std::string is made of a literal.
  using KeyView = std::conditional_t<std::same_as<Key, std::string>, std::string_view, const Key&>;

  // Error{badarg} when the table's keypos is not 2, or it may have several objects of one key.
  explicit TypedTable(Table table) : table_(std::move(table)) {
    const TableInfo info = table_.info();
    if (info.keypos == kKeypos && (info.type == TableType::set || info.type == TableType::ordered_set)) return;
    throw Error(ErrorCode::badarg, "open a table of records",
                "it must be a set of keypos 2, and \"" + std::string(info.name.text()) + "\" is of the type " +
                    std::string(to_string(info.type)) + " and of keypos " + std::to_string(info.keypos));
  }

  void insert(const T& record) { table_.insert(to_term(record)); }
  void insert(std::span<const T> records) { table_.insert(terms_of(records)); }  // all or nothing
  bool insert_new(const T& record) { return table_.insert_new(to_term(record)); }
  bool insert_new(std::span<const T> records) { return table_.insert_new(terms_of(records)); }

  [[nodiscard]] std::optional<T> lookup(KeyView key) const { return record_of(table_.lookup(term_of_key(key))); }
  [[nodiscard]] bool member(KeyView key) const { return table_.member(term_of_key(key)); }
  // Should the object be no T, it is gone all the same.
  std::optional<T> take(KeyView key) { return record_of(table_.take(term_of_key(key))); }
  void erase(KeyView key) { table_.erase(term_of_key(key)); }
  [[nodiscard]] std::vector<T> tab2list() const {
    std::vector<T> records;
    for (const Term& object : table_.tab2list()) records.push_back(from_term<T>(object));
    return records;
  }
  [[nodiscard]] std::uint64_t size() const { return table_.size(); }

  [[nodiscard]] Table& table() noexcept { return table_; }
  [[nodiscard]] const Table& table() const noexcept { return table_; }

  friend bool operator==(const TypedTable&, const TypedTable&) noexcept = default;

 private:
  static Term term_of_key(KeyView key) { return to_term<std::remove_cvref_t<KeyView>>(key); }

  static std::vector<Term> terms_of(std::span<const T> records) {
    std::vector<Term> terms;
    terms.reserve(records.size());
    for (const T& record : records) terms.push_back(to_term(record));
    return terms;
  }

  static std::optional<T> record_of(const Objects& found) {
    if (found.empty()) return std::nullopt;
    return from_term<T>(found.front());
  }

  Table table_;
};

}  // namespace heirloom
