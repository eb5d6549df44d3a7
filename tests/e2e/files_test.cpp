// SPDX-License-Identifier: Apache-2.0
//
// Strategy: tables into files and back, as an operator does it by hand or in a script at night: whole files and broken ones, names
// that are taken, disks that are full, and commands that are interrupted or killed in the middle. Catches a half table or a half
// file that stays behind, a broken file that is loaded, and errors that do not say what to do.
#include <signal.h>
#include <unistd.h>

#include <thread>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

using namespace heirloom::literals;
using nlohmann::json;
using ::testing::HasSubstr;

class Files : public Shell {
 protected:
  void make_users(const TableOptions& options = {}) {
    make_table("users", {{"alice"_atom, 41, "Berlin"}, {"bob"_atom, 23, "Rome"}}, options);
  }
  void save_users() {
    make_users();
    ASSERT_THAT(run("heirloom save users users.tab"), Prints(""));
  }
  void replace_in(const std::string& name, const std::string& from, const std::string& to) {
    std::string bytes = read_file(name);
    const std::size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    write_file(name, bytes.replace(at, from.size(), to));
  }
  // A file of "many" that takes some time, and no table.
  void save_many() {
    std::vector<Term> objects;
    for (int key = 0; key < 400'000; ++key) objects.push_back({key, "a value of some length"});
    make_table("many", objects, {.type = TableType::ordered_set});
    ASSERT_THAT(run("heirloom save many many.tab && heirloom drop many"), Prints(""));
  }
  // Once it has begun to fill its table.
  pid_t start_load(const std::string& arguments) {
    const pid_t load = start("heirloom load many.tab " + arguments + " 2> told");
    const Node looking = Node::open(node(), {.role = NodeRole::observer, .create = false});
    for (int attempt = 0; attempt < 20'000; ++attempt) {
      for (const TableInfo& table : looking.tables()) {
        if (table.size > 0) return load;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ADD_FAILURE() << "no table is filled";
    return load;
  }
};

TEST_F(Files, WhatIsSavedIsLoadedAsItWas) {
  make_users({.type = TableType::bag, .protection = Protection::public_access, .keypos = 2});
  const Outcome saved = run("heirloom save users users.tab --sync --json");
  EXPECT_EQ(json::parse(saved.out)["objects"], 2);
  EXPECT_EQ(json::parse(saved.out)["bytes"], std::filesystem::file_size(file("users.tab")));
  const Outcome dump = run("heirloom dump users | sort");
  EXPECT_THAT(run("heirloom drop users && heirloom load users.tab"), Prints(""));
  EXPECT_EQ(run("heirloom dump users | sort").out, dump.out);
  const json info = json::parse(run("heirloom info users --json").out);
  EXPECT_EQ(info["type"], "bag");
  EXPECT_EQ(info["protection"], "public");
  EXPECT_EQ(info["keypos"], 2);
  EXPECT_EQ(info["owner"], nullptr);
  EXPECT_EQ(info["node_table"], true);
}

TEST_F(Files, ALoadedTableOutlivesItsOwners) {
  save_users();
  EXPECT_THAT(run("heirloom drop users && heirloom load users.tab"), Prints(""));
  {
    Node owner = Node::open(node());
    owner.open_or_create("users"_atom).insert({"carol"_atom, 7});
  }
  EXPECT_THAT(run("heirloom get users carol"), Prints("{carol,7}\n"));
  EXPECT_THAT(run("heirloom put users '{dave, 8}' && heirloom get users dave"), Prints("{dave,8}\n"));
}

TEST_F(Files, ATableIsLoadedIntoANewNodeUnderAnotherName) {
  save_users();
  const std::string into_new = "heirloom load users.tab --as people --max-bytes 2MiB --json --node new";
  const json loaded = json::parse(run(into_new).out);
  EXPECT_EQ(loaded["table"], "people");
  EXPECT_EQ(loaded["objects"], 2);
  EXPECT_THAT(run("heirloom get people bob --node new"), Prints("{bob,23,<<\"Rome\">>}\n"));
  EXPECT_EQ(json::parse(run("heirloom info people --json --node new").out)["max_bytes"], 2 << 20);
  EXPECT_THAT(run("heirloom load users.tab --as \"$(printf '\\377')\" --node new"), Complains(2, "--as: "));
}

TEST_F(Files, ANameThatIsTakenIsSaidAndNothingChanged) {
  save_users();
  EXPECT_THAT(run("heirloom put users '{carol, 7}'"), Prints(""));
  EXPECT_THAT(
      run("heirloom load users.tab"),
      Complains(3, "there is a table \"users\"; --as gives the new one another name, and --into users adds to"));
  EXPECT_THAT(run("heirloom get users carol"), Prints("{carol,7}\n"));
  EXPECT_EQ(json::parse(run("heirloom ls --json").out).size(), 1U);
}

TEST_F(Files, IntoAnExistingTable) {
  save_users();
  EXPECT_THAT(run("heirloom delete users bob && heirloom put users '{carol, 7}'"), Prints(""));
  EXPECT_THAT(run("heirloom load users.tab --into users && heirloom dump users | wc -l"), Prints("3\n"));
  EXPECT_EQ(json::parse(run("heirloom info users --json").out)["owner"], nullptr) << "the table went back to the node";
  EXPECT_THAT(run("heirloom load users.tab --into nothing"), Complains(1, "there is no table \"nothing\""));
  EXPECT_THAT(run("heirloom load users.tab --into users --as people"), Complains(2, "--as excludes --into"));
  make_table("wide", {}, {.keypos = 9});
  EXPECT_THAT(run("heirloom load users.tab --into wide"), Complains(3, "no tuple with a key at position 9"));
  Node owner = Node::open(node());
  Table taken = owner.open_or_create("users"_atom);
  EXPECT_THAT(run("heirloom load users.tab --into users"), Complains(3, "which alone may write (access)"));
}

TEST_F(Files, ShowTellsWhatTheFileSaysAndNeedsNoNode) {
  save_users();
  const Outcome shown = run("unset HEIRLOOM_NODE; heirloom load users.tab --show --json");
  EXPECT_EQ(json::parse(shown.out),
            json::parse(R"({"name":"users","type":"set","protection":"protected","named_table":true,"keypos":1,
                            "size":2,"object_count":true,"md5sum":true,"version":"1.0"})"));
  EXPECT_THAT(run("unset HEIRLOOM_NODE; heirloom load users.tab --show").out, HasSubstr("size                   2\n"));
  EXPECT_THAT(run("heirloom load users.tab --show --as people"), Complains(2, "--show"));
  EXPECT_THAT(run("unset HEIRLOOM_NODE; heirloom load users.tab"), Complains(2, "which node?"));
}

TEST_F(Files, ABrokenFileIsRefusedAndLeavesNoTable) {
  save_users();
  EXPECT_THAT(run("heirloom drop users"), Prints(""));
  const std::string whole = read_file("users.tab");
  const auto refused_with = [&](const char* why) {
    EXPECT_THAT(run("heirloom load users.tab"), Complains(3, why));
    EXPECT_THAT(run("heirloom ls"), Prints(""));
    write_file("users.tab", whole);
  };
  replace_in("users.tab", "Berlin", "Dublin");
  refused_with("MD5 sum");
  write_file("users.tab", whole.substr(0, whole.size() - 20));
  refused_with("(corrupt)");
  write_file("users.tab", whole.substr(0, 30));
  refused_with("(corrupt)");
  write_file("users.tab", "no table");
  refused_with("a table file begins with the bytes");
  write_file("users.tab", "");
  refused_with("(corrupt)");
}

TEST_F(Files, WithoutVerifyingWhatCanBeReadIsTaken) {
  save_users();
  replace_in("users.tab", "Berlin", "Dublin");
  EXPECT_THAT(run("heirloom load users.tab --as people --no-verify && heirloom get people alice"),
              Prints("{alice,41,<<\"Dublin\">>}\n"));
  const std::string whole = read_file("users.tab");
  write_file("users.tab", whole.substr(0, whole.size() - 20));
  const Outcome loaded = run("heirloom load users.tab --as others --no-verify --json");
  EXPECT_EQ(loaded.status, 0) << loaded;
  EXPECT_EQ(json::parse(loaded.out)["objects"], 2);
  EXPECT_GT(json::parse(loaded.out)["bytes_skipped"], 0);
  EXPECT_THAT(loaded.err, HasSubstr("bytes of \"users.tab\" were skipped\n"));
}

// A table file without its last item: its size is in the four bytes before 98,87,76,65.
std::string without_last_item(const std::string& bytes) {
  std::size_t last = 0;
  for (std::size_t at = 8; at + 8 <= bytes.size();) {
    last = at;
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size * 256 + static_cast<unsigned char>(bytes[at + i]);
    at += 8 + size;
  }
  return bytes.substr(0, last);
}

TEST_F(Files, AFileWithNothingButItsSizeToGoBySaysWhatHelps) {
  make_users();
  tab2file(Node::open(node()).open_table("users"_atom), file("users.tab"));
  write_file("users.tab", without_last_item(read_file("users.tab")));
  EXPECT_THAT(run("heirloom load users.tab --as people"),
              Complains(3,
                        "there are 1 objects, and the file says 2 when saving began, and nothing else to go by; "
                        "--no-verify takes what is there"));
  EXPECT_THAT(run("heirloom load users.tab --as people --no-verify && heirloom dump people | wc -l"), Prints("1\n"));
}

TEST_F(Files, FilesThatCannotBeReadOrWritten) {
  make_users();
  EXPECT_THAT(run("heirloom load nothing.tab"), Complains(3, "\"nothing.tab\": open it: No such file or directory"));
  EXPECT_THAT(run("heirloom load ."), Complains(3, "Is a directory"));
  EXPECT_THAT(run("mkfifo pipe && heirloom load pipe"), Complains(3, "it is no file"));
  EXPECT_THAT(run("heirloom save users ."), Complains(3, "neither a file nor a symbolic link"));
  EXPECT_THAT(run("heirloom save users /dev/full"), Complains(3, "neither a file nor a symbolic link"));
  EXPECT_THAT(run("heirloom save users nowhere/users.tab"), Complains(3, "No such file or directory"));
  EXPECT_THAT(run("heirloom save nothing users.tab"), Complains(1, "there is no table \"nothing\""));
  EXPECT_THAT(run("heirloom save users"), Complains(2, "FILE is required"));
}

TEST_F(Files, AFileThatMayNotBeReadIsToldSo) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything; src/tabfile/saving_test.cpp gives its rights up";
  make_users();
  EXPECT_THAT(run("heirloom save users users.tab && chmod 0 users.tab && heirloom load users.tab"),
              Complains(3, "Permission denied"));
}

TEST_F(Files, ADiskThatIsFullLeavesTheFormerFile) {
  save_users();
  const std::string former = read_file("users.tab");
  Node::open(node()).open_or_create("users"_atom).insert({"long"_atom, std::string(1 << 20, 'x')});
  EXPECT_THAT(run("ulimit -f 1024; heirloom save users users.tab"), Complains(3, "\"users.tab\": write: "));
  EXPECT_EQ(read_file("users.tab"), former);
  EXPECT_THAT(run("ls -A | grep heirloom-"), testing::Field(&Outcome::out, ""));
}

TEST_F(Files, SavingNeedsNoManagerAndReadsWhatMayBeRead) {
  Node owner = Node::open(node());
  Table secret = owner.create("secret"_atom, {.protection = Protection::private_access});
  secret.insert({1, 2});
  EXPECT_THAT(run("heirloom save secret secret.tab"), Complains(3, "(access)"));
  EXPECT_FALSE(std::filesystem::exists(file("secret.tab")));
  make_users();
  EXPECT_THAT(run("heirloom save users users.tab"), Prints(""));
  tab2file(secret, file("secret.tab"));
  EXPECT_THAT(run("heirloom load secret.tab --as other"), Prints(""));
  EXPECT_EQ(json::parse(run("heirloom info other --json").out)["protection"], "private");
}

TEST_F(Files, ATableThatGrowsTooLargeSaysWhatHelps) {
  make_table("large", {{1, std::string(3 << 20, 'x')}});
  EXPECT_THAT(run("heirloom save large large.tab"), Prints(""));
  EXPECT_THAT(run("heirloom load large.tab --as other --max-bytes 1MiB"),
              Complains(3, "--max-bytes lets the new one grow larger (full)"));
  EXPECT_THAT(run("heirloom load large.tab --as other --max-bytes 8MiB"), Prints(""));
}

TEST_F(Files, AnInterruptedLoadLeavesNothing) {
  save_many();
  EXPECT_EQ(end(start_load(""), SIGINT), 128 + SIGINT);
  EXPECT_EQ(read_file("told"), "heirloom: load: interrupted by signal 2; nothing is left behind\n");
  EXPECT_THAT(run("heirloom ls"), Prints(""));
}

TEST_F(Files, AKilledLoadLeavesNothing) {
  save_many();
  const pid_t manager = start("heirloom serve > ready");
  wait_until("grep -q serving ready");
  EXPECT_EQ(end(start_load(""), SIGKILL), 128 + SIGKILL);
  wait_until("test -z \"$(heirloom ls)\"");
  end(manager, SIGTERM);
}

// Nobody is there to delete it at once: the next manager does.
TEST_F(Files, ALoadThatIsKilledAsTheManagerLeavesNothingToTheNext) {
  save_many();
  EXPECT_EQ(end(start_load(""), SIGKILL), 128 + SIGKILL);
  EXPECT_THAT(run("heirloom load many.tab && heirloom ls --json").err, "");
  const json tables = json::parse(run("heirloom ls --json").out);
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables[0]["name"], "many");
  EXPECT_EQ(tables[0]["size"], 400'000);
}

TEST_F(Files, AnInterruptedLoadIntoATableSaysWhatItDid) {
  save_many();
  make_table("many", {}, {.type = TableType::ordered_set});
  EXPECT_EQ(end(start_load("--into many"), SIGTERM), 128 + SIGTERM);
  EXPECT_THAT(read_file("told"), HasSubstr("interrupted by signal 15; table \"many\" has "));
  EXPECT_GT(json::parse(run("heirloom info many --json").out)["size"], 0);
}

}  // namespace

}  // namespace heirloom::e2e
