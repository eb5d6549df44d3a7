// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of select_delete and select_replace: each object is as it was or as it should become, those that come
// later in the table never before the others, and nothing is lost or doubled; of a bag, the objects of a key go at once.
#include <gtest/gtest.h>

#include "heirloom/match_spec.hpp"

#include "match/key_range.hpp"
#include "match/machine.hpp"
#include "scenario.hpp"

namespace heirloom::crash {
namespace {

// What node::Selection does, without a node.
class Change final : public table::Judge {
 public:
  Change(Session& session, const MatchSpec& spec, bool replace)
      : table_(session.table()),
        spec_(spec),
        machine_(
            spec.program(),
            {.self = kCaller, .atoms = table_.atoms(), .id_of = [this](Atom atom) { return table_.find_atom(atom); }}),
        replace_(replace) {}

  void make() {
    const bool ordered = table_.type() == TableType::ordered_set;
    const term::KeyRange range = matching::key_range_of(*spec_.program(), 1, ordered);
    table::ChangeProgress progress;
    table_.change(kCaller, range, progress, {}, *this);
  }

  [[nodiscard]] Operation operation() const noexcept override {
    return replace_ ? Operation::select_replace : Operation::select_delete;
  }
  Verdict judge(const table::Seen& object) override {
    if (!replace_) return machine_.says_true(object.view()) ? Verdict::remove : Verdict::keep;
    const TermView* const result = machine_.run(object.view());
    if (result == nullptr) return Verdict::keep;
    replacement_ = Term(*result);
    return Verdict::replace;
  }
  Term replacement() override { return replacement_; }

