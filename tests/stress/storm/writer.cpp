// SPDX-License-Identifier: Apache-2.0
#include "storm/writer.hpp"

#include <sys/resource.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace heirloom::stress::storm {

namespace {

// What a death may have to do with: a process dies some time after it was killed.
constexpr std::int64_t kDeathTakesNs = 50'000'000;

// How often this thread went to sleep by itself. A writer does so only in a lock, or where the kernel has no page for it; that
// others run in its place is not counted.
std::int64_t sleeps_of_this_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

MatchSpec of_keys(std::int64_t first, std::int64_t last, const char* head, const char* body) {
  return MatchSpec(parse("[{" + std::string(head) + ",[{'>=','$1'," + std::to_string(first) + "},{'=<','$1'," +
                         std::to_string(last) + "}],[" + body + "]}]"));
}

}  // namespace

Writer::Writer(Table table, const Kind& kind, const Options& options, Arena& arena, std::uint32_t number,
               std::uint64_t seed)
    : table_(std::move(table)),
      kind_(kind),
      options_(options),
      arena_(arena),
      book_(arena.books[number]),
      number_(number),
      random_(seed),
      sleeps_(sleeps_of_this_thread()) {}

std::span<const Writer::Method> Writer::methods() const {
  static constexpr std::array<Method, 14> kOfBags = {
      &Writer::insert,         &Writer::insert,        &Writer::insert,
      &Writer::insert_several, &Writer::insert_new,    &Writer::insert_several_new,
      &Writer::erase,          &Writer::take,          &Writer::delete_object,
      &Writer::insert_pair,    &Writer::change_shared, &Writer::change_shared,
      &Writer::clear,          &Writer::move_token};
  static constexpr std::array<Method, 16> kOfSets = {
      &Writer::insert, &Writer::insert,     &Writer::insert_several, &Writer::insert_new,  &Writer::insert_several_new,
      &Writer::erase,  &Writer::take,       &Writer::delete_object,  &Writer::insert_pair, &Writer::change_shared,
      &Writer::clear,  &Writer::move_token, &Writer::update_element, &Writer::transfer,    &Writer::count,
      &Writer::tally};
  return kind_.is_bag() ? std::span<const Method>(kOfBags) : std::span<const Method>(kOfSets);
}

void Writer::step() {
  const auto all = methods();
  (this->*all[some(static_cast<std::uint32_t>(all.size()))])();
  if (sabotages(Sabotage::standstill)) std::this_thread::sleep_for(std::chrono::hours(1));
}

void Writer::make(Operation operation, std::span<const Move> moves, bool atomic, const std::function<void()>& call) {
  book_.begin(operation, moves, atomic);
  const std::int64_t begun = nanoseconds_now();
  call();
  const std::int64_t end = nanoseconds_now();
  const std::int64_t sleeps = sleeps_of_this_thread();
  book_.returned();
  book_.writes.fetch_add(1, std::memory_order_relaxed);
  book_.operations.add(end - begun);
  if (std::exchange(sleeps_, sleeps) == sleeps) return;
  book_.sleeps.add(end - begun);
  const std::int64_t killed = arena_.last_kill_ns.load();
  if (killed > begun - kDeathTakesNs && killed < end) book_.waits.add(end - std::max(begun, killed));
}

std::uint32_t Writer::some_cell(Family family) {
  return cell(family, some(kCellsOf[static_cast<std::size_t>(family)]));
}

std::vector<std::uint32_t> Writer::some_cells(Family family, std::uint32_t count) {
  std::vector<std::uint32_t> cells;
  const std::uint32_t all = kCellsOf[static_cast<std::size_t>(family)];
  const std::uint32_t first = some(all);
  const std::uint32_t step = 2 * some(3) + 1;
  for (std::uint32_t i = 0; i < count; ++i) cells.push_back(cell(family, (first + i * step) % all));
  return cells;
}

