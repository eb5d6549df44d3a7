// SPDX-License-Identifier: Apache-2.0
//
// Strategy: tables of every kind come back as they were; whatever goes wrong while a file is written, a file that was there before is
// untouched, and no other is left. Catches bytes that are not those of disk_log, and temporary files that stay.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/error_fixture.hpp"
#include "tabfile/format.hpp"
#include "tabfile/table_file_fixture.hpp"

namespace heirloom::tabfile {
namespace {

using namespace literals;

using Saving = TableFileTest;

std::string item_of(const Term& term) {
  const std::string bytes = to_external(term);
  const std::string size = size_bytes(static_cast<std::uint32_t>(bytes.size()));
  return size + std::string(kItemMagic) + (bytes.size() >= kLongItemBytes ? sum_of_size(size) : "") + bytes;
}

TEST_F(Saving, BringsBackEachKindOfTable) {
  const Term kinds = parse(
      "[[set], [ordered_set, public], [bag, {keypos, 2}, private], [duplicate_bag, compressed], [compressed],"
      " [{write_concurrency, auto}, {read_concurrency, true}, public], [ordered_set, {write_concurrency, true}],"
      " [{write_concurrency, {debug_hash_fixed_number_of_locks, 64}}, protected]]");
  for (const TermView kind : kinds.elements()) {
    Table table = node_->create("kind"_atom, table_options(Term(kind)));
    for (int i = 0; i < 250; ++i) table.insert({i % 100, i % 90, "object", i, 1.5, list({"ö"_atom, i})});
    const std::vector<Term> objects = sorted(table);
    const Term info = to_term(table.info());
    tab2file(table, file(), {.object_count = true, .md5sum = true});
    table.drop();
    for (const bool verify : {true, false}) {
      Table loaded = file2tab(*node_, file(), {.verify = verify});
      EXPECT_EQ(sorted(loaded), objects) << kind;
      for (const char* item : {"name", "type", "keypos", "protection", "compressed", "write_concurrency",
                               "read_concurrency", "size", "owner"}) {
        const auto before = std::find_if(info.elements().begin(), info.elements().end(),
                                         [&](TermView pair) { return pair.element(1) == Term(Atom(item)); });
        EXPECT_EQ(loaded.info(Atom(item)), Term((*before).element(2))) << kind << ' ' << item;
      }
      EXPECT_TRUE(loaded.check().ok);
      loaded.drop();
    }
  }
  EXPECT_EQ(names(), std::vector<std::string>{"table"});
}

TEST_F(Saving, OfAnEmptyTableAlsoWithoutAnyProof) {
  Table table = table_of(0);
  tab2file(table, file());
  table.drop();
  const std::string head = std::string(kLogMagic) + std::string(kClosed);
  EXPECT_EQ(bytes(), head + item_of(tabfile_info(file()).header));
  Table loaded = file2tab(*node_, file(), {.verify = true});
  EXPECT_EQ(loaded.size(), 0U);
}

TEST_F(Saving, WritesWhatDiskLogWould) {
  Table table = table_of(1);
  tab2file(table, file(), {.sync = true, .object_count = true, .md5sum = true});
  const TableFileInfo info = tabfile_info(file());
  EXPECT_EQ(info.header.size(), 18U);
  const Term object{0, "object 0"};
  Md5 sum;
  sum.update(to_external(info.header));
  sum.update(to_external(object));
  const Term footer = list({"$end_of_table"_atom, list({{"count"_atom, 1}, {"md5"_atom, sum.finish()}})});
  EXPECT_EQ(bytes(),
            std::string(kLogMagic) + std::string(kClosed) + item_of(info.header) + item_of(object) + item_of(footer));
  EXPECT_EQ(to_string(to_term(info)),
            "[{name,table},{type,set},{protection,protected},{named_table,true},{keypos,1},{size,1},"
            "{extended_info,[object_count,md5sum]},{version,{1,0}}]");
}

TEST_F(Saving, OfLongObjects) {
  Table table = node_->create("long"_atom, {.type = TableType::ordered_set});
  // A tuple of a number and a binary takes 10 bytes more than the binary.
  for (const std::size_t size : {65516, 65517, 65518, 65519, 200000, 3000000, 1})
    table.insert({size % 100, std::string(size, 'x')});
  EXPECT_EQ(to_external(Term{1, std::string(65518, 'x')}).size(), kLongItemBytes);
  tab2file(table, file(), {.md5sum = true});
  const std::vector<Term> objects = table.tab2list();
  table.drop();
  EXPECT_EQ(file2tab(*node_, file(), {.verify = true}).tab2list(), objects);
}

TEST_F(Saving, TellsItsProgress) {
  Table table = table_of(25000);
  std::vector<std::uint64_t> told;
  TableFileProgress last;
  tab2file(table, file(), {.progress = [&](const TableFileProgress& now) { told.push_back(now.objects), last = now; }});
  EXPECT_EQ(told, (std::vector<std::uint64_t>{10000, 20000, 25000}));
  EXPECT_EQ(last.objects_total, 25000U);
  EXPECT_EQ(last.bytes, std::filesystem::file_size(file()));
  EXPECT_EQ(last.bytes_total, 0U);
}

TEST_F(Saving, MeetsWhatIsThereAllTheTimeOnceWhileOthersWrite) {
  Table table = node_->create("busy"_atom, {.protection = Protection::public_access});
  for (int key = 0; key < 20000; ++key) table.insert({key, "stays"});
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int key = 20000; !done; key = key == 60000 ? 20000 : key + 1) {
      table.insert({key, "comes"});
      if (key % 3 == 0) table.erase(key - 300 < 20000 ? 60001 : key - 300);
    }
  });
  tab2file(table, file(), {.object_count = true, .md5sum = true});
  done = true;
  writer.join();
  table.drop();
  Table loaded = file2tab(*node_, file(), {.verify = true});
  for (int key = 0; key < 20000; ++key) ASSERT_TRUE(loaded.member(key)) << key;
}

