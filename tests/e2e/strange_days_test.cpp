// SPDX-License-Identifier: Apache-2.0
//
// Strategy: what a person sees on the days of docs/strange-days.md: a reader that is stopped, a layout of another version, limits of the
// shell. Catches messages that do not name the culprit or the way out, and commands that end by a signal.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace heirloom::e2e {

namespace {

namespace fs = std::filesystem;
using namespace heirloom::literals;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class StrangeDays : public Shell {
 protected:
  static void write_word(const fs::path& path, std::streamoff at, std::uint32_t word) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.write(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  // A table, and a program that reads it without end; stopped in the middle of a read.
  [[nodiscard]] pid_t start_stopped_reader() {
    const pid_t reader = ::fork();
    if (reader < 0) throw std::runtime_error("this machine forks no more");
    if (reader == 0) {
      const Table table = Node::open(node(), {.role = NodeRole::observer}).open_table("users"_atom);
      for (;;) static_cast<void>(table.tab2list());
    }
    Node writer = Node::open(node());
    Table table = writer.open_or_create("users"_atom);
    for (;;) {
      ::kill(reader, SIGSTOP);
      ::waitpid(reader, nullptr, WUNTRACED);
      for (int turn = 0; turn < 1000; ++turn) table.insert({"key"_atom, turn, std::string(500, 'x')});
      if (table.info().held_up) return reader;
      ::kill(reader, SIGCONT);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
};

TEST_F(StrangeDays, AStoppedReaderIsNamedByInfoAndDoctorUntilItGoes) {
  const std::string info = "heirloom info --json users";
  std::vector<Term> objects;
  for (int key = 0; key < 500; ++key) objects.push_back({key, "value"});
  make_table("users", objects);
  EXPECT_TRUE(json::parse(run(info).out)["held_up"].is_null());
  const pid_t reader = start_stopped_reader();
  const json held_up = json::parse(run(info).out)["held_up"];
  EXPECT_EQ(held_up["process"], reader);
  EXPECT_EQ(held_up["name"], "heirloom_e2e_te");
  EXPECT_GT(held_up["epochs"], 0);
  EXPECT_GT(held_up["waiting_bytes"], 100'000);
  const std::string process = "(process " + std::to_string(reader) + ", heirloom_e2e_te)";
  EXPECT_THAT(run("heirloom info users").out, AllOf(HasSubstr("held_up"), HasSubstr(process)));
  EXPECT_THAT(run("heirloom doctor").out, AllOf(HasSubstr("warning  readers"), HasSubstr(process),
                                                HasSubstr("kill -CONT " + std::to_string(reader))));
  ::kill(reader, SIGKILL);
  ::waitpid(reader, nullptr, 0);
  EXPECT_TRUE(json::parse(run(info).out)["held_up"].is_null());
  EXPECT_THAT(run("heirloom doctor").out, HasSubstr("fine     readers"));
}

// The version lies behind the magic; of a segment, a fingerprint of its sizes follows.
TEST_F(StrangeDays, ALayoutOfAnOlderOrNewerVersionIsRefusedWithTheWayOut) {
  for (const std::uint32_t version : {1U, 1000U}) {
    const auto complains = Complains(3, "has layout " + std::to_string(version));
    const auto tells_the_way_out =
        Complains(3, "save the tables with the version of Heirloom that made it (heirloom save)");
    make_table("users", {{1}});
    const fs::path segment = fs::directory_iterator(node() / "tables")->path();
    write_word(segment, 8, version);
    EXPECT_THAT(run("heirloom get users 1"), AllOf(complains, tells_the_way_out));
    EXPECT_THAT(run("heirloom save users users.tab"), AllOf(complains, tells_the_way_out));
    write_word(node() / "node", 8, version);
    for (const char* line : {"ls", "get users 1", "put users '{2}'", "serve", "run -- true"}) {
      const std::string command = "heirloom " + std::string(line);
      EXPECT_THAT(run(command), AllOf(complains, tells_the_way_out)) << command;
    }
    EXPECT_TRUE(fs::exists(segment)) << "and nothing was changed";
    fs::remove_all(node());
  }
}

TEST_F(StrangeDays, AnotherFingerprintOfATableIsAnotherLayout) {
  make_table("users", {{1}});
  write_word(fs::directory_iterator(node() / "tables")->path(), 12, 4711);
  EXPECT_THAT(run("heirloom get users 1"), Complains(3, "/4711, and this program knows "));
}

// 512 bytes: enough for a complaint on standard error. SIGXFSZ would be status 153.
TEST_F(StrangeDays, CommandsUnderALimitOfFileSizesSayFullAndDieOfNoSignal) {
  make_table("users", {{1}});
  for (const char* line : {"serve", "put users '{2}'", "create more", "run -- true"}) {
    const std::string command = "ulimit -f 1; heirloom " + std::string(line);
    EXPECT_THAT(run(command), Complains(3, "full")) << command;
  }
  EXPECT_THAT(run("ulimit -f 1; heirloom get users 1"), Complains(3, "RLIMIT_FSIZE"));
  EXPECT_THAT(run("heirloom put users '{2}' && heirloom get users 2"), Prints("{2}\n"));
}

}  // namespace

}  // namespace heirloom::e2e
