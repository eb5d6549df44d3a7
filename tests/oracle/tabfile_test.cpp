// SPDX-License-Identifier: Apache-2.0
//
// Strategy: random tables are saved by Erlang and loaded here, and the other way round: the same objects, and info tells the same. Then
// files with every kind of damage are given to both, with and without `verify`: the same table, or the same reason. Catches bytes
// that only one of them takes, and a way through a damaged file that is not disk_log's.
//
// Masked, by name:
//   - raised: where Erlang raises an exception instead of answering {error,_}, the reason is `badfile` here.
//   - hangs: disk_log does not come to an end where a long item's head is cut short by the end of the file. It gets no such file.
//   - no_name: a table of Heirloom may not be called ''.
//   - insert_list_order: OTP 25.2.3 inserts lists into bags, some of them into sets, too, in reverse (OTP-18434), and file2tab inserts
//     lists: the objects of a bag are compared without their order; where sets differ, their keys are compared.
//   - odd_header: tabfile_info tells whatever a file says, here only what a table can be; and tables have names of atoms only.
//   - exit_objects: {'EXIT',_} is taken for an item that is no term by file2tab, when it verifies a sum or finds a broken term
//     near it. No generated object is one.
//   - signed zeros, before OTP 27 (docs/values.md): no object has one.
//
// HEIRLOOM_SEED replays a run; HEIRLOOM_ORACLE_FILES says how many damaged files there are.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "environment.hpp"
#include "erlang.hpp"
#include "tabfile/format.hpp"
#include "tabfile_maker.hpp"
#include "term/external_prefix.hpp"
#include "term_generator.hpp"
#include "traits.hpp"

namespace heirloom::oracle {
namespace {

using namespace literals;

std::uint64_t file_count() { return number_from_environment("HEIRLOOM_ORACLE_FILES", 4000); }

const Term kVerify = parse("[{verify, true}]");
const Term kAllExtended = parse("[{extended_info, [object_count, md5sum]}]");

Term characters(const std::string& text) {
  std::vector<Term> all;
  for (const char character : text) all.emplace_back(static_cast<int>(character));
  return list(all);
}

// Without an order that a table need not have.
Term sorted(const Term& objects) {
  std::map<std::string, std::vector<Term>> by_bytes;
  for (const TermView object : objects.elements()) by_bytes[to_external(object)].emplace_back(object);
  std::vector<Term> all;
  for (const auto& [bytes, same] : by_bytes) all.insert(all.end(), same.begin(), same.end());
  return list(all);
}

// As Erlang's told_of_table().
Term told(const Table& table) {
  std::vector<Term> info;
  for (const char* item :
       {"name", "size", "type", "keypos", "protection", "compressed", "read_concurrency", "write_concurrency"}) {
    info.push_back({Atom(item), table.info(Atom(item))});
  }
  return {list(info), sorted(list(table.tab2list()))};
}
Term told_by_erlang(TermView told) { return {Term(told.element(1)), sorted(Term(told.element(2)))}; }

// Masks insert_list_order: of a set with the keys in the place of the objects, where it matters which of two came last.
Term without_lost_order(const Term& told) {
  const auto item = [&](std::size_t index) { return told.element(1)[index].element(2); };
  if (item(2) == Term("bag"_atom) || item(2) == Term("duplicate_bag"_atom)) return told;
  std::vector<Term> keys;
  for (const TermView object : told.element(2).elements()) keys.emplace_back(object.element(item(3).as_uint64()));
  return {Term(told.element(1)), sorted(list(keys))};
}

class TableFilesTest : public testing::Test {
 protected:
  TableFilesTest() {
    char path[] = "/dev/shm/heirloom-oracle-XXXXXX";
    directory_ = ::mkdtemp(path);
    file_ = directory_ + "/file";
    node_.emplace(Node::open(directory_ + "/node"));
    erlang_ = std::make_unique<Erlang>();
  }
  ~TableFilesTest() override {
    node_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::uint64_t below(std::uint64_t count) { return random_() % count; }

  // What no two tables order or compare differently.
  std::vector<Term> objects(std::size_t keypos) {
    std::vector<Term> all;
    const std::uint64_t count = below(4) == 0 ? 0 : below(300);
    while (all.size() < count) {
      const Term key = below(3) == 0 ? Term(below(40)) : Term{"key"_atom, std::to_string(below(1000))};
      std::vector<Term> elements = {generator_.term(), generator_.term()};
      if (below(60) == 0) elements.emplace_back(std::string(65500 + below(5000), 'x'));
      elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(keypos - 1), key);
      const Term object = tuple(elements);
      if (without_signed_zeros(object) == object) all.push_back(object);
    }
    return all;
  }

