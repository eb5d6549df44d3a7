// SPDX-License-Identifier: Apache-2.0
#include "tabfile/header.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "tabfile/failure.hpp"
#include "tabfile/pairs.hpp"

namespace heirloom::tabfile {

using namespace literals;

namespace {

constexpr std::array kMandatory = {"name", "type", "protection", "named_table", "keypos", "size"};

// Erlang counts them, and so takes one that is there twice for another that is missing.
bool has_mandatory(const Term& tuple) {
  std::size_t count = 0;
  for (const TermView pair : tuple.elements()) {
    if (!is_pair(pair) || !pair.element(1).is_atom()) continue;
    if (std::find(kMandatory.begin(), kMandatory.end(), pair.element(1).as_atom().text()) != kMandatory.end()) ++count;
  }
  return count == kMandatory.size();
}

TableType type_of(std::string_view name) {
  for (const TableType type : {TableType::set, TableType::ordered_set, TableType::bag, TableType::duplicate_bag}) {
    if (to_string(type) == name) return type;
  }
  throw Error(ErrorCode::badarg, "", "no table is of the type " + std::string(name));
}

Protection protection_of(std::string_view name) {
  for (const Protection protection :
       {Protection::public_access, Protection::protected_access, Protection::private_access}) {
    if (to_string(protection) == name) return protection;
  }
  throw Error(ErrorCode::badarg, "", "no table has the protection " + std::string(name));
}

}  // namespace

Term make_header(const TableInfo& info, const Tab2File& options) {
  const Term of_table = to_term(info);
  std::vector<Term> pairs;
  for (const TermView pair : of_table.elements()) pairs.emplace_back(pair);
  pairs.push_back({"major_version"_atom, 1});
  pairs.push_back({"minor_version"_atom, 0});
  std::vector<Term> extended;
  if (options.object_count) extended.emplace_back("object_count"_atom);
  if (options.md5sum) extended.emplace_back("md5sum"_atom);
  pairs.push_back({"extended_info"_atom, list(extended)});
  return tuple(pairs);
}

Header::Header(Term item, bool verify, const std::string& operation) : term_(std::move(item)), operation_(operation) {
  if (!term_.is_tuple() || !has_mandatory(term_)) {
    throw bad_file(operation_,
                   "the first item is no tuple of pairs with name, type, protection, named_table, keypos and size");
  }
  major_ = version(verify ? "major" : "major_version");
  minor_ = version(verify ? "minor" : "minor_version");
  object_count_ = says("object_count");
  md5sum_ = says("md5sum");
}

std::optional<TermView> Header::find(const char* key) const { return key_find(term_.elements(), Atom(key)); }

Term Header::value_of(const char* key) const {
  const auto pair = find(key);
  if (!pair || !is_pair(*pair)) throw bad_file(operation_, "the first item has no pair {" + std::string(key) + ",_}");
  return Term(pair->element(2));
}

Term Header::version(const char* key) const {
  const auto pair = find(key);
  return pair && is_pair(*pair) ? Term(pair->element(2)) : Term(0);
}

bool Header::says(const char* extended) const {
  const auto pair = find("extended_info");
  if (!pair || !is_pair(*pair) || !pair->element(2).is_list()) return false;
  for (const TermView item : pair->element(2).elements()) {
    if (item == Term(Atom(extended))) return true;
  }
  if (!pair->element(2).is_proper_list()) throw bad_file(operation_, "extended_info is an improper list");
  return false;
}

Term Header::options() const {
  std::vector<Term> options;
  const auto pair_of = [&](const char* key) { return Term(std::initializer_list<Term>{Atom(key), value_of(key)}); };
  const auto flag = [&](const char* key) {
    const Term value = value_of(key);
    if (value == Term(true)) options.emplace_back(Atom(key));
    if (value != Term(true) && value != Term(false))
      throw bad_file(operation_, std::string(key) + " is " + to_string(value) + ", neither true nor false");
  };
  if (find("read_concurrency")) options.push_back(pair_of("read_concurrency"));
  if (const auto pair = find("write_concurrency"); pair && is_pair(*pair)) options.emplace_back(*pair);
  if (find("compressed")) flag("compressed");
  flag("named_table");
  options.push_back(value_of("type"));
  options.push_back(value_of("protection"));
  options.push_back(pair_of("keypos"));
  return list(options);
}

TableFileInfo Header::info() const try {
  const Term keypos = value_of("keypos");
  if (keypos.as_int64() < 1) throw Error(ErrorCode::badarg, "", "keypos is " + to_string(keypos));
  return {.name = value_of("name").as_atom(),
          .type = type_of(value_of("type").as_atom().text()),
          .protection = protection_of(value_of("protection").as_atom().text()),
          .named_table = value_of("named_table").as_bool(),
          .keypos = keypos.as_int64(),
          .size = size().as_uint64(),
          .object_count = object_count_,
          .md5sum = md5sum_,
          .major_version = major_.as_uint64(),
          .minor_version = minor_.as_uint64(),
          .header = term_};
} catch (const TableFileError&) {
  throw;
} catch (const Error& error) {
  throw bad_file(operation_, "the first item describes no table: " + error.detail());
}

}  // namespace heirloom::tabfile