// A set's object is replaced by the next one, a bag's gets a successor.
Move Writer::one_more(std::uint32_t cell) {
  const std::int64_t known = book_.known(cell);
  const std::int64_t stamp = known == 0 ? book_.fresh_stamp() : newest_of(known) + 1;
  book_.stamp_was_used(stamp);
  return {cell, state_of(stamp, kind_.is_bag() ? count_of(known) + 1 : 1)};
}

Term Writer::newest(const Move& move) {
  Term whole = object(key(move.cell), number_, newest_of(move.next));
  if (!sabotages(Sabotage::torn_object)) return whole;
  return {whole.element(1), whole.element(2), whole.element(3), -1, whole.element(5), whole.element(6)};
}

bool Writer::is_full(std::uint32_t cell) const {
  return kind_.is_bag() && count_of(book_.known(cell)) == kObjectsOfAKeyMax;
}

void Writer::insert() {
  const std::uint32_t cell = some_cell(Family::object);
  if (is_full(cell)) return delete_oldest(cell);
  const Move move = one_more(cell);
  const Term object = newest(move);
  make(Operation::insert, move, [&] {
    if (!sabotages(Sabotage::lost_write)) table_.insert(object);
  });
}

void Writer::insert_several() {
  std::vector<Move> moves;
  std::vector<Term> objects;
  for (const std::uint32_t cell : some_cells(Family::object, 2 + some(4))) {
    if (is_full(cell)) return delete_oldest(cell);
    moves.push_back(one_more(cell));
    objects.push_back(newest(moves.back()));
  }
  make(Operation::insert_several, moves, true, [&] { table_.insert(objects); });
}

void Writer::insert_new() {
  const std::uint32_t cell = some_cell(Family::object);
  const std::int64_t known = book_.known(cell);
  const Move move = known == 0 ? one_more(cell) : Move{cell, known};
  const Term object = known == 0 ? newest(move) : storm::object(key(cell), number_, book_.fresh_stamp());
  make(Operation::insert_new, move, [&] {
    if (table_.insert_new(object) == (known == 0)) return;
    throw BreachFound(
        known == 0 ? Breach::doubled : Breach::lost,
        "insert_new of key " + std::to_string(key(cell)) + (known == 0 ? ": it is there" : ": it was gone"));
  });
}

void Writer::insert_several_new() {
  std::vector<Move> moves;
  std::vector<Term> objects;
  bool are_new = true;
  const auto cells = some_cells(Family::object, 2 + some(2));
  for (const std::uint32_t cell : cells) are_new = are_new && book_.known(cell) == 0;
  for (const std::uint32_t cell : cells) {
    moves.push_back(are_new ? one_more(cell) : Move{cell, book_.known(cell)});
    objects.push_back(object(key(cell), number_, are_new ? newest_of(moves.back().next) : book_.fresh_stamp()));
  }
  make(Operation::insert_several_new, moves, true, [&] {
    if (table_.insert_new(objects) != are_new) {
      throw BreachFound(are_new ? Breach::doubled : Breach::lost, "insert_new of several, the first key " +
                                                                      std::to_string(key(cells[0])) +
                                                                      ", all new: " + (are_new ? "true" : "false"));
    }
  });
}

void Writer::erase() {
  const std::uint32_t cell = some_cell(Family::object);
  make(Operation::erase, {cell, 0}, [&] { table_.erase(key(cell)); });
}

void Writer::take() {
  const std::uint32_t cell = some_cell(Family::object);
  const std::int64_t known = book_.known(cell);
  make(Operation::take, {cell, 0}, [&] {
    const Objects taken = table_.take(key(cell));
    for (const Term& one : taken) require_whole(kind_, one);
    const auto last = taken.empty() ? 0 : taken[taken.size() - 1].element(3).as_int64();
    if (state_of(last, static_cast<std::int64_t>(taken.size())) == known) return;
    throw BreachFound(Breach::lost, "took " + std::to_string(taken.size()) + " objects of key " +
                                        std::to_string(key(cell)) + ", the last with stamp " + std::to_string(last) +
                                        "; known: " + std::to_string(count_of(known)) + ", " +
                                        std::to_string(newest_of(known)));
  });
}

void Writer::delete_object() {
  const std::uint32_t cell = some_cell(Family::object);
  if (book_.known(cell) != 0) delete_oldest(cell);
}

