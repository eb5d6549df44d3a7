// SPDX-License-Identifier: Apache-2.0
#include "storm/verify.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace heirloom::stress::storm {

namespace {

bool is_of_tokens(Operation operation) {
  return operation == Operation::take_token || operation == Operation::put_token;
}

std::vector<Move> moves_under_way(const Book& book) {
  const bool moves = book.operation() != Operation::none && !is_of_tokens(book.operation());
  return moves ? book.moves() : std::vector<Move>();
}

// What of a write is missing, or there once more: states grow with each write, but for balances, which come and go.
[[noreturn]] void refuse(std::uint32_t writer, std::uint32_t cell, std::int64_t now, const Book& book) {
  const std::int64_t known = book.known(cell);
  const bool lost = now == 0 || (known != 0 && now < known);
  throw BreachFound(lost ? Breach::lost : Breach::doubled,
                    "key " + std::to_string(key_of(writer, cell)) + " of writer " + std::to_string(writer) + " is at " +
                        std::to_string(now) + "; its last write that returned made it " + std::to_string(known) +
                        ", under way: " + std::string(to_string(book.operation())));
}

using States = std::array<std::int64_t, kCells>;

States read_and_compare(const Table& table, const Kind& kind, std::uint32_t writer, const Book& book) {
  std::array<std::optional<std::int64_t>, kCells> next{};
  const std::vector<Move> moves = moves_under_way(book);
  for (const Move& move : moves) next[move.cell] = move.next;
  States states{};
  std::string happened;
  std::string has_not;
  for (std::uint32_t cell = 0; cell < kCells; ++cell) {
    if (!exists(kind, family_of(cell))) continue;
    const std::int64_t now = states[cell] = read_state(table, kind, writer, cell);
    const bool is_known = now == book.known(cell);
    if (!is_known && now != next[cell]) refuse(writer, cell, now, book);
    if (!next[cell] || next[cell] == book.known(cell)) continue;
    (is_known ? has_not : happened) += ' ' + std::to_string(key_of(writer, cell));
  }
  if (book.is_atomic() && !moves.empty() && !happened.empty() && !has_not.empty()) {
    throw BreachFound(Breach::half, "half of an " + std::string(to_string(book.operation())) + ": done for the keys" +
                                        happened + ", and not for" + has_not);
  }
  return states;
}

// Who was killed when it took a token or put one back does not know where it is; others may have taken it since.
void forget_token_under_way(std::uint32_t writer, Arena& arena) {
  Book& book = arena.books[writer];
  if (!is_of_tokens(book.operation())) return;
  const std::uint32_t token = book.moves().at(0).cell;
  arena.token_in_limbo[token].store(true);
  std::uint32_t mine = writer + 1;
  arena.token_holders[token].compare_exchange_strong(mine, 0);
  book.token_in_hand.store(0);
  book.nothing_is_under_way();
}

void compare_sums(const Table& table, const Kind& kind) {
  if (!exists(kind, Family::account)) return;
  for (std::uint32_t writer = 0; writer < kWriters; ++writer) {
    std::int64_t sum = 0;
    for (std::uint32_t i = 0; i < kCellsOf[static_cast<std::size_t>(Family::account)]; ++i) {
      sum += read_state(table, kind, writer, cell(Family::account, i));
    }
    if (sum != 0) {
      throw BreachFound(Breach::half,
                        "the accounts of writer " + std::to_string(writer) + " sum up to " + std::to_string(sum));
    }
  }
}

// Each is in the table, or in one hand.
void count_tokens(Table& table, const Kind& kind, Arena& arena) {
  if (kind.has_one_writer()) return;
  for (std::uint32_t writer = 0; writer < kWriters; ++writer) forget_token_under_way(writer, arena);
  for (std::uint32_t token = 0; token < kTokens; ++token) {
    const Term key = key_of(Family::token, 0, token);
    std::size_t places = table.lookup(key).size();
    for (const Book& book : arena.books) places += book.token_in_hand.load() == token + 1 ? 1 : 0;
    if (places == 0 && arena.token_in_limbo[token].load()) {
      table.insert(object(key.as_int64(), 0, 1));
      places = 1;
    }
    arena.token_in_limbo[token].store(false);
    if (places != 1) {
      throw BreachFound(places == 0 ? Breach::lost : Breach::doubled,
                        "token " + to_string(key) + " is in " + std::to_string(places) + " places");
    }
  }
}

void compare_ways_to_read(const Table& table, const Kind& kind) {
  const std::vector<Term> all = table.tab2list();
  std::vector<std::int64_t> keys;
  for (const Term& one : all) {
    require_whole(kind, one);
    keys.push_back(one.element(1).as_int64());
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::size_t found = 0;
  for (const std::int64_t key : keys) found += table.lookup(key).size();
  if (found != all.size()) {
    throw BreachFound(Breach::broken, "tab2list has " + std::to_string(all.size()) +
                                          " objects, and lookups of their keys find " + std::to_string(found));
  }
}

void prove(const Table& table, Arena& arena) {
  const CheckReport report = table.check();
  if (!report.findings.empty()) throw BreachFound(Breach::broken, report.findings.front());
  if (report.objects != table.size()) {
    throw BreachFound(Breach::broken, "check finds " + std::to_string(report.objects) + " objects, and size says " +
                                          std::to_string(table.size()));
  }
  // Not before the check, which repairs: until then an insert of several may be counted otherwise than it is read (docs/recovery.md).
  if (const std::size_t listed = table.tab2list().size(); listed != table.size()) {
    throw BreachFound(Breach::broken, "tab2list has " + std::to_string(listed) + " objects, and size says " +
                                          std::to_string(table.size()));
  }
  if (report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes != report.allocated_bytes) {
    throw BreachFound(Breach::broken, "live, retired, free and cached bytes are not those that were allocated");
  }
  const TableInfo info = table.info();
  arena.footprint.table_bytes = info.memory_bytes;
  arena.footprint.live_bytes = report.live_bytes;
  arena.footprint.retired_bytes = report.retired_bytes;
  arena.footprint.free_bytes = report.free_bytes + report.cached_bytes;
  arena.repairs_finished = info.repairs_finished;
  arena.repairs_undone = info.repairs_undone;
}

}  // namespace

void verify(const Table& table, const Kind& kind, std::uint32_t writer, const Book& book) {
  read_and_compare(table, kind, writer, book);
}

void verify_and_settle(const Table& table, const Kind& kind, std::uint32_t writer, Arena& arena) {
  Book& book = arena.books[writer];
  const States states = read_and_compare(table, kind, writer, book);
  forget_token_under_way(writer, arena);
  for (const Move& move : moves_under_way(book)) book.know(move.cell, states[move.cell]);
  book.nothing_is_under_way();
}

void audit(Table& table, const Kind& kind, Arena& arena) {
  for (std::uint32_t writer = 0; writer < kWriters; ++writer) verify(table, kind, writer, arena.books[writer]);
  compare_sums(table, kind);
  compare_ways_to_read(table, kind);
  count_tokens(table, kind, arena);
  prove(table, arena);
  arena.audits.fetch_add(1);
}

}  // namespace heirloom::stress::storm