TEST_F(Saving, ReplacesTheOldFileOrALinkToIt) {
  Table table = table_of(3);
  write("what was there");
  std::filesystem::rename(file(), directory() / "other");
  std::filesystem::create_symlink("other", file());
  tab2file(table, file());
  EXPECT_FALSE(std::filesystem::is_symlink(file()));
  EXPECT_EQ(std::filesystem::file_size(directory() / "other"), 14U);
  table.insert({4, "more"});
  tab2file(table, file());
  EXPECT_EQ(tabfile_info(file()).size, 4U);
  EXPECT_EQ(names(), (std::vector<std::string>{"other", "table"}));
}

TEST_F(Saving, GivesTheFileTheRightsThatAnyFileGets) {
  const mode_t before = ::umask(027);
  tab2file(table_of(1), file());
  ::umask(before);
  EXPECT_EQ(std::filesystem::status(file()).permissions(), std::filesystem::perms(0640));
}

TEST_F(Saving, RefusesWhatIsThereAndNoFile) {
  Table table = table_of(1);
  const auto reason = [&](const std::filesystem::path& path) { return reason_of([&] { tab2file(table, path); }); };
  const Term eaccess = "eaccess"_atom;
  EXPECT_EQ(reason(directory()), eaccess);
  EXPECT_EQ(reason("."), eaccess);
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_EQ(reason(file()), eaccess);
  EXPECT_EQ(code_, ErrorCode::not_permitted);
  EXPECT_EQ(what_, "save a table in \"" + file().string() +
                       "\": it is there, and neither a file nor a symbolic link (not_permitted)");
  std::filesystem::remove(file());
  write("a file");
  EXPECT_EQ(reason(file() / "deeper"), eaccess);
  EXPECT_EQ(names(), std::vector<std::string>{"table"});
}

TEST_F(Saving, NamesTheErrorOfTheSystem) {
  Table table = table_of(1);
  const auto error = reason_of([&] { tab2file(table, "/nowhere/ö"); });
  EXPECT_EQ(error, parse("{file_error,\"/nowhere/ö\",enoent}"));
  EXPECT_EQ(code_, ErrorCode::not_found);
  EXPECT_EQ(reason_of([&] { tab2file(table, "/nowhere/\xff"); }), parse("{file_error,<<\"/nowhere/\",255>>,enoent}"));
  EXPECT_EQ(reason_of([&] { tab2file(table, ""); }), parse("{file_error,[],enoent}"));
  const Term directory_only = *reason_of([&] { tab2file(table, directory() / "sub/"); });
  EXPECT_EQ(Term(directory_only.element(3)), Term("eisdir"_atom));
  EXPECT_EQ(reason_of([&] { tab2file(table, directory() / std::string(300, 'x')); }), Term("eaccess"_atom));
  EXPECT_TRUE(names().empty());
}

