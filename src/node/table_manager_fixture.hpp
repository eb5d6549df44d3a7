// SPDX-License-Identifier: Apache-2.0
//
// TableManagerTest: a node of its own in a fresh directory, and workers that do what they are told and report what happens.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

namespace heirloom {

// An empty directory that is removed at the end.
class FreshDirectory {
 public:
  FreshDirectory();
  ~FreshDirectory();
  FreshDirectory(const FreshDirectory&) = delete;
  FreshDirectory& operator=(const FreshDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

class TableManagerTest : public testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kForEver = std::chrono::milliseconds::max();

  TableManagerTest() : node(Node::open(directory.path())) {}
  // Ends what still runs: processes that have a table keep the node open.
  ~TableManagerTest() override;

  // A table manager of `jobs` whose find_me is whereis(worker), unless another is given.
  static Pid start_manager(const TableManager::FindMe& find_me = find_worker);
  static std::optional<Pid> find_worker() { return whereis(Atom("worker")); }

  // A process that takes the name (none: it is found otherwise), waits for the table, tells the test so, and then obeys.
  static Pid start_worker(std::optional<Atom> name = Atom("worker"));
  // Waits until a worker tells that it has the table; who it is.
  static Pid wait_for_worker();
  struct EtsTransferSeen {
    Pid to;
    Pid from;
    Term gift;
  };
  static EtsTransferSeen wait_for_transfer();
  static void expect_a_new_worker_gets_the_table();
  // What a worker with the table can do.
  static void tell_to_insert(Pid worker, const Term& object);  // returns when it has
  static void tell_to_give(Pid worker, Pid receiver);
  static void tell_to_drop(Pid worker);
  static void tell_to_return(Pid worker);
  static void tell_to_throw(Pid worker);
  static void wait_until_ended(Pid process);

  FreshDirectory directory;
  Node node;
};

}  // namespace heirloom