  Term options() {
    static const Term types = parse("[set, ordered_set, bag, duplicate_bag]");
    static const Term protections = parse("[public, protected, private]");
    static const Term more = parse(
        "[compressed, {write_concurrency, true}, {write_concurrency, auto}, {read_concurrency, true},"
        " {write_concurrency, {debug_hash_fixed_number_of_locks, 64}}]");
    std::vector<Term> all = {Term(types[below(4)]), Term(protections[below(3)]), {"keypos"_atom, 1 + below(3)}};
    while (below(2) == 0) all.emplace_back(more[below(more.size())]);
    const bool fixed = std::count(all.begin(), all.end(), Term(more[4])) != 0;
    if (all[0] == Term("ordered_set"_atom) && fixed) all[0] = "set"_atom;
    return list(all);
  }

  Term how_to_save() {
    static const Term ways = parse(
        "[[], [{extended_info, [md5sum]}], [{extended_info, [object_count]}], [{sync, true}],"
        " [{extended_info, [md5sum, object_count]}], [{extended_info, []}, {sync, false}]]");
    return Term(ways[below(ways.size())]);
  }

  // The answer of file2tab, as Erlang would give it.
  Term load(const Term& how) {
    try {
      Table table = file2tab(*node_, file_, file2tab_options(*node_, how));
      Term result{"ok"_atom, told(table)};
      table.drop();
      return result;
    } catch (const TableFileError& error) {
      detail_ = error.what();
      return {"error"_atom, error.reason()};
    }
  }

  Term info() {
    try {
      return {"ok"_atom, to_term(tabfile_info(file_))};
    } catch (const TableFileError& error) {
      return {"error"_atom, error.reason()};
    }
  }

