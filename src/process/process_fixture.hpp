// SPDX-License-Identifier: Apache-2.0
//
// ProcessTest: a test's thread acts as the root process of program 1 of a FakeNode.
#pragma once

#include <chrono>
#include <memory>

#include <gtest/gtest.h>

#include "heirloom/process.hpp"

#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/fake_node.hpp"

namespace heirloom::process {

inline constexpr std::chrono::milliseconds kForEver = std::chrono::milliseconds::max();

class ProcessTest : public testing::Test {
 protected:
  ProcessTest() : host(node.open_program()) { set_default_host(host); }

  // A process that waits for {stop, Reason} and exits with it.
  static Pid spawn_waiting() { return spawn(wait_to_stop); }
  static void wait_to_stop() { heirloom::exit(Term(receive().element(2))); }
  static Term stop_with(const Term& reason) { return Term{Atom("stop"), reason}; }

  // No message is there, and none was on its way from another program.
  void expect_no_message() {
    node.settle();
    const auto message = receive(std::chrono::milliseconds(0));
    EXPECT_FALSE(message) << *message;
  }

  FakeNode node;
  std::shared_ptr<Host> host;
};

}  // namespace heirloom::process