void Writer::delete_oldest(std::uint32_t cell) {
  const std::int64_t known = book_.known(cell);
  const std::int64_t oldest = newest_of(known) - count_of(known) + 1;
  const Term object = storm::object(key(cell), number_, oldest);
  make(Operation::delete_object, {cell, state_of(newest_of(known), count_of(known) - 1)},
       [&] { table_.delete_object(object); });
}

// Both of a pair have the same stamps, always. One of a bag that is full loses an object in each, but never the last one.
void Writer::insert_pair() {
  const std::uint32_t first = cell(Family::pair, 2 * some(kCellsOf[static_cast<std::size_t>(Family::pair)] / 2));
  const std::uint32_t second = first + 1;
  for (const std::uint32_t cell : {first, second}) {
    if (is_full(cell)) delete_oldest(cell);
  }
  const Move move = one_more(first);
  const std::array<Move, 2> moves{
      move, Move{second, state_of(newest_of(move.next), kind_.is_bag() ? count_of(book_.known(second)) + 1 : 1)}};
  const std::array<Term, 2> objects{newest(moves[0]), newest(moves[1])};
  make(Operation::insert_pair, moves, true, [&] {
    if (options_.sabotage != Sabotage::split_insert) return table_.insert(objects);
    for (const Term& object : objects) table_.insert(object);
  });
}

// What all writers change: of a set, an account of several shares, two of whose elements change at once; of a bag, a key.
void Writer::change_shared() {
  const std::uint32_t cell = some_cell(Family::shared);
  if (kind_.is_bag()) {
    if (count_of(book_.known(cell)) > some(kObjectsOfAKeyMax)) return delete_oldest(cell);
    const Move move = one_more(cell);
    const Term object = newest(move);
    return make(Operation::insert, move, [&] { table_.insert(object); });
  }
  const std::int64_t amount = static_cast<std::int64_t>(some(200)) - 90;
  const std::array<CounterUpdate, 2> updates{CounterUpdate{.position = 2, .increment = amount},
                                             CounterUpdate{.position = 3 + number_, .increment = amount}};
  const std::int64_t next = book_.known(cell) + amount;
  make(Operation::update_counters, {cell, next}, [&] {
    const std::vector<Term> sums = table_.update_counter(key(cell), updates, Term{0, 0, 0, 0, 0, 0});
    if (sums[1].as_int64() != next) throw BreachFound(Breach::lost, "an addition to key " + std::to_string(key(cell)));
  });
}

void Writer::clear() {
  if (some(32) != 0) return;
  std::vector<Move> moves;
  std::int64_t objects = 0;
  constexpr std::uint32_t kLast = kCellsOf[static_cast<std::size_t>(Family::object)] - 1;
  for (std::uint32_t i = 0; i <= kLast; ++i) {
    const std::uint32_t number = cell(Family::object, i);
    if (book_.known(number) != 0) moves.push_back({number, 0});
    objects += count_of(book_.known(number));
  }
  const MatchSpec all =
      of_keys(key(cell(Family::object, 0)), key(cell(Family::object, kLast)), "{'$1','_','_','_','_','_'}", "true");
  make(Operation::select_delete, moves, false, [&] {
    const std::uint64_t deleted = table_.select_delete(all);
    if (deleted == static_cast<std::uint64_t>(objects)) return;
    throw BreachFound(Breach::lost,
                      "select_delete found " + std::to_string(deleted) + " objects of " + std::to_string(objects));
  });
}

void Writer::move_token() {
  if (kind_.has_one_writer()) return insert();
  const std::uint32_t in_hand = book_.token_in_hand.load();
  if (in_hand != 0) return put_token(in_hand - 1);
  take_token(some(kTokens));
}

// The book notes the token's number where other operations have a cell; nothing becomes known of it.
void Writer::take_token(std::uint32_t token) {
  const Move move{token, book_.known(token)};
  make(Operation::take_token, move, [&] {
    if (table_.take(key_of(Family::token, 0, token)).empty()) return;
    book_.token_in_hand.store(token + 1);
    if (const std::uint32_t holder = arena_.token_holders[token].exchange(number_ + 1); holder != 0) {
      throw BreachFound(Breach::doubled,
                        "token " + std::to_string(token) + ": writer " + std::to_string(holder - 1) + " has it");
    }
  });
}

