// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a read: no writer is held up, nothing that is retired later stays pinned by the epoch
// that the reader was in, and everything is there. A reader changes one shared word, its thread's epoch: so a short
// read leaves two images, a long one a few more, since it leaves its epoch now and then.
#include <stdexcept>

#include <gtest/gtest.h>

#include "heirloom/match_spec.hpp"

#include "match/key_range.hpp"
#include "match/machine.hpp"
#include "scenario.hpp"

namespace heirloom::crash {
namespace {

using Read = std::function<void(Session&)>;

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

class KillAtEveryStepOfARead : public ::testing::TestWithParam<std::pair<TableType, bool>> {
 protected:
  static bool compressed() { return GetParam().second; }
  static TableType type() { return GetParam().first; }

  // Three objects of key 3 in a bag, and small tables else.
  static void prepare(Session& session) {
    for (int key = 1; key <= 12; ++key) session.insert({key, 1, "text"});
    if (!is_bag(type())) return;
    for (int number = 2; number <= 3; ++number) session.insert({3, number, "text"});
  }
  static std::size_t objects_of_a_key() { return is_bag(type()) ? 3 : 1; }
  static std::size_t objects() { return is_bag(type()) ? 14 : 12; }

  // The reader must have been in an epoch, or nothing was proven.
  static void expect(const std::string& what, const Read& read, const std::function<void(Session&)>& fill = prepare) {
    const Outcome outcome = expect_old_or_new_at_every_step(
        {.name = std::string(compressed() ? "compressed " : "") + std::string(to_string(type())) + ": " + what,
         .prepare = fill,
         .operation = read,
         .effect = {},
         .type = type(),
         .compressed = compressed()});
    EXPECT_GE(outcome.recording.moments.size(), 2u) << "no image with a reader in it";
  }
};

TEST_P(KillAtEveryStepOfARead, Lookup) {
  expect("lookup", [](Session& session) {
    require(session.table().lookup(kCaller, Term(3)).size() == objects_of_a_key(), "it finds the objects");
  });
}

TEST_P(KillAtEveryStepOfARead, LookupOfNothing) {
  expect("lookup of an absent key",
         [](Session& session) { require(session.table().lookup(kCaller, Term(99)).empty(), "it finds nothing"); });
}

TEST_P(KillAtEveryStepOfARead, FirstAndNext) {
  expect("first and next of all keys", [](Session& session) {
    int keys = 0;
    for (auto key = session.table().first(kCaller); key; key = session.table().next(kCaller, *key)) ++keys;
    require(keys == 12, "it finds all keys");
  });
}

TEST_P(KillAtEveryStepOfARead, Tab2list) {
  expect("tab2list", [](Session& session) {
    require(session.table().tab2list(kCaller).size() == objects(), "it finds all objects");
  });
}

// What node::Selection does, without a node.
class Select final : public table::Visitor {
 public:
  Select(Session& session, const MatchSpec& spec)
      : table_(session.table()),
        spec_(spec),
        machine_(spec.program(), {.self = kCaller, .atoms = table_.atoms(), .id_of = [this](Atom atom) {
                                    return table_.find_atom(atom);
                                  }}) {}

  std::size_t in_chunks(std::size_t work_max) {
    const bool ordered = table_.type() == TableType::ordered_set;
    const term::KeyRange range = matching::key_range_of(*spec_.program(), 1, ordered);
    for (table::SearchPosition position; !position.at_end;) {
      table_.search(kCaller, range, position, {.work_max = work_max}, *this);
    }
    return found_;
  }

  bool wants(const table::Seen& object) override { return machine_.run(object.view()) != nullptr; }
  bool take() override {
    ++found_;
    return true;
  }

 private:
  table::Table& table_;
  const MatchSpec& spec_;
  matching::Machine machine_;
  std::size_t found_ = 0;
};

TEST_P(KillAtEveryStepOfARead, SelectInChunks) {
  expect("select in chunks of 4", [spec = MatchSpec(parse("[{{'$1','_','_'},[{'>','$1',6}],['$1']}]"))](auto& session) {
    require(Select(session, spec).in_chunks(4) == 6, "it finds what matches");
  });
}

INSTANTIATE_TEST_SUITE_P(Types, KillAtEveryStepOfARead,
                         ::testing::Values(std::pair(TableType::set, false), std::pair(TableType::ordered_set, false),
                                           std::pair(TableType::bag, false), std::pair(TableType::duplicate_bag, false),
                                           std::pair(TableType::set, true), std::pair(TableType::ordered_set, true)),
                         [](const auto& each) {
                           return std::string(each.param.second ? "compressed_" : "") +
                                  std::string(to_string(each.param.first));
                         });

}  // namespace
}  // namespace heirloom::crash