 private:
  table::Table& table_;
  const MatchSpec& spec_;
  matching::Machine machine_;
  bool replace_;
  Term replacement_;
};

std::function<void(Session&)> select_delete(const char* spec) {
  return [compiled = MatchSpec(parse(spec))](Session& session) { Change(session, compiled, false).make(); };
}
std::function<void(Session&)> select_replace(const char* spec) {
  return [compiled = MatchSpec(parse(spec))](Session& session) { Change(session, compiled, true).make(); };
}

std::function<void(State&)> without(std::int64_t key) {
  return [key](State& state) { state.erase(std::to_string(key)); };
}
std::function<void(State&)> with(const Term& object) {
  return [object](State& state) { state[to_string(object.element(1))] = to_string(object); };
}

// Keys of three stripes, in the order of a traversal, and others beside them.
struct Keys {
  std::int64_t of_stripe[3] = {keys_of(1, 1).front(), keys_of(3, 1).front(), keys_of(6, 1).front()};
  std::int64_t beside[3] = {keys_of(1, 2).back(), keys_of(3, 2).back(), keys_of(7, 1).front()};
};

void prepare_hashed(Session& session) {
  const Keys keys;
  for (const std::int64_t key : keys.of_stripe) session.insert({key, "goes"});
  for (const std::int64_t key : keys.beside) session.insert({key, "stays"});
}

void prepare_ordered(Session& session) {
  for (int key = 0; key < 6; ++key) session.insert({key, key % 2 == 0 ? "goes" : "stays"});
}

constexpr const char* kDelete = "[{{'_',<<\"goes\">>},[],[true]}]";
constexpr const char* kReplace = "[{{'$1',<<\"goes\">>},[],[{{'$1',<<\"a longer one than before\">>,'$1'}}]}]";

Term replaced(std::int64_t key) { return {key, "a longer one than before", key}; }

TEST(KillAtEveryStepOfASelect, DeleteOfThreeOfASet) {
  const Keys keys;
  expect_old_or_new_at_every_step(
      {.name = "set: select_delete of 3",
       .prepare = prepare_hashed,
       .operation = select_delete(kDelete),
       .effects = {without(keys.of_stripe[0]), without(keys.of_stripe[1]), without(keys.of_stripe[2])}});
}

TEST(KillAtEveryStepOfASelect, ReplaceOfThreeOfASet) {
  const Keys keys;
  expect_old_or_new_at_every_step({.name = "set: select_replace of 3",
                                   .prepare = prepare_hashed,
                                   .operation = select_replace(kReplace),
                                   .effects = {with(replaced(keys.of_stripe[0])), with(replaced(keys.of_stripe[1])),
                                               with(replaced(keys.of_stripe[2]))}});
}

TEST(KillAtEveryStepOfASelect, DeleteOfThreeOfAnOrderedSet) {
  expect_old_or_new_at_every_step({.name = "ordered_set: select_delete of 3",
                                   .prepare = prepare_ordered,
                                   .operation = select_delete(kDelete),
                                   .type = TableType::ordered_set,
                                   .effects = {without(0), without(2), without(4)}});
}

TEST(KillAtEveryStepOfASelect, ReplaceOfThreeOfAnOrderedSet) {
  expect_old_or_new_at_every_step({.name = "ordered_set: select_replace of 3",
                                   .prepare = prepare_ordered,
                                   .operation = select_replace(kReplace),
                                   .type = TableType::ordered_set,
                                   .effects = {with(replaced(0)), with(replaced(2)), with(replaced(4))}});
}

TEST(KillAtEveryStepOfASelect, ReplaceOfACompressedTable) {
  expect_old_or_new_at_every_step({.name = "compressed: select_replace",
                                   .prepare = prepare_hashed,
                                   .operation = select_replace(kReplace),
                                   .compressed = true,
                                   .effects = {with(replaced(Keys().of_stripe[0])), with(replaced(Keys().of_stripe[1])),
                                               with(replaced(Keys().of_stripe[2]))}});
}

// A key with six objects, of which some go; and one with a single one.
void prepare_six_of_a_key(Session& session) {
  for (int number = 0; number < 6; ++number) session.insert({1, number});
  session.insert({2, 0});
  for (int key = 10; key < 16; ++key) session.insert({key, "stays"});
}

std::string joined(std::initializer_list<Term> objects) {
  std::string text;
  for (const Term& object : objects) text += (text.empty() ? "" : std::string(kBetweenObjects)) + to_string(object);
  return text;
}

class KillAtEveryStepOfASelectOfABag : public ::testing::TestWithParam<TableType> {
 protected:
  static std::string named(const char* what) { return std::string(to_string(GetParam())) + ": " + what; }
};

TEST_P(KillAtEveryStepOfASelectOfABag, DeleteOfSomeOfAKey) {
  expect_old_or_new_at_every_step({.name = named("select_delete of 3 of 6"),
                                   .prepare = prepare_six_of_a_key,
                                   .operation = select_delete("[{{1,'$1'},[{'=:=',{'rem','$1',2},1}],[true]}]"),
                                   .effect =
                                       [](State& state) {
                                         state["1"] = joined({{1, 0}, {1, 2}, {1, 4}});
                                       },
                                   .type = GetParam()});
}

TEST_P(KillAtEveryStepOfASelectOfABag, DeleteOfAllButOneOfAKey) {
  expect_old_or_new_at_every_step({.name = named("select_delete of 5 of 6"),
                                   .prepare = prepare_six_of_a_key,
                                   .operation = select_delete("[{{1,'$1'},[{'=/=','$1',3}],[true]}]"),
                                   .effect =
                                       [](State& state) {
                                         state["1"] = joined({{1, 3}});
                                       },
                                   .type = GetParam()});
}

TEST_P(KillAtEveryStepOfASelectOfABag, DeleteOfAllOfAKey) {
  expect_old_or_new_at_every_step({.name = named("select_delete of 6 of 6"),
                                   .prepare = prepare_six_of_a_key,
                                   .operation = select_delete("[{{1,'_'},[],[true]}]"),
                                   .effect = without(1),
                                   .type = GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Types, KillAtEveryStepOfASelectOfABag,
                         ::testing::Values(TableType::bag, TableType::duplicate_bag),
                         [](const auto& type) { return std::string(to_string(type.param)); });

TEST(KillAtEveryStepOfASelect, ReplaceOfTwoOfAKeyOfADuplicateBag) {
  const auto state = [](std::initializer_list<Term> objects) {
    return [text = joined(objects)](State& changed) { changed["1"] = text; };
  };
  expect_old_or_new_at_every_step(
      {.name = "duplicate_bag: select_replace of 2 of 6",
       .prepare = prepare_six_of_a_key,
       .operation = select_replace("[{{1,'$1'},[{'>','$1',3}],[{{1,new,'$1'}}]}]"),
       .type = TableType::duplicate_bag,
       .effects = {state({{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, Atom("new"), 4}, {1, 5}}),
                   state({{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, Atom("new"), 4}, {1, Atom("new"), 5}})}});
}

}  // namespace
}  // namespace heirloom::crash
