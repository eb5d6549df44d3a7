// SPDX-License-Identifier: Apache-2.0
//
// What a table tells about itself, in the words of ets.
#include <algorithm>
#include <cmath>
#include <limits>

#include "table/chain.hpp"
#include "table/table.hpp"

namespace heirloom {

using namespace literals;

namespace {

Term owner_of(const TableInfo& info) { return info.owner ? Term(*info.owner) : Term("none"_atom); }

// {Since,[{Pid,Count}]}
Term fixations_of(const TableInfo& info, bool monotonic) {
  if (!info.fixations) return "false"_atom;
  const auto since = std::chrono::nanoseconds(info.fixations->since.time_since_epoch()).count();
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kMega = 1'000'000;
  const std::int64_t seconds = since / kSecond;
  std::vector<Term> processes;
  for (const auto& [process, count] : info.fixations->processes) processes.push_back({process, count});
  if (monotonic) return {since, list(processes)};
  return {{seconds / kMega, seconds % kMega, since % kSecond / 1000}, list(processes)};
}

Term heir_of(const TableInfo& info) {
  if (!info.heir) return "none"_atom;
  return std::visit([](auto process) { return Term(process); }, info.heir->process);
}

}  // namespace

Term to_term(const TableInfo& info) {
  return list({{"id"_atom, info.id},
               {"decentralized_counters"_atom, info.decentralized_counters},
               {"read_concurrency"_atom, info.read_concurrency},
               {"write_concurrency"_atom, to_term(info.write_concurrency)},
               {"compressed"_atom, info.compressed},
               {"memory"_atom, info.memory_words},
               {"owner"_atom, owner_of(info)},
               {"heir"_atom, heir_of(info)},
               {"name"_atom, info.name},
               {"size"_atom, info.size},
               {"node"_atom, "heirloom@localhost"_atom},
               {"named_table"_atom, true},
               {"type"_atom, Atom(to_string(info.type))},
               {"keypos"_atom, info.keypos},
               {"protection"_atom, Atom(to_string(info.protection))}});
}

std::optional<Term> find_item(const TableInfo& info, Atom item) {
  if (item == "fixed"_atom) return info.fixations.has_value();
  if (item == "safe_fixed"_atom) return fixations_of(info, false);
  if (item == "safe_fixed_monotonic_time"_atom) return fixations_of(info, true);
  if (item == "binary"_atom) return list({});
  const Term all = to_term(info);
  for (const TermView pair : all.elements()) {
    if (pair.element(1).as_atom() == item) return Term(pair.element(2));
  }
  return std::nullopt;
}

namespace table {

namespace {

// Of the lengths of the chains that keys of a hash table share.
struct Chains {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t greatest = 0;

  void add(std::uint64_t length) {
    ++count;
    sum += length;
    squares += length * length;
    least = std::min(least, length);
    greatest = std::max(greatest, length);
  }
};

}  // namespace

Term Table::statistics() const {
  if (deleted()) throw Error(ErrorCode::id, "info", "the table was deleted");
  if (is_ordered()) return "false"_atom;
  Chains chains;
  const shm::Segment::Window window = segment_->window();
  for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
    const shm::ReadEpoch epoch = read_epoch();
    const IndexHead* head = head_for_reading(stripe);
    const std::uint32_t buckets = head == nullptr ? 0 : buckets_of(*head, head->shape.load(std::memory_order_acquire));
    for (std::uint32_t number = 0; number < buckets; ++number) {
      std::uint64_t length = 0;
      Chain chain;
      for (const Bucket* bucket = &bucket_for_reading(window, *head, number); bucket != nullptr;) {
        for (const auto& slot_word : bucket->slots) {
          const std::uint64_t slot = resolve(slot_word.load(std::memory_order_acquire));
          if (slot != 0) length += Members(window, slot).count();
        }
        const Offset overflow = bucket->overflow.load(std::memory_order_acquire);
        bucket = overflow == 0 ? nullptr : &chain.next(*segment_, overflow);
      }
      chains.add(length);
    }
  }
  if (chains.count == 0) chains.add(0);
  const auto count = static_cast<double>(chains.count);
  const double average = static_cast<double>(chains.sum) / count;
  const double variance = std::max(0.0, static_cast<double>(chains.squares) / count - average * average);
  const double expected = std::sqrt(average * (1.0 - 1.0 / count));
  return {chains.count,    average, std::sqrt(variance),     expected, chains.least,
          chains.greatest, 0,       segment_->stripe_count()};
}

}  // namespace table

}  // namespace heirloom
