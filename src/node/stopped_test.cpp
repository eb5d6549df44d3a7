// SPDX-License-Identifier: Apache-2.0
//
// Strategy: real programs that write, or read, without end, are stopped again and again until they are found in the middle of it; then they
// stay stopped, go on, or are killed there. Catches who waits for more than what the stopped one holds, memory that is lost or never comes
// back, and a death that is not seen.
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include "heirloom/heirloom.hpp"

#include "node/stopped_fixture.hpp"
#include "os/pidfd.hpp"
#include "shm/peers.hpp"

namespace heirloom::node {
namespace {

using namespace literals;
using std::chrono::milliseconds;

TEST_F(Stopped, AWriterIsWaitedForByThoseWhoWriteToItsStripeOnlyAndByNoReader) {
  HelperProgram writer;  // program 2
  open(writer, node());
  writer.get("write_forever words 1");
  const std::uint32_t stripe = stop_in_write(writer.pid(), 2).front().stripe;

  HelperProgram others;
  open(others, node());
  for (std::uint32_t other = 0; other < 8; ++other) {
    if (other != stripe) others.get("insert words {" + key_of(other) + ",meanwhile}");
    EXPECT_EQ(others.get("lookup words " + key_of(other)),
              "{" + key_of(other) + (other == stripe ? ",before}" : ",meanwhile}"));
  }
  HelperProgram waiting;
  open(waiting, node());
  waiting.say("insert words {" + key_of(stripe) + ",later}");
  EXPECT_FALSE(waiting.answers_within(milliseconds(200)));
  EXPECT_EQ(others.get("lookup words " + key_of(stripe)), "{" + key_of(stripe) + ",before}");
  writer.signal(SIGCONT);
  EXPECT_EQ(waiting.hear(), "ok ");
  EXPECT_EQ(others.get("lookup words " + key_of(stripe)), "{" + key_of(stripe) + ",later}");
}

TEST_F(Stopped, AWriterThatIsKilledIsWaitedForNoMore) {
  HelperProgram writer;
  open(writer, node());
  writer.get("write_forever words 1");
  const std::uint32_t stripe = stop_in_write(writer.pid(), 2).front().stripe;
  HelperProgram waiting;
  open(waiting, node());
  waiting.say("insert words {" + key_of(stripe) + ",later}");
  EXPECT_FALSE(waiting.answers_within(milliseconds(100)));
  writer.kill();
  EXPECT_EQ(waiting.hear(), "ok ");
  expect_that_all_can_be_written_and_is_whole(waiting);
}

TEST_F(Stopped, TwoThreadsOfAProgramThatDieAtOnceInTheirWritesLeaveNoStripeHeld) {
  HelperProgram writer;
  open(writer, node());
  writer.get("rewrite_forever words " + other_key_of(0) + ' ' + other_key_of(1));
  const std::vector<Held> held = stop_in_write(writer.pid(), 2, 2);
  EXPECT_NE(held[0].token, held[1].token);
  writer.kill();
  EXPECT_EQ(held_by(2).size(), 2U) << "the dead still have them";
  expect_that_all_can_be_written_and_is_whole(manager);
  EXPECT_EQ(held_by(2).size(), 0U);
}

TEST_F(Stopped, TwoProgramsThatDieAtOnceInTheirWritesLeaveNoStripeHeld) {
  HelperProgram one;
  HelperProgram two;
  open(one, node());
  open(two, node());
  one.get("rewrite_forever words " + other_key_of(0));
  two.get("rewrite_forever words " + other_key_of(1));
  EXPECT_EQ(stop_in_write(one.pid(), 2).front().stripe, 0U);
  EXPECT_EQ(stop_in_write(two.pid(), 3).front().stripe, 1U);
  one.kill_only();
  two.kill_only();
  expect_that_all_can_be_written_and_is_whole(manager);
}

class StoppedReader : public Stopped {
 protected:
  [[nodiscard]] TableInfo info() const {
    return Node::open(node(), {.role = NodeRole::observer}).open_table("words"_atom).info();
  }
  // Stops it in the middle of a read. Only what is retired afterwards tells that it is in one.
  [[nodiscard]] TableInfo::HeldUp stop_in_read(const HelperProgram& reader) {
    for (;;) {
      stop(reader.pid());
      EXPECT_EQ(manager.get("overwrite words 1000000 400 500"), "500");
      if (const auto held_up = info().held_up) return *held_up;
      reader.signal(SIGCONT);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
};

TEST_F(StoppedReader, IsShownByNameWithWhatItKeepsWaitingWhichIsBounded) {
  EXPECT_EQ(info().held_up, std::nullopt);
  HelperProgram reader;  // program 2
  open(reader, node());
  reader.get("read_forever words");
  const auto number = std::to_string(static_cast<std::uint64_t>(reader.pid()));
  const TableInfo::HeldUp before = stop_in_read(reader);
  EXPECT_EQ(std::to_string(before.process), number);
  EXPECT_EQ(before.name, std::string("heirloom_node_helper").substr(0, 15));
  EXPECT_GT(before.epochs, 0U);

  EXPECT_EQ(manager.get("overwrite words 1000000 400 500"), "500");
  const TableInfo::HeldUp after = info().held_up.value();
  EXPECT_EQ(after.program, before.program);
  EXPECT_EQ(after.epoch, before.epoch) << "the same read";
  EXPECT_GT(after.epochs, before.epochs);
  EXPECT_GT(after.waiting_bytes, before.waiting_bytes + 400 * 400);

  // The table says `full` at the latest, and is whole.
  EXPECT_TRUE(manager.get("overwrite words 1000000 400 100000").ends_with(" full"));
  EXPECT_LE(info().held_up.value().waiting_bytes, info().max_bytes);
  EXPECT_GT(info().held_up.value().waiting_bytes, info().max_bytes / 2);
  EXPECT_EQ(manager.get("lookup words " + key_of(0)), "{" + key_of(0) + ",before}");

  // It reads on, and takes its time: but four times what the table may have is written, which is more than it can keep waiting.
  reader.signal(SIGCONT);
  for (int written = 0; written < 20'000;) written += std::stoi(manager.get("overwrite words 1000000 400 1000"));
  reader.kill();
  EXPECT_EQ(info().held_up, std::nullopt);
  EXPECT_EQ(manager.get("overwrite words 1000000 400 100000"), "100000");
  EXPECT_EQ(manager.get("check words"), "fine");
}

TEST_F(StoppedReader, KeepsNothingWaitingOnceItIsKilled) {
  HelperProgram reader;
  open(reader, node());
  reader.get("read_forever words");
  static_cast<void>(stop_in_read(reader));
  EXPECT_TRUE(manager.get("overwrite words 1000000 400 100000").ends_with(" full"));
  reader.kill();
  EXPECT_EQ(info().held_up, std::nullopt);
  EXPECT_EQ(manager.get("overwrite words 1000000 400 100000"), "100000");
  EXPECT_EQ(manager.get("check words"), "fine");
}

// The kernel reads the list of a dying thread's robust futexes from its memory: process_mrelease(), which is what the OOM reaper does,
// takes that away before. The threads are held at the gate of their end meanwhile.
TEST_F(Stopped, AWriterWhoseMemoryIsTakenBeforeItsEndIsFoundDeadByTheSecondProof) {
  HelperProgram heir;  // program 2
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram writer;  // program 3
  open(writer, node());
  writer.get("create_public own 2097152 heir");
  writer.get("write_forever words 1");
  static_cast<void>(stop_in_write(writer.pid(), 3));
  const os::Fd directory(::open(node().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto attachment = shm::Attachment::attach(directory.get(), false).value_or_raise();
  const auto header = attachment.peers->program_header(3);
  ASSERT_NE(header, nullptr);

  std::vector<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(writer.pid()) + "/task"))
    threads.push_back(std::stoi(entry.path().filename()));
  for (const pid_t thread : threads) {
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACEEXIT) != 0)
      GTEST_SKIP() << "this machine lets nobody trace: " << std::strerror(errno);
  }
  const os::Fd pidfd = os::open_pidfd(writer.pid()).value_or_raise();
  writer.kill_only();
  for (const pid_t thread : threads) {
    int status = 0;
    while (::waitpid(thread, &status, __WALL) == thread && status >> 8 != (SIGTRAP | (PTRACE_EVENT_EXIT << 8)))
      ::ptrace(PTRACE_CONT, thread, nullptr, 0);
  }
  constexpr long kProcessMrelease = 448;
  ASSERT_EQ(::syscall(kProcessMrelease, pidfd.get(), 0), 0) << std::strerror(errno);
  EXPECT_TRUE(os::LifeWord::is_alive(header->life.value()));
  for (const pid_t thread : threads) ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
  writer.wait();

  EXPECT_TRUE(os::LifeWord::is_alive(header->life.value())) << "the kernel could read the list all the same";
  EXPECT_TRUE(attachment.peers->dead(3));
  EXPECT_EQ(heir.get("await_transfer"), "own from <0.3.0> with data");
  expect_that_all_can_be_written_and_is_whole(manager);
}

}  // namespace
}  // namespace heirloom::node
