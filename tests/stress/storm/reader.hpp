// SPDX-License-Identifier: Apache-2.0
//
// Reader: reads the table of a storm in all ways that there are, and looks for what may never be seen.
#pragma once

#include <random>

#include "storm/book.hpp"

namespace heirloom::stress::storm {

class Reader {
 public:
  Reader(Table table, const Kind& kind, std::uint64_t seed) : table_(std::move(table)), kind_(kind), random_(seed) {}

  // Reads something, chosen at random. Throws BreachFound.
  void step();

 private:
  void look_up();
  void look_at_pair();
  void list();
  void select();
  void walk();
  void require_once(std::vector<std::int64_t> keys, const char* how) const;
  [[nodiscard]] std::uint32_t some(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }

  Table table_;
  const Kind& kind_;
  std::mt19937_64 random_;
};

}  // namespace heirloom::stress::storm