  std::string directory_;
  std::string file_;
  std::optional<Node> node_;
  std::unique_ptr<Erlang> erlang_;
  std::uint64_t seed_ = announced_seed();
  std::mt19937_64 random_{seed_};
  TermGenerator generator_{seed_};
  std::string detail_;  // of the last error
};

class TableFiles : public TableFilesTest {};

TEST_F(TableFiles, SavedByErlangLoadHere) {
  for (int round = 0; round < 300; ++round) {
    const Term made_with = options();
    const std::size_t keypos = made_with[2].element(2).as_uint64();
    const Term answer = erlang_->ask(
        {"tab2file"_atom, "table"_atom, made_with, list(objects(keypos)), characters(file_), how_to_save()});
    ASSERT_EQ(answer.element(1), Term("ok"_atom));
    const Term expected{"ok"_atom, told_by_erlang(answer.element(2))};
    ASSERT_EQ(load(kVerify), expected) << made_with << ' ' << detail_;
    ASSERT_EQ(load(list({})), expected) << made_with << ' ' << detail_;
    ASSERT_EQ(info(), erlang_->ask({"tabfile_info"_atom, characters(file_)}));
  }
}

TEST_F(TableFiles, SavedHereLoadInErlang) {
  for (int round = 0; round < 300; ++round) {
    const Term made_with = options();
    Table table = node_->create("table"_atom, table_options(made_with));
    for (const Term& object : objects(made_with[2].element(2).as_uint64())) table.insert(object);
    tab2file(table, file_, tab2file_options(how_to_save()));
    const Term expected{"ok"_atom, told(table)};
    table.drop();
    for (const Term& how : {kVerify, list({})}) {
      const Term answer = erlang_->ask({"file2tab"_atom, characters(file_), how});
      ASSERT_EQ(answer.element(1), Term("ok"_atom)) << made_with << ' ' << answer;
      ASSERT_EQ(told_by_erlang(answer.element(2)), expected.element(2)) << made_with;
    }
    ASSERT_EQ(info(), erlang_->ask({"tabfile_info"_atom, characters(file_)}));
  }
}

// Bad options, too; where they are no list at all, Erlang raises.
TEST_F(TableFiles, AreNotSavedForTheReasonThatErlangGives) {
  std::filesystem::create_directory(directory_ + "/full");
  std::ofstream(directory_ + "/plain") << "x";
  const std::vector<std::string> files = {"/nowhere/x",
                                          "",
                                          ".",
                                          "..",
                                          directory_,
                                          directory_ + "/full",
                                          directory_ + "/sub/",
                                          directory_ + "/full/",
                                          directory_ + "/plain/x",
                                          directory_ + "/plain/",
                                          directory_ + '/' + std::string(256, 'x'),
                                          file_};
  const Term options = parse(
      "[[], [a], [a | b], [{sync, true} | b], [{sync, 1}], [{extended_info, []}, {extended_info, []}],"
      " [{extended_info, md5sum}], [{extended_info, [count]}], [{extended_info, [md5sum | count]}], [{sync, true, "
      "1}]]");
  Table table = node_->create("table"_atom);
  int same = 0;
  for (const std::string& file : files) {
    for (const TermView how : options.elements()) {
      Term own = "ok"_atom;
      try {
        tab2file(table, file, tab2file_options(Term(how)));
      } catch (const TableFileError& error) {
        own = {"error"_atom, error.reason()};
      }
      const Term answer = erlang_->ask({"tab2file"_atom, "t"_atom, list({}), list({}), characters(file), Term(how)});
      EXPECT_EQ(own, Term(answer.element(1))) << file << ' ' << how;
      ++same;
    }
  }
  EXPECT_GT(same, 100);
}

// Nor is what is no list.
TEST_F(TableFiles, AreNotLoadedForTheReasonThatErlangGives) {
  std::filesystem::create_directory(directory_ + "/full");
  std::ofstream(directory_ + "/plain") << "x";
  const Term options = parse(
      "[[], a, [a], [a | b], [{verify, true} | b], [{verify, 1}], [{verify, true}, {verify, false}], [{table, []}, "
      "a]]");
  for (const std::string& file : {std::string("/nowhere/x"), std::string("."), directory_ + "/full",
                                  directory_ + "/plain", directory_ + "/plain/x", directory_ + "/plain/",
                                  std::string("/dev/null"), directory_ + '/' + std::string(256, 'x')}) {
    file_ = file;
    for (const TermView how : options.elements()) {
      const Term answer = erlang_->ask({"file2tab"_atom, characters(file), Term(how)});
      EXPECT_EQ(load(Term(how)), answer) << file << ' ' << how;
    }
    EXPECT_EQ(info(), erlang_->ask({"tabfile_info"_atom, characters(file)})) << file;
  }
}

class DamagedTableFiles : public TableFilesTest {
 protected:
  // What Erlang may die of when it reads a term: see NearlyTerms. Whatever could be taken for an item is looked at.
  static bool would_endanger_erlang(std::string_view file) {
    for (std::size_t at = 4; at + 4 <= file.size(); ++at) {
      const std::string_view magic = file.substr(at, 4);
      if (magic != tabfile::kItemMagic && magic != tabfile::kOldItemMagic) continue;
      const std::size_t size = tabfile::read_size(file.substr(at - 4));
      const bool is_long = size >= tabfile::kLongItemBytes && magic == tabfile::kItemMagic;
      const std::size_t begin = at + 4 + (is_long ? tabfile::kSumBytes : 0);
      if (begin < file.size() && size <= file.size() - begin && is_dangerous(file.substr(begin, size))) return true;
    }
    return false;
  }
  static bool is_dangerous(std::string_view term) {
    try {
      static_cast<void>(term::read_external_prefix(term, {}));
      return false;
    } catch (const Error& error) {
      const std::string& refusal = error.detail();
      return term.find_first_of("IJK") != std::string_view::npos || refusal.find("fun") != std::string::npos ||
             refusal.find("a reference has 1 to 5 numbers") != std::string::npos;
    }
  }

  void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes; }

