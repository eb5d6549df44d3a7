// SPDX-License-Identifier: Apache-2.0
#include "table_call.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>

#include "term/assemble.hpp"
#include "term/block.hpp"
#include "traits.hpp"

namespace heirloom::oracle {

using namespace literals;

namespace {

Term chunks(Table& table, const std::vector<Term>& arguments) {
  const auto changes = arguments[3].elements();
  std::vector<Term> chunks;
  const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(0, arguments[2].as_int64()));
  std::optional<Chunk> chunk = arguments[0] == Term("select"_atom) ? table.select(arguments[1], limit)
                                                                   : table.select_reverse(arguments[1], limit);
  for (;;) {
    chunks.push_back(chunk ? list(chunk->matches) : Term("$end_of_table"_atom));
    if (!chunk || !chunk->rest) return list(chunks);
    if (chunks.size() <= changes.size()) {
      const TermView change = changes[chunks.size() - 1];
      const Term argument(change[1][0]);
      change[0] == Term("insert"_atom) ? table.insert(argument) : table.erase(argument);
    }
    // By way of a term, as one that was stored.
    chunk = table.select(Continuation::from_term(chunk->rest->to_term()));
  }
}

}  // namespace

bool TableCall::has_order_of_table() const {
  static const std::set<Atom> kSelecting{"select"_atom, "select_reverse"_atom, "match"_atom, "match_object"_atom,
                                         "chunks"_atom};
  return kSelecting.contains(function);
}

bool TableCall::is_one_step() const {
  static const std::set<Atom> kSeveral{"select_delete"_atom, "select_replace"_atom, "match_delete"_atom, "chunks"_atom};
  return !kSeveral.contains(function);
}

Term perform(Ets& ets, Table& table, const TableCall& call) {
  try {
    return {"ok"_atom, call.function == "chunks"_atom ? chunks(table, call.arguments)
                                                      : ets.call(table, call.function, call.arguments)};
  } catch (const Error& error) {
    return {"error"_atom, Atom(to_string(error.code()))};
  }
}

// ------------------------------------------------------------------------------------------------------------- generating

bool has_place(const Term& key) {
  static const std::regex identifier("#Ref<|#Port<|#Fun<|fun |(^|[^<])<[0-9]");
  return !std::regex_search(to_string(key), identifier);
}

CallGenerator::CallGenerator(std::uint64_t seed, TableType type, std::int64_t keypos, bool of_otp_26)
    : random_(seed),
      terms_(seed),
      specs_(seed, {.of_otp_26 = of_otp_26, .identifiers = false, .order = false, .made_keys = false}),
      type_(type),
      keypos_(keypos) {
  placed_only_ = type == TableType::ordered_set && one_in(2);
  keys_ = {Term(1), Term(1.0), Term("key"_atom), Term("key"), Term{1}, Term{1.0}};
  // Some that begin alike.
  for (const char* text : {"{1,a}", "{1,b}", "{2,a,b}", "[1,2]", "[1,2,3]", "[1,2|a]", "{{1,2},3}"}) {
    if (one_in(3)) keys_.push_back(parse(text));
  }
  while (keys_.size() < 14) keys_.push_back(one_in(2) ? new_key() : keys_[below(keys_.size())]);
}

Term CallGenerator::value() {
  // ets of OTP 25 does not find again, as a key, what has a foreign reference of a single number.
  static const std::regex short_reference("#Ref<([^>]*/|0\\.)?[0-9]+(\\.[0-9]+)?>");
  for (;;) {
    Term term = terms_.term();
    // Some releases take 0.0 and -0.0 for the same (docs/values.md).
    if (without_signed_zeros(term) == term && !std::regex_search(to_string(term), short_reference)) return term;
  }
}

Term CallGenerator::new_key() {
  for (;;) {
    Term term = value();
    if (!placed_only_ || has_place(term)) return term;
  }
}

Term CallGenerator::key() { return one_in(12) ? new_key() : keys_[below(keys_.size())]; }

