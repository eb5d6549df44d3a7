// SPDX-License-Identifier: Apache-2.0
//
// A worker: counts the words of the input, over and over. All that it knows is in the table; it is killed at any moment and
// never does anything to be ready for that, but for writing all that a line changes in one insert.
#include <signal.h>

#include <chrono>
#include <string_view>
#include <unordered_map>

#include "demo/demo.hpp"
#include "demo/pieces.hpp"
#include "demo/stamps.hpp"
#include "subprocess.hpp"

namespace heirloom::cli::demo {

namespace {

// SIGTERM: finish the pass, then end.
volatile sig_atomic_t last_pass = 0;

struct Position {
  std::int64_t inserts = 0;
  std::int64_t passes = 0;
  std::uint64_t offset = 0;
};

Position read_position(const Table& table) {
  const auto object = table.lookup(position_key()).one();
  if (!object) return {};
  return {object->element(2).as_int64(), object->element(3).as_int64(), object->element(4).as_uint64()};
}

class WordCounter {
 public:
  WordCounter(Table table, const Task& task)
      : table_(std::move(table)), position_(read_position(table_)), pieces_(task.input), split_(task.split_insert) {
    pieces_.seek(position_.offset);
  }

  // One line; at the end of the input, the step to the next pass.
  void step() {
    objects_.clear();
    if (pieces_.next(piece_)) {
      add_counts();
    } else {
      pieces_.seek(0);
      ++position_.passes;
    }
    position_.offset = pieces_.offset();
    ++position_.inserts;
    add_position();
    add_stamps();
    write();
  }

  [[nodiscard]] bool is_between_passes() const { return position_.offset == 0; }
  [[nodiscard]] std::int64_t inserts() const { return position_.inserts; }

 private:
  void add_counts() {
    std::unordered_map<std::string_view, std::int64_t> found;
    for_each_word(piece_, [&](std::string_view word) { ++found[word]; });
    for (const auto& [word, count] : found) {
      const Term known = table_.lookup_element(word, 2, 0);
      objects_.push_back({word, known.as_int64() + count});
    }
  }
  void add_position() { objects_.push_back({position_key(), position_.inserts, position_.passes, position_.offset}); }
  void add_stamps() {
    for (std::int64_t pair = 0; pair < kStampPairs; ++pair) {
      objects_.push_back({stamp_key(pair, false), position_.inserts});
      objects_.push_back({stamp_key(pair, true), position_.inserts});
    }
  }
  void write() {
    if (!split_) return table_.insert(objects_);
    for (const Term& object : objects_) table_.insert(object);
  }

  Table table_;
  Position position_;
  Pieces pieces_;
  const bool split_;
  std::string piece_;
  std::vector<Term> objects_;
};

void count_words(WordCounter& counter) {
  // Now and then a sign of life, by which the supervisor tells a long pass from one that hangs.
  auto told = std::chrono::steady_clock::now();
  do {
    counter.step();
    if (counter.inserts() % 64 != 0) continue;
    if (const auto now = std::chrono::steady_clock::now(); now - told > std::chrono::milliseconds(200)) {
      told = now;
      tell("counted", counter.inserts());
    }
  } while (last_pass == 0 || !counter.is_between_passes());
}

}  // namespace

int work(const Task& task) {
  die_with_parent();
  ::signal(SIGTERM, [](int) { last_pass = 1; });
  const Node node = Node::open(task.node, {.role = NodeRole::client, .create = false});
  register_name(Atom(task.name));
  tell("waiting");
  const EtsTransfer transfer = receive_transfer();
  const std::int64_t held_since = nanoseconds_now();
  const TableInfo info = transfer.table.info();
  tell("holding", held_since, info.repairs_finished + info.repairs_undone);

  WordCounter counter(transfer.table, task);
  count_words(counter);
  tell("finished");
  return kOk;
}

}  // namespace heirloom::cli::demo
