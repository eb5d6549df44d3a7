// SPDX-License-Identifier: Apache-2.0
//
// Strategy: random lists of options, good and bad, to ets:new/2 and to table_options(): both make a table, and info tells the
// same of it, or both refuse.
//
// Masked, by name:
//   - more than 127 fixed locks: Heirloom has 64 at the most, and says so.
//   - {heir,Name}: a registered name is Heirloom's own; real pids are in the tests of ownership.
//   - ordered_set_before: where a later option makes another type of an ordered_set, OTP 25.2.3 decides about
//     decentralized_counters as if it were one still: then that is given.
//   - an unnamed table: all of Heirloom's are named.
#include <cstdlib>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "environment.hpp"
#include "erlang.hpp"

namespace heirloom::oracle {
namespace {

using namespace literals;

class Options {
 public:
  explicit Options(std::uint64_t seed) : random_(seed) {}

  Term some() {
    static const Term names = parse(
        "[set, ordered_set, bag, duplicate_bag, public, protected, private, named_table, compressed, set, protected]");
    static const Term pairs = parse(
        "[{write_concurrency, true}, {write_concurrency, false}, {write_concurrency, auto},"
        " {write_concurrency, {debug_hash_fixed_number_of_locks, 1}}, {read_concurrency, true},"
        " {write_concurrency, {debug_hash_fixed_number_of_locks, 127}}, {read_concurrency, false},"
        " {decentralized_counters, true}, {decentralized_counters, false}, {keypos, 1}, {keypos, 2}, {keypos, "
        "16777215},"
        " {heir, none}]");
    static const Term bad = parse(
        "[foo, {type, bag}, {named_table, true}, {compressed, true}, {protection, public}, {keypos, 0}, {keypos, -1},"
        " {keypos, 1.0}, {keypos, 1180591620717411303424}, {keypos, 1, 1}, {heir, none, x}, {heir, 7, x}, {heir, <<>>},"
        " {read_concurrency, auto}, {decentralized_counters, auto}, {write_concurrency, 1}, {}, [], <<>>, 1, {keypos},"
        " {write_concurrency, {debug_hash_fixed_number_of_locks, 0}}, [set], {write_concurrency, {foo, 1}},"
        " {write_concurrency, {debug_hash_fixed_number_of_locks, 32769}}, {{}, 1}]");
    std::vector<Term> list(random_() % 7);
    const bool all_good = random_() % 3 != 0;
    for (Term& option : list)
      option = one_of(!all_good && random_() % 4 == 0 ? bad : random_() % 2 == 0 ? names : pairs);
    if (random_() % 40 == 0) return random_() % 2 == 0 ? improper_list(list, Term("set"_atom)) : one_of(bad);
    if (ordered_before(list)) list.push_back({"decentralized_counters"_atom, random_() % 2 == 0});
    return heirloom::list(list);
  }

 private:
  static bool ordered_before(const std::vector<Term>& list) {
    const auto ordered = std::find(list.begin(), list.end(), Term("ordered_set"_atom));
    return std::any_of(ordered, list.end(), [](const Term& option) {
      return option == Term("bag"_atom) || option == Term("duplicate_bag"_atom);
    });
  }
  Term one_of(const Term& list) { return Term(list[random_() % list.size()]); }
  std::mt19937_64 random_;
};

class OptionsOfTables : public testing::Test {
 protected:
  OptionsOfTables() {
    char path[] = "/dev/shm/heirloom-oracle-XXXXXX";
    directory_ = ::mkdtemp(path);
    node_.emplace(Node::open(directory_));
  }
  ~OptionsOfTables() override {
    node_.reset();
    std::filesystem::remove_all(directory_);
  }

  Term told(const Term& options, const Term& items) {
    try {
      Table table = node_->create("table"_atom, table_options(options));
      std::vector<Term> told;
      for (const TermView pair : items.elements()) {
        const Atom item = pair.element(1).as_atom();
        told.push_back({item, table.info(item)});
      }
      table.drop();
      return list(told);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::badarg) << error.what();
      return "badarg"_atom;
    }
  }

  std::string directory_;
  std::optional<Node> node_;
};

TEST_F(OptionsOfTables, AreReadAsByErlang) {
  Options options(announced_seed());
  Erlang erlang;
  // In the order of ets:info/1.
  const Term items = erlang.ask({"options"_atom, list({})});
  int refused = 0;
  constexpr int kLists = 3000;
  for (int i = 0; i < kLists; ++i) {
    const Term some = options.some();
    const Term expected = erlang.ask({"options"_atom, some});
    ASSERT_EQ(told(some, items), expected) << to_string(some);
    if (expected == Term("badarg"_atom)) ++refused;
  }
  EXPECT_GT(refused, kLists / 20);
  EXPECT_LT(refused, kLists / 2);
}

}  // namespace
}  // namespace heirloom::oracle
