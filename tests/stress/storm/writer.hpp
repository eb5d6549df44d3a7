// SPDX-License-Identifier: Apache-2.0
//
// Writer: writes to the table of a storm in all ways that there are, and keeps its book.
#pragma once

#include <functional>
#include <random>
#include <span>

#include "storm/book.hpp"

namespace heirloom::stress::storm {

class Writer {
 public:
  // `number` tells whose book it is.
  Writer(Table table, const Kind& kind, const Options& options, Arena& arena, std::uint32_t number, std::uint64_t seed);

  // One operation, chosen at random. Throws BreachFound when the answer of the table is not what the book says it must be.
  void step();

 private:
  // -- of all types --
  void insert();
  void insert_several();
  void insert_new();
  void insert_several_new();
  void erase();
  void take();
  void delete_object();
  void insert_pair();
  void change_shared();
  void clear();
  void move_token();
  // -- of sets --
  void update_element();
  void transfer();
  void count();
  void tally();

  using Method = void (Writer::*)();
  [[nodiscard]] std::span<const Method> methods() const;

  // Notes in the book what is under way, makes the call, and notes that it returned; and how long it took.
  void make(Operation operation, std::span<const Move> moves, bool atomic, const std::function<void()>& call);
  void make(Operation operation, Move move, const std::function<void()>& call) {
    make(operation, {&move, 1}, true, call);
  }

  [[nodiscard]] std::uint32_t some(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  [[nodiscard]] std::uint32_t some_cell(Family family);
  [[nodiscard]] std::vector<std::uint32_t> some_cells(Family family, std::uint32_t count);
  [[nodiscard]] Move one_more(std::uint32_t cell);
  [[nodiscard]] std::int64_t key(std::uint32_t cell) const { return key_of(number_, cell); }
  [[nodiscard]] Term newest(const Move& move);
  [[nodiscard]] bool is_full(std::uint32_t cell) const;
  [[nodiscard]] bool sabotages(Sabotage sabotage) { return options_.sabotage == sabotage && some(50) == 0; }
  void delete_oldest(std::uint32_t cell);
  void take_token(std::uint32_t token);
  void put_token(std::uint32_t token);

  Table table_;
  const Kind& kind_;
  const Options& options_;
  Arena& arena_;
  Book& book_;
  std::uint32_t number_;
  std::mt19937_64 random_;
  std::int64_t sleeps_;  // of this thread, so far
};

}  // namespace heirloom::stress::storm
