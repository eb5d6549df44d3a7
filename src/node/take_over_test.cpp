// SPDX-License-Identifier: Apache-2.0
//
// A manager that is stopped, and what ends that.
#include <functional>
#include <thread>

#include <gmock/gmock.h>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

using namespace literals;
using std::chrono::milliseconds;

class TakeOver : public NodeDirectoryTest {
 protected:
  static ErrorCode code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return {};
  }
};

TEST_F(TakeOver, EndsAManagerThatIsStopped) {
  HelperProgram manager;
  manager.get("open " + node());
  Node mine = Node::open(node(), {.timeout = milliseconds(200)});
  Table jobs = mine.open_or_create("jobs"_atom);
  manager.stop();
  // Calls time out, and say so; the data path goes on.
  EXPECT_EQ(code_of([&] { (void)mine.open_or_create("more"_atom); }), ErrorCode::no_manager);
  jobs.insert({1, "without a manager"});
  EXPECT_EQ(take_over(node(), {.timeout = milliseconds(50)}).process, manager.pid());
  manager.wait();
  // This program is next in line.
  while (!mine.is_manager()) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(mine.open_table("jobs"_atom).size(), 1U);
}

TEST_F(TakeOver, LeavesAManagerThatAnswersUnlessItIsForced) {
  HelperProgram manager;
  manager.get("open " + node());
  EXPECT_EQ(code_of([&] { take_over(node()); }), ErrorCode::badarg);
  EXPECT_TRUE(manager.get("open " + node()).ends_with("manager"));
  take_over(node(), {.force = true});
  manager.wait();
  EXPECT_EQ(code_of([&] { take_over(node()); }), ErrorCode::no_manager);
}

TEST_F(TakeOver, OfWhatIsNoNodeIsAnError) {
  EXPECT_EQ(code_of([&] { take_over(base() / "nothing"); }), ErrorCode::not_found);
}

}  // namespace
}  // namespace heirloom::node
