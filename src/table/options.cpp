// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "heirloom/error.hpp"
#include "heirloom/table_options.hpp"

namespace heirloom {

using namespace literals;

std::string_view to_string(TableType type) noexcept {
  switch (type) {
    case TableType::set: return "set";
    case TableType::ordered_set: return "ordered_set";
    case TableType::bag: return "bag";
    case TableType::duplicate_bag: return "duplicate_bag";
  }
  return "unknown";
}

std::string_view to_string(Protection protection) noexcept {
  switch (protection) {
    case Protection::public_access: return "public";
    case Protection::protected_access: return "protected";
    case Protection::private_access: return "private";
  }
  return "unknown";
}

TableOptions effective(TableOptions options) noexcept {
  if (options.protection == Protection::private_access) {
    options.write_concurrency = WriteConcurrency::off;
    options.read_concurrency = false;
  }
  const WriteConcurrency concurrency = options.write_concurrency;
  const bool by_default = concurrency != WriteConcurrency::on || options.type == TableType::ordered_set;
  options.decentralized_counters =
      concurrency != WriteConcurrency::off && options.decentralized_counters.value_or(by_default);
  return options;
}

// ------------------------------------------------------------------------------------------------------ from a list

namespace {

constexpr std::int64_t kFixedLocksMax = 32768;

// Reads a value into the options; false when it is none of this option.
using Read = std::function<bool(TableOptions&, const TermView&)>;

bool is_atom(const TermView& term, Atom atom) { return term.is_atom() && term.as_atom() == atom; }

std::optional<bool> as_bool(const TermView& term) {
  if (is_atom(term, "true"_atom)) return true;
  if (is_atom(term, "false"_atom)) return false;
  return std::nullopt;
}

std::optional<std::int64_t> as_positive(const TermView& term) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!term.is_integer() || compare(term, Term(1).view()) < 0 || compare(term, Term(kMost).view()) > 0)
    return std::nullopt;
  return term.as_int64();
}

bool read_flag(bool& flag, const TermView& value) {
  const auto given = as_bool(value);
  if (given) flag = *given;
  return given.has_value();
}

bool read_write_concurrency(TableOptions& options, const TermView& value) {
  if (const auto given = as_bool(value)) {
    options.write_concurrency = *given ? WriteConcurrency::on : WriteConcurrency::off;
  } else if (is_atom(value, "auto"_atom)) {
    options.write_concurrency = WriteConcurrency::automatic;
  } else if (value.is_tuple() && value.size() == 2 &&
             is_atom(value.element(1), "debug_hash_fixed_number_of_locks"_atom) &&
             as_positive(value.element(2)).value_or(kFixedLocksMax + 1) <= kFixedLocksMax) {
    options.write_concurrency = WriteConcurrency::fixed;
  } else {
    return false;
  }
  return true;
}

// {Name,Value}.
const std::map<Atom, Read>& pairs() {
  static const std::map<Atom, Read> all{
      {"keypos"_atom,
       [](TableOptions& options, const TermView& value) {
         const auto position = as_positive(value);
         if (position) options.keypos = *position;
         return position.has_value();
       }},
      {"max_bytes"_atom,
       [](TableOptions& options, const TermView& value) {
         const auto bytes = as_positive(value);
         if (bytes) options.max_bytes = static_cast<std::uint64_t>(*bytes);
         return bytes.has_value();
       }},
      {"write_concurrency"_atom, read_write_concurrency},
      {"read_concurrency"_atom,
       [](TableOptions& options, const TermView& value) { return read_flag(options.read_concurrency, value); }},
      {"decentralized_counters"_atom,
       [](TableOptions& options, const TermView& value) {
         options.decentralized_counters = as_bool(value);
         return options.decentralized_counters.has_value();
       }},
  };
  return all;
}

// {heir,none}, {heir,Pid}, {heir,Pid,Data}; a name may be in the place of the pid.
bool read_heir(TableOptions& options, const TermView& option) {
  const TermView process = option.element(2);
  if (is_atom(process, "none"_atom)) {
    options.heir.reset();
    return option.size() == 2;
  }
  Heir heir;
  if (process.is_atom()) {
    heir.process = process.as_atom();
  } else if (process.is_pid() && !process.is_foreign()) {
    heir.process = process.as_pid();
  } else {
    return false;
  }
  if (option.size() == 3) heir.data = Term(option.element(3));
  options.heir = std::move(heir);
  return true;
}

bool read_name(TableOptions& options, Atom name) {
  if (name == "ordered_set"_atom) {
    options.type = TableType::ordered_set;
  } else if (name == "bag"_atom) {
    options.type = TableType::bag;
  } else if (name == "duplicate_bag"_atom) {
    options.type = TableType::duplicate_bag;
  } else if (name == "public"_atom) {
    options.protection = Protection::public_access;
  } else if (name == "private"_atom) {
    options.protection = Protection::private_access;
  } else if (name == "compressed"_atom) {
    options.compressed = true;
  } else {
    return name == "set"_atom || name == "protected"_atom || name == "named_table"_atom;
  }
  return true;
}

bool read_option(TableOptions& options, const TermView& option) {
  if (option.is_atom()) return read_name(options, option.as_atom());
  if (!option.is_tuple() || option.size() < 2 || option.size() > 3 || !option.element(1).is_atom()) return false;
  const Atom name = option.element(1).as_atom();
  if (name == "heir"_atom) return read_heir(options, option);
  const auto found = pairs().find(name);
  return option.size() == 2 && found != pairs().end() && found->second(options, option.element(2));
}

}  // namespace

TableOptions table_options(const Term& list) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::badarg, "read the options of a table", what);
  };
  if (!list.is_proper_list()) refuse("they are a list, not " + to_string(list));
  TableOptions options;
  for (const TermView option : list.elements()) {
    if (!read_option(options, option)) refuse("there is no option " + to_string(option));
  }
  return options;
}

// -------------------------------------------------------------------------------------------------------- to a list

Term to_term(WriteConcurrency concurrency) {
  switch (concurrency) {
    case WriteConcurrency::off: return "false"_atom;
    case WriteConcurrency::on: return "true"_atom;
    case WriteConcurrency::automatic: return "auto"_atom;
    case WriteConcurrency::fixed: return {"debug_hash_fixed_number_of_locks"_atom, 64};
  }
  return "unknown"_atom;
}

Term to_term(const TableOptions& options) {
  const TableOptions defaults;
  std::vector<Term> list;
  if (options.type != defaults.type) list.emplace_back(Atom(to_string(options.type)));
  if (options.protection != defaults.protection) list.emplace_back(Atom(to_string(options.protection)));
  if (options.keypos != defaults.keypos) list.push_back({"keypos"_atom, options.keypos});
  if (options.heir) {
    const Term process = std::visit([](auto each) { return Term(each); }, options.heir->process);
    list.push_back(options.heir->data ? Term{"heir"_atom, process, *options.heir->data} : Term{"heir"_atom, process});
  }
  if (options.write_concurrency != defaults.write_concurrency)
    list.push_back({"write_concurrency"_atom, to_term(options.write_concurrency)});
  if (options.read_concurrency) list.push_back({"read_concurrency"_atom, "true"_atom});
  if (options.decentralized_counters)
    list.push_back({"decentralized_counters"_atom, Atom(*options.decentralized_counters ? "true" : "false")});
  if (options.compressed) list.emplace_back("compressed"_atom);
  if (options.max_bytes != defaults.max_bytes) list.push_back({"max_bytes"_atom, options.max_bytes});
  return heirloom::list(list);
}

}  // namespace heirloom