void Writer::put_token(std::uint32_t token) {
  const Move move{token, book_.known(token)};
  make(Operation::put_token, move, [&] {
    arena_.token_holders[token].store(0);
    if (!table_.insert_new(object(key_of(Family::token, 0, token), 0, 1))) {
      throw BreachFound(Breach::doubled, "token " + std::to_string(token) +
                                             " is in the table and in the hand of writer " + std::to_string(number_));
    }
    book_.token_in_hand.store(0);
  });
}

void Writer::update_element() {
  const std::uint32_t cell = some_cell(Family::object);
  if (book_.known(cell) == 0) return;
  const Move move = one_more(cell);
  const Term object = newest(move);
  std::vector<ElementUpdate> updates;
  for (std::int64_t position = 3; position <= 6; ++position) {
    updates.push_back({position, Term(object.element(static_cast<std::size_t>(position)))});
  }
  make(Operation::update_element, move, [&] {
    if (!table_.update_element(key(cell), updates)) {
      throw BreachFound(Breach::lost, "update_element of key " + std::to_string(key(cell)) + ": it is gone");
    }
  });
}

void Writer::transfer() {
  const auto cells = some_cells(Family::account, 2);
  const std::int64_t amount = some(100);
  const std::array<Move, 2> moves{Move{cells[0], book_.known(cells[0]) - amount},
                                  Move{cells[1], book_.known(cells[1]) + amount}};
  const std::array<Term, 2> accounts{account(key(cells[0]), moves[0].next), account(key(cells[1]), moves[1].next)};
  make(Operation::transfer, moves, true, [&] { table_.insert(accounts); });
}

// One word that all writers change in place: the bits of each must be as it left them.
void Writer::count() {
  const std::uint32_t cell = some_cell(Family::counter);
  const std::int64_t known = book_.known(cell);
  const std::int64_t next = known == kCounterMax ? 0 : known + 1;
  const CounterUpdate update{.position = 2,
                             .increment = (next - known) * (std::int64_t{1} << (kCounterBits * number_))};
  make(Operation::update_counter, {cell, next}, [&] {
    const std::int64_t sum = table_.update_counter(key(cell), update, Term{0, 0}).as_int64();
    if (sabotages(Sabotage::doubled_write)) table_.update_counter(key(cell), update);
    const std::int64_t mine = sum >> (kCounterBits * number_) & kCounterMax;
    if (mine != next) {
      throw BreachFound(mine < next ? Breach::lost : Breach::doubled,
                        "writer " + std::to_string(number_) + " counted " + std::to_string(next) + " in key " +
                            std::to_string(key(cell)) + ", which says " + std::to_string(mine));
    }
  });
}

void Writer::tally() {
  if (some(8) != 0) return;  // it takes long
  constexpr std::uint32_t kTallies = kCellsOf[static_cast<std::size_t>(Family::tally)];
  std::vector<Move> moves;
  std::vector<Term> first;
  for (std::uint32_t i = 0; i < kTallies; ++i) {
    const std::uint32_t number = cell(Family::tally, i);
    moves.push_back({number, book_.known(number) + 1});
    first.push_back({key(number), 1});
  }
  if (moves[0].next == 1) return make(Operation::insert_several, moves, true, [&] { table_.insert(first); });
  const MatchSpec one_more =
      of_keys(key(moves.front().cell), key(moves.back().cell), "{'$1','$2'}", "{{'$1',{'+','$2',1}}}");
  make(Operation::select_replace, moves, false, [&] {
    const std::uint64_t replaced = table_.select_replace(one_more);
    if (replaced == kTallies) return;
    throw BreachFound(Breach::lost, "select_replace found " + std::to_string(replaced) + " of " +
                                        std::to_string(kTallies) + " tallies");
  });
}

}  // namespace heirloom::stress::storm