  // Keeps what does not agree, so that it can be looked at.
  std::string kept(const std::string& bytes) const {
    const std::string name = "/tmp/heirloom-tabfile-finding";
    std::ofstream(name, std::ios::binary | std::ios::trunc) << bytes;
    return detail_ + "; the file is kept as " + name;
  }

  // Whether a long item begins in the last bytes of the file, with less than its head and a byte.
  static bool would_hang_erlang(std::string_view file) {
    constexpr std::size_t kHeadBytes = tabfile::kItemHeadBytes + tabfile::kSumBytes;
    for (std::size_t left = tabfile::kItemHeadBytes; left <= std::min(kHeadBytes, file.size()); ++left) {
      const std::string_view end = file.substr(file.size() - left);
      if (end.substr(4, 4) == tabfile::kItemMagic && tabfile::read_size(end) >= tabfile::kLongItemBytes) return true;
    }
    return false;
  }

  void judge(const std::string& bytes, const Term& how) {
    const Term answer = erlang_->ask({"file2tab"_atom, characters(file_), how});
    detail_.clear();
    const Term own = load(how);
    ASSERT_NE(answer, Term("hangs"_atom)) << kept(bytes);
    if (answer == Term("raised"_atom)) {
      ++raised_;
      ASSERT_EQ(own, Term({"error"_atom, "badfile"_atom})) << kept(bytes);
    } else if (answer.element(1) == Term("ok"_atom)) {
      const bool no_name = detail_.find("a table needs a name") != std::string::npos;
      if (no_name) return;
      ++loaded_;
      ASSERT_EQ(own.element(1), Term("ok"_atom)) << own << kept(bytes);
      const Term expected = told_by_erlang(answer.element(2));
      const Term loaded(own.element(2));
      if (loaded == expected) return;
      ++lost_order_;
      ASSERT_LT(erlang_->release(), 26) << loaded << expected << kept(bytes);
      ASSERT_EQ(without_lost_order(loaded), without_lost_order(expected)) << kept(bytes);
    } else {
      ++refused_[to_string(answer.element(2))];
      ASSERT_EQ(own, answer) << kept(bytes);
    }
  }

  void judge_info(const std::string& bytes) {
    const Term answer = erlang_->ask({"tabfile_info"_atom, characters(file_)});
    const Term own = info();
    ASSERT_NE(answer, Term("hangs"_atom)) << kept(bytes);
    const bool odd_header = answer == Term("raised"_atom) || answer.element(1) == Term("ok"_atom);
    if (odd_header && own == Term({"error"_atom, "badfile"_atom})) {
      ++odd_headers_;
      return;
    }
    ASSERT_EQ(own, answer) << kept(bytes);
  }

  std::uint64_t loaded_ = 0;
  std::uint64_t raised_ = 0;
  std::uint64_t odd_headers_ = 0;
  std::uint64_t lost_order_ = 0;
  std::map<std::string, std::uint64_t> refused_;
};

TEST_F(DamagedTableFiles, AreReadAsByErlang) {
  TableFileMaker maker(seed_);
  std::uint64_t skipped = 0;
  for (std::uint64_t i = 0; i < file_count() && !HasFatalFailure(); ++i) {
    const std::string bytes = maker.file();
    if (would_endanger_erlang(bytes) || would_hang_erlang(bytes)) {
      ++skipped;
      continue;
    }
    write(bytes);
    judge(bytes, list({}));
    if (!HasFatalFailure()) judge(bytes, kVerify);
    if (!HasFatalFailure()) judge_info(bytes);
  }
  std::printf("%lu loaded, %lu raised, %lu odd headers, %lu in lost order, %lu skipped\n", loaded_, raised_,
              odd_headers_, lost_order_, skipped);
  for (const auto& [reason, count] : refused_) std::printf("%8lu %s\n", count, reason.c_str());
  EXPECT_GT(loaded_, file_count() / 10);
  EXPECT_LT(odd_headers_, file_count() / 4);
  EXPECT_LT(lost_order_, file_count() / 20 + 5);
  EXPECT_LT(skipped, file_count() / 20 + 5);
  EXPECT_GE(refused_.size(), 5U);
}

}  // namespace
}  // namespace heirloom::oracle
