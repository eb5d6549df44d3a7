// SPDX-License-Identifier: Apache-2.0
//
// Books: the memory that all processes of a storm share, and that outlives each of them. In its book a writer has the state of each
// of its cells as of the last write that returned, and the write that is under way: which cells, and what they shall be.
//
// Invariants
//   B1  While nothing is under way, the table says of each cell what `known` says.
//   B2  While a write is under way, the cells that it names may be as they were or as they shall be; if it is atomic, all are the one
//       or all the other. The rest is as in B1.
//
// Death: at any line the book says one of the two, since `operation` is stored after what it names, and taken back last.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "storm/cells.hpp"
#include "storm/waits.hpp"

namespace heirloom::stress::storm {

enum class Operation : std::uint32_t {
  none,
  insert,
  insert_several,
  insert_new,
  insert_several_new,
  erase,
  take,
  delete_object,
  update_element,
  update_counter,
  update_counters,
  insert_pair,
  transfer,
  select_delete,
  select_replace,
  take_token,
  put_token,
};
inline constexpr std::size_t kOperations = 17;
std::string_view to_string(Operation operation) noexcept;

struct Move {
  std::uint32_t cell;
  std::int64_t next;
};

class Book {
 public:
  [[nodiscard]] std::int64_t known(std::uint32_t cell) const { return known_[cell].load(); }
  [[nodiscard]] Operation operation() const { return operation_.load(); }
  [[nodiscard]] bool is_atomic() const { return atomic_.load(); }

  // At most one move a cell.
  void begin(Operation operation, std::span<const Move> moves, bool atomic) {
    atomic_.store(atomic);
    count_.store(static_cast<std::uint32_t>(moves.size()));
    for (std::size_t i = 0; i < moves.size(); ++i) {
      moves_[i].cell.store(moves[i].cell);
      moves_[i].next.store(moves[i].next);
    }
    operation_.store(operation);
  }
  [[nodiscard]] std::vector<Move> moves() const {
    std::vector<Move> moves;
    for (std::uint32_t i = 0; i < count_.load(); ++i) moves.push_back({moves_[i].cell.load(), moves_[i].next.load()});
    return moves;
  }
  // After all of them happened.
  void returned() {
    for (const Move& move : moves()) know(move.cell, move.next);
    operation_.store(Operation::none);
  }
  void know(std::uint32_t cell, std::int64_t state) { known_[cell].store(state); }
  // After a death: once what is known was corrected.
  void nothing_is_under_way() { operation_.store(Operation::none); }

  // A stamp that no object has had.
  std::int64_t fresh_stamp() { return stamp_.fetch_add(1) + 1; }
  void stamp_was_used(std::int64_t stamp) {
    if (stamp > stamp_.load()) stamp_.store(stamp);
  }

  // The token that this writer has taken from the table, + 1.
  std::atomic<std::uint32_t> token_in_hand;
  std::atomic<std::uint64_t> writes;

  Waits operations;
  Waits sleeps;
  Waits waits;
  Waits hand_overs;

 private:
  std::atomic<std::int64_t> known_[kCells];
  std::atomic<Operation> operation_;
  std::atomic<bool> atomic_;
  std::atomic<std::uint32_t> count_;
  struct {
    std::atomic<std::uint32_t> cell;
    std::atomic<std::int64_t> next;
  } moves_[kCells];
  std::atomic<std::int64_t> stamp_;
};

inline constexpr std::uint32_t kPlayersMax = 8;

// A process that is killed and started again.
struct Player {
  std::atomic<std::uint64_t> done;  // writes or reads, of all that played this one
  std::atomic<bool> reads_now;
  std::atomic<std::int64_t> stands_by_since;  // a worker of a protected table
  // What it found; the last one is kept.
  std::atomic<bool> has_found;
  std::atomic<Breach> breach;
  char finding[600];
};

struct Arena {
  std::atomic<bool> manager_serves;
  std::atomic<bool> table_is_there;
  std::atomic<std::int64_t> last_kill_ns;        // of one that writes
  std::atomic<std::int64_t> owner_killed_at_ns;  // 0: there was none
  std::atomic<std::uint32_t> owner;              // of a protected table: the player that has it, + 1
  Book books[kWriters];
  Player players[kPlayersMax];
  // Tokens: who has taken it, + 1; and whether one was killed when he took it or put it back, so that nobody knows where it is.
  std::atomic<std::uint32_t> token_holders[kTokens];
  std::atomic<bool> token_in_limbo[kTokens];
  // What the auditor found.
  std::atomic<std::uint64_t> audits;
  Footprint footprint;
  std::uint64_t repairs_finished;
  std::uint64_t repairs_undone;
};

}  // namespace heirloom::stress::storm
