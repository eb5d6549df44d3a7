// SPDX-License-Identifier: Apache-2.0
//
// The audit: what is in the table against what must be in it. The count beside it is made with nothing of Heirloom and
// nothing of the worker: the standard library reads words, and counts them in a map. A process of its own, since a table
// that was broken on purpose may take down who proves it.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "demo/demo.hpp"
#include "demo/stamps.hpp"
#include "subprocess.hpp"

namespace heirloom::cli::demo {

namespace {

using Counts = std::unordered_map<std::string, std::int64_t>;

void add_words(std::istream& text, std::int64_t times, Counts& counts) {
  for (std::string word; text >> word;) counts[word] += times;
}

// Of so many passes, and the first bytes of another one when the last worker did not finish.
Counts count_words(const std::string& path, std::int64_t passes, std::uint64_t bytes) {
  Counts counts;
  std::ifstream file(path, std::ios::binary);
  if (passes > 0) add_words(file, passes, counts);
  file.clear();
  file.seekg(0);
  std::string begin(bytes, '\0');
  file.read(begin.data(), static_cast<std::streamsize>(bytes));
  std::istringstream text(begin);
  add_words(text, 1, counts);
  return counts;
}

struct Difference {
  std::int64_t lost = 0;
  std::int64_t doubled = 0;
  void add(std::int64_t expected, std::int64_t found) {
    lost += std::max<std::int64_t>(expected - found, 0);
    doubled += std::max<std::int64_t>(found - expected, 0);
  }
};

Difference compare_words(const std::vector<Term>& objects, Counts expected) {
  Difference difference;
  for (const Term& object : objects) {
    if (object.size() != 2 || !object.element(1).is_binary()) continue;
    const auto known = expected.find(std::string(object.element(1).as_binary()));
    difference.add(known == expected.end() ? 0 : known->second, object.element(2).as_int64());
    if (known != expected.end()) expected.erase(known);
  }
  for (const auto& [word, count] : expected) difference.add(count, 0);
  return difference;
}

// At rest, all stamps are those of the last insert.
void compare_stamps(const Table& table, std::int64_t inserts) {
  for (std::int64_t pair = 0; pair < kStampPairs; ++pair) {
    for (const bool second : {false, true}) {
      const Term key = stamp_key(pair, second);
      const Term stamp = table.lookup_element(key, 2, 0);
      if (stamp != Term(inserts)) tell("finding", to_string(key), "is", to_string(stamp), "after", inserts, "inserts");
    }
  }
}

}  // namespace

int audit(const Task& task) {
  die_with_parent();
  const Node node = Node::open(task.node, {.role = NodeRole::observer, .create = false});
  const Table table = node.open_table(Atom(kTable));
  for (const std::string& finding : table.check().findings) tell("finding", finding);

  const TableInfo info = table.info();
  tell("repairs", info.repairs_finished, info.repairs_undone);
  const auto position = table.lookup(position_key()).one();
  if (!position) return tell("finding", "there is no position in the table"), kOk;
  const std::int64_t inserts = position->element(2).as_int64();
  const std::int64_t passes = position->element(3).as_int64();
  tell("position", inserts, passes);
  compare_stamps(table, inserts);
  const Difference difference =
      compare_words(table.tab2list(), count_words(task.input, passes, position->element(4).as_uint64()));
  tell("compared", difference.lost, difference.doubled);
  return kOk;
}

}  // namespace heirloom::cli::demo