Term CallGenerator::integer() {
  switch (below(6)) {
    case 0: return Term(static_cast<std::int64_t>(std::uint64_t{1} << (55 + below(6))));
    case 1: return value();
    default: return Term(static_cast<std::int64_t>(below(7)) - 3);
  }
}

// Mostly of few values, so that objects are equal now and then.
Term CallGenerator::object() {
  const auto keypos = static_cast<std::size_t>(keypos_);
  std::vector<Term> elements(one_in(30) ? below(keypos + 1) : keypos + below(4));
  for (Term& element : elements) element = one_in(5) ? value() : Term(static_cast<std::int64_t>(below(3)));
  if (elements.size() >= keypos) elements[keypos - 1] = key();
  return tuple(elements);
}

Term CallGenerator::objects() {
  if (one_in(60)) return value();
  std::vector<Term> several(one_in(20) ? below(60) : below(5));
  for (Term& each : several) each = one_in(40) ? value() : object();
  return list(several);
}

Term CallGenerator::counter_update() {
  const Term position(static_cast<std::int64_t>(below(5)) + (one_in(10) ? -1 : 0));
  if (one_in(4)) return {position, integer(), integer(), integer()};
  return {position, integer()};
}

Term CallGenerator::element_update() {
  return {static_cast<std::int64_t>(below(5)) + (one_in(10) ? -1 : 0), one_in(3) ? key() : value()};
}

template <typename Make>
Term CallGenerator::one_or_several(Make make) {
  if (!one_in(4)) return make();
  std::vector<Term> several(below(4));
  for (Term& each : several) each = make();
  return list(several);
}

bool CallGenerator::has_map(TermView term) {
  bool found = false;
  term::for_each_word(Term(term).block().data(),
                      [&](term::Word word) { found = found || term::is_kind(word, term::Kind::map); });
  return found;
}

// What patterns of OTP 25 may say: see spec().
Term CallGenerator::pattern() {
  for (;;) {
    const Term like = object();
    Term made = one_in(10) ? value() : like.is_tuple() ? specs_.head(like) : like;
    const auto keypos = static_cast<std::size_t>(keypos_);
    if (!made.is_tuple() || made.size() < keypos || !has_map(made.element(keypos))) return made;
  }
}

// Of objects with keys that there are, now and then.
Term CallGenerator::spec(bool replaces) {
  if (one_in(40)) return one_in(2) ? list({}) : value();
  std::vector<Term> clauses(one_in(3) ? 2 : 1);
  for (Term& clause : clauses) {
    const Term like = one_in(10) ? value() : object();
    Term head = like.is_tuple() ? specs_.head(like) : like;
    const auto keypos = static_cast<std::size_t>(keypos_);
    const bool keeps =
        head.is_tuple() && head.size() >= keypos && like.is_tuple() && like.size() >= keypos && one_in(3);
    if (keeps) head = term::with_element(head, keypos, one_in(2) ? Term("$1"_atom) : Term(like.element(keypos)));
    // OTP 25 takes a map in a key for a key that is known, and finds too few (OTP-19070).
    if (head.is_tuple() && head.size() >= keypos && has_map(head.element(keypos)))
      head = term::with_element(head, keypos, Term("_"_atom));
    clause = specs_.clause(head);
    const auto with_body = [&](const Term& body) { clause = term::with_element(clause, 3, list({body})); };
    if (one_in(2)) with_body(one_in(2) ? Term("$_"_atom) : Term(true));
    if (one_in(2)) clause = term::with_element(clause, 2, list({}));
    // What keeps the key, or nearly so.
    if (keeps && one_in(2)) with_body({tuple({Term(head)})});
    // Where OTP 25 does not refuse variables in constants, as select_replace does, it renumbers them.
    const auto may_be_constant = [&](TermView part) {
      return replaces || to_string(part).find('$') == std::string::npos;
    };
    if (keeps && one_in(8) && may_be_constant(head)) with_body({"const"_atom, head});
    if (keeps && one_in(4)) {
      const Term key = one_in(4) && may_be_constant(head.element(keypos))
                           ? Term{"const"_atom, Term(head.element(keypos))}
                           : Term{"element"_atom, keypos_, "$_"_atom};
      with_body({tuple({term::with_element(head, keypos, key)})});
    }
  }
  return list(clauses);
}

