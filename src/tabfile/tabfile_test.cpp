// SPDX-License-Identifier: Apache-2.0
//
// Strategy: files that are whole, loaded in every way that there is; and loads that fail, of which nothing may be left.
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "base/error_fixture.hpp"
#include "tabfile/format.hpp"
#include "tabfile/table_file_fixture.hpp"

namespace heirloom::tabfile {
namespace {

using namespace literals;

using Loading = TableFileTest;

TEST_F(Loading, UnderAnotherName) {
  Table table = table_of(7);
  tab2file(table, file());
  EXPECT_EQ(reason_of_loading(), Term("cannot_create_table"_atom));
  EXPECT_EQ(code_, ErrorCode::already_exists);
  EXPECT_EQ(table.size(), 7U);
  table.insert({8, "since"});
  Table copy = file2tab(*node_, file(), {.name = "copy"_atom, .max_bytes = std::uint64_t{64} << 20});
  EXPECT_EQ(copy.name(), "copy"_atom);
  EXPECT_EQ(copy.size(), 7U);
  EXPECT_EQ(copy.info().max_bytes, std::uint64_t{64} << 20);
  EXPECT_EQ(copy.owner(), node_->root());
  EXPECT_FALSE(copy.info().node_table);
}

TEST_F(Loading, AsANodeTable) {
  Table table = table_of(7);
  tab2file(table, file());
  EXPECT_EQ(reason_of_loading({.node_table = true}), Term("cannot_create_table"_atom));
  EXPECT_EQ(code_, ErrorCode::already_exists);
  table.drop();
  Table loaded = file2tab(*node_, file(), {.node_table = true});
  EXPECT_TRUE(loaded.info().node_table);
  EXPECT_EQ(loaded.owner(), node_->root());
  loaded.drop();
  EXPECT_EQ(code_of([&] { node_->create_node_table("one"_atom), node_->create_node_table("one"_atom); }),
            ErrorCode::already_exists);
}

TEST_F(Loading, IntoATable) {
  tab2file(table_of(7), file(), {.object_count = true, .md5sum = true});
  Table bag = node_->create("bag"_atom, {.type = TableType::bag});
  bag.insert({1, "before"});
  Table same = file2tab(*node_, file(), {.verify = true, .table = bag});
  EXPECT_EQ(same, bag);
  EXPECT_EQ(bag.size(), 8U);
  EXPECT_EQ(bag.lookup(1).size(), 2U);
}

TEST_F(Loading, IntoATableThatFailsLeavesTheTable) {
  tab2file(table_of(300), file());
  Table narrow = node_->create("narrow"_atom, {.keypos = 3});
  EXPECT_EQ(reason_of_loading({.table = narrow}), Term("badfile"_atom));
  EXPECT_NE(what_.find("this is no tuple with a key at position 3"), std::string::npos) << what_;
  EXPECT_EQ(narrow.size(), 0U);
  Table wide = node_->create("wide"_atom);
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) - 1);
  EXPECT_EQ(reason_of_loading({.verify = true, .table = wide}), Term("badfile"_atom));
  EXPECT_EQ(wide.size(), 299U);
}

TEST_F(Loading, ThatFailsDeletesTheTable) {
  Table table = table_of(3000);
  tab2file(table, file(), {.md5sum = true});
  table.drop();
  std::string damaged = bytes();
  damaged[damaged.size() - 200] ^= 1;
  write(damaged);
  for (const bool node_table : {false, true}) {
    EXPECT_EQ(reason_of_loading({.verify = true, .node_table = node_table}), Term("checksum_error"_atom));
    EXPECT_EQ(code_, ErrorCode::corrupt);
    EXPECT_FALSE(node_->find_table("table"_atom));
  }
}

TEST_F(Loading, IntoTooLittleRoomDeletesTheTable) {
  Table table = table_of(0);
  for (int key = 0; key < 3000; ++key) table.insert({key, std::string(1000, 'x')});
  tab2file(table, file());
  table.drop();
  EXPECT_EQ(code_of([&] { file2tab(*node_, file(), {.max_bytes = std::uint64_t{1} << 20}); }), ErrorCode::full);
  EXPECT_FALSE(node_->find_table("table"_atom));
}

