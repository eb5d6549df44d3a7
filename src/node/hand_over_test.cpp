// SPDX-License-Identifier: Apache-2.0
//
// The planned hand-over under load: versions of a server take over from each other while they write and others read. Nothing that a
// version has written may be lost, no reader may miss an object, and a former version's writes must fail, not vanish.
#include <atomic>
#include <memory>
#include <thread>

#include "node/table_manager_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;

// Writes as fast as it can, one object a message, and counts what was written.
class Version : public GenServer {
 public:
  Version(Node node, std::shared_ptr<std::atomic<std::int64_t>> written)
      : node_(std::move(node)), written_(std::move(written)) {}

 private:
  void init() override {
    table_ = node_.open_or_create("orders"_atom);
    if (table_->owner() != self()) table_ = node_.request_table("orders"_atom, std::chrono::hours(1));
    cast(self(), "write"_atom);
  }
  void handle_cast(const Term& /*request*/) override {
    if (table_->owner() != self()) return stop("normal"_atom);  // the next version has it
    const std::int64_t next = written_->load() + 1;
    table_->insert({next, next});
    written_->store(next);
    cast(self(), "write"_atom);
  }

  Node node_;
  std::shared_ptr<std::atomic<std::int64_t>> written_;
  std::optional<Table> table_;
};

class PlannedHandOver : public TableManagerTest {
 protected:
  Pid start_version() {
    return start_server([this] { return std::make_unique<Version>(node, written); }, std::nullopt, false);
  }
  std::shared_ptr<std::atomic<std::int64_t>> written = std::make_shared<std::atomic<std::int64_t>>(0);
};

TEST_F(PlannedHandOver, LosesNoWriteAndShowsReadersNoGap) {
  Pid version = start_version();
  while (written->load() == 0) std::this_thread::yield();
  std::atomic<bool> over = false;
  std::atomic<std::int64_t> gaps = 0;
  std::thread reader([&] {
    const Table orders = node.open_table("orders"_atom);
    while (!over) {
      const std::int64_t known = written->load();
      if (!orders.member(known) || !orders.member(1 + known / 2)) ++gaps;
    }
  });
  for (int deploy = 0; deploy < 20; ++deploy) {
    const Pid next = start_version();  // returns when it has the table
    EXPECT_EQ(node.open_table("orders"_atom).owner(), next);
    const std::int64_t before = written->load();
    while (written->load() < before + 100) std::this_thread::yield();
    wait_until_ended(version);
    version = next;
  }
  over = true;
  reader.join();
  EXPECT_EQ(gaps, 0);
  exit(version, "kill"_atom);
  wait_until_ended(version);
  const Table orders = node.open_table("orders"_atom);
  const std::int64_t last = written->load();
  EXPECT_GE(static_cast<std::int64_t>(orders.size()), last);
  for (std::int64_t number = 1; number <= last; ++number) ASSERT_TRUE(orders.member(number)) << number;
}

}  // namespace
}  // namespace heirloom
