// SPDX-License-Identifier: Apache-2.0
//
// Cells: what a writer of a storm is answerable for. A cell is a part of the table whose state is one number, known to its writer
// alone; most are a key of their own, some are the writer's share of objects that all writers change.
//
// | family  | key         | objects                                             | state                              |
// |---------|-------------|-----------------------------------------------------|------------------------------------|
// | object  | the writer's | {Key, Writer, Stamp, Sum, Text, Atom}; of a bag up to 6, with stamps one after another | newest stamp * 8 + count |
// | pair    | the writer's | the same; two cells, 2 i and 2 i + 1, are written at once | the same                          |
// | account | the writer's | {Key, Balance, Sum}; all balances of a writer add up to 0 | Balance                           |
// | shared  | everybody's | sets: {Key, Balance, Share of writer 0, ... 3}; bags: as `object`, of all writers | the writer's share; as `object` |
// | counter | everybody's | {Key, Number}, of which each writer has 14 bits     | the writer's bits                  |
// | tally   | the writer's | {Key, Number}                                       | Number                             |
//
// A state of 0 is nothing: no object, or none so far. Bags have no accounts, counters and tallies.
// Besides there are tokens, objects of nobody: to have one is to have taken it from the table.
#pragma once

#include <cstdint>
#include <stdexcept>

#include "storm/storm.hpp"

namespace heirloom::stress::storm {

inline constexpr std::uint32_t kWriters = 4;

enum class Family : std::uint32_t { object, pair, account, shared, counter, tally, token };

inline constexpr std::uint32_t kCellsOf[] = {96, 16, 8, 8, 2, 6, 16};
inline constexpr std::uint32_t kTokens = kCellsOf[static_cast<std::size_t>(Family::token)];

constexpr std::uint32_t cell(Family family, std::uint32_t index) {
  for (std::uint32_t below = 0; below < static_cast<std::uint32_t>(family); ++below) index += kCellsOf[below];
  return index;
}
inline constexpr std::uint32_t kCells = cell(Family::token, 0);
constexpr Family family_of(std::uint32_t number) {
  std::uint32_t family = 0;
  while (number >= kCellsOf[family]) number -= kCellsOf[family++];
  return static_cast<Family>(family);
}
inline bool exists(const Kind& kind, Family family) {
  return !kind.is_bag() || family == Family::object || family == Family::pair || family == Family::shared;
}

// Of writers alone.
constexpr std::int64_t key_of(Family family, std::uint32_t writer, std::uint32_t index) {
  const bool shared = family == Family::shared || family == Family::counter || family == Family::token;
  return (static_cast<std::int64_t>(family) + 1) * 1'000'000 + (shared ? 0 : (std::int64_t{writer} + 1) * 1000) + index;
}
constexpr std::int64_t key_of(std::uint32_t writer, std::uint32_t number) {
  const Family family = family_of(number);
  return key_of(family, writer, number - cell(family, 0));
}

inline constexpr std::int64_t kObjectsOfAKeyMax = 6;  // of one writer
constexpr std::int64_t state_of(std::int64_t newest, std::int64_t count) { return count == 0 ? 0 : newest * 8 + count; }
constexpr std::int64_t newest_of(std::int64_t state) { return state >> 3; }
constexpr std::int64_t count_of(std::int64_t state) { return state & 7; }

inline constexpr unsigned kCounterBits = 14;
inline constexpr std::int64_t kCounterMax = (std::int64_t{1} << kCounterBits) - 1;

// Text grows with the stamp from now on (Sabotage::growth).
void let_objects_grow();

Term object(std::int64_t key, std::uint32_t writer, std::int64_t stamp);
Term account(std::int64_t key, std::int64_t balance);

class BreachFound : public std::runtime_error {
 public:
  BreachFound(Breach breach, const std::string& text) : std::runtime_error(text), breach_(breach) {}
  [[nodiscard]] Breach breach() const noexcept { return breach_; }

 private:
  Breach breach_;
};

// Throws BreachFound{torn} unless the object says the same in all of its elements, and `doubled` if nobody writes its key.
void require_whole(const Kind& kind, const Term& found);

// What the table says of a cell. Throws what require_whole() does, and BreachFound{torn} when the objects of a key do not go together.
std::int64_t read_state(const Table& table, const Kind& kind, std::uint32_t writer, std::uint32_t number);

}  // namespace heirloom::stress::storm