TableCall CallGenerator::select() {
  switch (below(12)) {
    case 0:
    case 1:
    case 2: return {"select"_atom, {spec()}};
    case 3: return {"select_reverse"_atom, {spec()}};
    case 4: return {"select_count"_atom, {spec()}};
    case 5: return {"select_delete"_atom, {spec()}};
    case 6:
    case 7:
      // Of a bag Erlang refuses it whatever the specification is.
      if (type_ == TableType::bag) return {"select_replace"_atom, {list({{"_"_atom, list({}), list({"$_"_atom})}})}};
      return {"select_replace"_atom, {spec(true)}};
    case 8: return {"match"_atom, {pattern()}};
    case 9: return {"match_object"_atom, {pattern()}};
    case 10: return {"match_delete"_atom, {pattern()}};
    default: return chunks();
  }
}

// Changes only where it is known what is behind.
TableCall CallGenerator::chunks() {
  std::vector<Term> changes(placed_only_ ? below(4) : 0);
  for (Term& change : changes)
    change = one_in(2) ? Term{"insert"_atom, list({object()})} : Term{"delete"_atom, list({key()})};
  const auto is_object = [&](const Term& change) {
    return change.element(1) != Term("insert"_atom) || change[1][0].size() >= static_cast<std::size_t>(keypos_);
  };
  if (!std::all_of(changes.begin(), changes.end(), is_object)) changes.clear();
  return {"chunks"_atom,
          {Term(one_in(2) ? "select"_atom : "select_reverse"_atom), spec(),
           Term(static_cast<std::int64_t>(one_in(30) ? 0 : 1 + below(5))), list(changes)}};
}

TableCall CallGenerator::next() {
  if (one_in(4)) {
    TableCall call = select();
    call.order_is_known = placed_only_;
    return call;
  }
  // Other types have an order of their own, and some keys no place that all agree on.
  if (placed_only_ && one_in(6)) {
    switch (below(6)) {
      case 0: return {"first"_atom, {}};
      case 1: return {"last"_atom, {}};
      case 2:
      case 3: return {"next"_atom, {key()}};
      default: return {"prev"_atom, {key()}};
    }
  }
  switch (below(one_in(150) ? 21 : 20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: return {"insert"_atom, {object()}};
    case 5: return {"insert"_atom, {objects()}};
    case 6: return {"insert_new"_atom, {one_in(2) ? object() : objects()}};
    case 7: return {"lookup"_atom, {key()}};
    case 8: return {"member"_atom, {key()}};
    case 9: return {"lookup_element"_atom, {key(), Term(static_cast<std::int64_t>(below(6)) - 1)}};
    case 10:
    case 11: return {"delete"_atom, {key()}};
    case 12:
    case 13: return {"delete_object"_atom, {object()}};
    case 14: return {"take"_atom, {key()}};
    case 15:
    case 16: {
      const auto update = [this] { return counter_update(); };
      return {"update_counter"_atom,
              {key(), one_in(3) ? Term(static_cast<std::int64_t>(below(5))) : one_or_several(update)}};
    }
    case 17: {
      const auto update = [this] { return counter_update(); };
      Term fallback;
      // One that is too short corrupts the memory of OTP 25.2.3 (fixed in 26.2.5.17).
      do fallback = one_in(20) ? value() : object();
      while (fallback.is_tuple() && fallback.size() < static_cast<std::size_t>(keypos_));
      return {"update_counter"_atom, {key(), one_or_several(update), fallback}};
    }
    case 18:
    case 19: return {"update_element"_atom, {key(), one_or_several([this] { return element_update(); })}};
    default: return {"delete_all_objects"_atom, {}};
  }
}

}  // namespace heirloom::oracle