// Rights that root has to give up first.
TEST_F(Saving, WhereNobodyMayWriteChangesNothing) {
  Table table = table_of(1);
  write("what was there");
  std::filesystem::permissions(base(), std::filesystem::perms(0755));
  std::filesystem::permissions(directory(), std::filesystem::perms(0555));
  const uid_t user = ::geteuid();
  EXPECT_EQ(::seteuid(user == 0 ? 65534 : user), 0);
  const auto replaced = reason_of([&] { tab2file(table, file()); });
  const auto made = reason_of([&] { tab2file(table, directory() / "new"); });
  EXPECT_EQ(::seteuid(user), 0);
  std::filesystem::permissions(directory(), std::filesystem::perms(0755));
  EXPECT_EQ(replaced, Term("eaccess"_atom));
  EXPECT_EQ(Term(made->element(3)), Term("eacces"_atom));
  EXPECT_EQ(code_, ErrorCode::not_permitted);
  EXPECT_EQ(bytes(), "what was there");
}

TEST_F(Saving, WhatNobodyMayReadIsToldSo) {
  tab2file(table_of(1), file());
  std::filesystem::permissions(base(), std::filesystem::perms(0755));
  std::filesystem::permissions(file(), std::filesystem::perms(0));
  const uid_t user = ::geteuid();
  EXPECT_EQ(::seteuid(user == 0 ? 65534 : user), 0);
  const auto reason = reason_of([&] { static_cast<void>(tabfile_info(file())); });
  EXPECT_EQ(::seteuid(user), 0);
  ASSERT_TRUE(reason);
  EXPECT_EQ(Term(reason->element(2).element(3)), Term("eacces"_atom));
  EXPECT_EQ(code_, ErrorCode::not_permitted);
}

TEST_F(Saving, WithoutRoomChangesNothing) {
  Table table = table_of(30000);
  write("what was there");
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit limit = before;
  limit.rlim_cur = 300000;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  const auto reason = reason_of([&] { tab2file(table, file()); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(Term(reason->element(1)), Term("file_error"_atom));
  EXPECT_EQ(Term(reason->element(3)), Term("efbig"_atom));
  EXPECT_EQ(code_, ErrorCode::full);
  EXPECT_EQ(bytes(), "what was there");
  EXPECT_EQ(names(), std::vector<std::string>{"table"});
}

TEST_F(Saving, EndsWithWhatItsProgressThrows) {
  Table table = table_of(10000);
  write("what was there");
  struct Stop {};
  EXPECT_THROW(tab2file(table, file(), {.progress = [](const TableFileProgress&) { throw Stop(); }}), Stop);
  EXPECT_EQ(bytes(), "what was there");
  EXPECT_EQ(names(), std::vector<std::string>{"table"});
}

TEST_F(Saving, OfADeletedTable) {
  Table table = table_of(1);
  table.drop();
  write("what was there");
  EXPECT_EQ(reason_of([&] { tab2file(table, file()); }), Term("badtab"_atom));
  EXPECT_EQ(code_, ErrorCode::id);
  EXPECT_EQ(bytes(), "what was there");
}

TEST_F(Saving, OfAnothersPrivateTableChangesNothing) {
  Table table = node_->create("private"_atom, {.protection = Protection::private_access});
  table.insert({1, "object"});
  write("what was there");
  std::promise<ErrorCode> code;
  spawn([&] { code.set_value(code_of([&] { tab2file(table, file()); })); });
  EXPECT_EQ(code.get_future().get(), ErrorCode::access);
  EXPECT_EQ(bytes(), "what was there");
  EXPECT_EQ(names(), std::vector<std::string>{"table"});
}

}  // namespace
}  // namespace heirloom::tabfile
