// SPDX-License-Identifier: Apache-2.0
//
// The reader: looks at the table while its owners are killed, as fast as it can, and notes what may never be seen - the
// second stamp of a pair older than the first, a count that went down, an object that is none.
#include <signal.h>

#include <algorithm>
#include <random>
#include <thread>
#include <unordered_set>

#include <fmt/format.h>

#include "demo/demo.hpp"
#include "demo/pieces.hpp"
#include "demo/stamps.hpp"
#include "subprocess.hpp"

namespace heirloom::cli::demo {

namespace {

constexpr std::size_t kWordsMax = 10'000;
constexpr int kWordsARound = 8;
constexpr std::uint64_t kToldMax = 5;  // sights that are told in full

volatile sig_atomic_t ending = 0;

struct Word {
  Term key;
  std::int64_t count = 0;
};

std::vector<Word> words_of(const std::string& path) {
  Pieces pieces(path);
  std::unordered_set<std::string> words;
  std::string piece;
  while (words.size() < kWordsMax && pieces.next(piece)) {
    for_each_word(piece, [&](std::string_view word) { words.emplace(word); });
  }
  std::vector<Word> all;
  for (const std::string& word : words) all.push_back({Term(word)});
  return all;
}

class Reader {
 public:
  Reader(Table table, const Task& task) : table_(std::move(table)), words_(words_of(task.input)), random_(task.seed) {}

  void look() {
    for (std::int64_t pair = 0; pair < kStampPairs; ++pair) look_at_pair(pair);
    for (int count = 0; count < kWordsARound; ++count) look_at_word(words_[random_() % words_.size()]);
  }
  void note(const std::string& sight) {
    if (++torn_ <= kToldMax) tell("torn", sight);
  }
  [[nodiscard]] std::uint64_t lookups() const { return lookups_; }
  [[nodiscard]] std::uint64_t torn() const { return torn_; }

 private:
  // The number behind a key; 0 before there is one.
  std::int64_t number_of(const Term& key) {
    ++lookups_;
    const auto object = table_.lookup(key).one();
    if (!object) return 0;
    const bool good =
        object->is_tuple() && object->size() == 2 && object->element(1) == key && object->element(2).is_integer();
    if (good && object->element(2).as_int64() > 0) return object->element(2).as_int64();
    note(fmt::format("under the key {} lies {}", to_string(key), to_string(*object)));
    return 0;
  }

  void look_at_pair(std::int64_t pair) {
    const std::int64_t first = number_of(stamp_key(pair, false));
    const std::int64_t second = number_of(stamp_key(pair, true));
    if (second < first) note(fmt::format("stamp pair {}: first {}, and after that, second {}", pair, first, second));
    std::int64_t& last = last_second_[pair];
    if (first < last) note(fmt::format("stamp pair {}: second {}, and after that, first {}", pair, last, first));
    last = std::max(last, second);
  }

  void look_at_word(Word& word) {
    const std::int64_t count = number_of(word.key);
    if (count < word.count)
      note(fmt::format("the count of {} went from {} to {}", to_string(word.key), word.count, count));
    word.count = count;
  }

  Table table_;
  std::vector<Word> words_;
  std::mt19937_64 random_;
  std::int64_t last_second_[kStampPairs] = {};
  std::uint64_t lookups_ = 0;
  std::uint64_t torn_ = 0;
};

Table wait_for_table(const Node& node) {
  for (;; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    if (auto table = node.find_table(Atom(kTable))) return *std::move(table);
  }
}

}  // namespace

int read(const Task& task) {
  die_with_parent();
  ::signal(SIGTERM, [](int) { ending = 1; });
  const Node node = Node::open(task.node, {.role = NodeRole::client, .create = false});
  Reader reader(wait_for_table(node), task);
  while (ending == 0) {
    try {
      reader.look();
    } catch (const Error& error) {
      reader.note(error.what());
    }
  }
  tell("looked", reader.lookups(), reader.torn());
  return kOk;
}

}  // namespace heirloom::cli::demo