TEST_F(Loading, EndsWithWhatItsProgressThrows) {
  Table table = table_of(25000);
  tab2file(table, file());
  table.drop();
  struct Stop {};
  EXPECT_THROW(file2tab(*node_, file(), {.progress = [](const TableFileProgress&) { throw Stop(); }}), Stop);
  EXPECT_FALSE(node_->find_table("table"_atom));
}

TEST_F(Loading, TellsItsProgress) {
  Table table = table_of(25000);
  tab2file(table, file(), {.object_count = true});
  table.drop();
  std::vector<std::uint64_t> told;
  TableFileProgress last;
  file2tab(*node_, file(),
           {.progress = [&](const TableFileProgress& now) { told.push_back(now.objects), last = now; }});
  ASSERT_EQ(told.size(), 3U);
  EXPECT_TRUE(told[0] >= 10000 && told[0] <= 10100) << told[0];
  EXPECT_TRUE(told[1] >= told[0] + 10000 && told[1] <= told[0] + 10100) << told[1];
  EXPECT_EQ(told[2], 25000U);
  EXPECT_EQ(last.objects_total, 25000U);
  EXPECT_EQ(last.bytes, std::filesystem::file_size(file()));
  EXPECT_EQ(last.bytes_total, last.bytes);
}

TEST_F(Loading, KeepsToItsLimits) {
  Table table = node_->create("table"_atom);
  table.insert({1, std::string(20000, 'x')});
  tab2file(table, file());
  table.drop();
  EXPECT_EQ(reason_of_loading({.limits = {.memory_bytes_max = 10000}}), Term("system_limit"_atom));
  EXPECT_EQ(code_, ErrorCode::system_limit);
  EXPECT_FALSE(node_->find_table("table"_atom));
  // Of the whole file: 3 objects with 2 new atoms each.
  std::string whole = bytes().substr(0, bytes().find(kItemMagic, 20) - 4);
  for (int i = 0; i < 3; ++i) {
    std::string term = "\x83\x68\x02\x77\x0b..........";
    term += static_cast<char>('a' + i);
    term += "\x77\x0b__________";
    term += static_cast<char>('a' + i);
    whole += size_bytes(static_cast<std::uint32_t>(term.size())) + std::string(kItemMagic) + term;
  }
  write(whole);
  EXPECT_EQ(reason_of_loading({.limits = {.new_atoms_max = 5}}), Term("system_limit"_atom));
  EXPECT_EQ(reason_of_loading({.limits = {.new_atoms_max = 2}}), std::nullopt);  // four are there by now
}

TEST_F(Loading, NamesTheErrorOfTheSystem) {
  const auto reason = [&](const std::filesystem::path& path) {
    const auto loading = reason_of([&] { file2tab(*node_, path); });
    EXPECT_EQ(reason_of([&] { static_cast<void>(tabfile_info(path)); }), loading);
    return loading;
  };
  EXPECT_EQ(reason("/nowhere/x"), parse("{read_error,{file_error,\"/nowhere/x\",enoent}}"));
  EXPECT_EQ(code_, ErrorCode::not_found);
  EXPECT_EQ(what_, "read \"/nowhere/x\": open it: No such file or directory (not_found)");
  EXPECT_EQ(reason("/etc/passwd/x"), parse("{read_error,{file_error,\"/etc/passwd/x\",enotdir}}"));
  EXPECT_EQ(reason("/tmp"), parse("{read_error,{file_error,\"/tmp\",eisdir}}"));
  EXPECT_EQ(reason("/dev/null"), parse("{read_error,{not_a_log_file,\"/dev/null\"}}"));
  EXPECT_EQ(code_, ErrorCode::corrupt);
}

TEST_F(Loading, DoesNotWaitForWhoeverWritesIntoAPipe) {
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  const Term reason = *reason_of_loading();
  EXPECT_EQ(Term(reason.element(2).element(1)), Term("not_a_log_file"_atom));
}

TEST_F(Loading, ByTwoAtOnceIsDoneByOne) {
  Table table = table_of(2000);
  tab2file(table, file());
  table.drop();
  std::atomic<int> loaded = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      try {
        file2tab(*node_, file(), {.node_table = true});
        ++loaded;
      } catch (const TableFileError& error) {
        EXPECT_EQ(error.code(), ErrorCode::already_exists) << error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loaded, 1);
  EXPECT_EQ(node_->open_table("table"_atom).size(), 2000U);
}

}  // namespace
}  // namespace heirloom::tabfile
