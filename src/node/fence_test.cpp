// SPDX-License-Identifier: Apache-2.0
//
// Strategy: a thread is in the middle of a write, as one that was stopped would be, while its table goes to another process.
// That one must wait for the write; its program must not.
#include <future>
#include <thread>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"
#include "node/runtime.hpp"
#include "node/table_handle.hpp"
#include "table/stripe_guard.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

class Fence : public NodeDirectoryTest {
 protected:
  // The lock of the table's first stripe, held by a thread of its own until release().
  class Writer {
   public:
    Writer(const Node& node, Atom name) {
      std::promise<void> locked;
      thread_ = std::thread([&, released = released_.get_future()] {
        Runtime& runtime = *node.runtime();
        const auto handle = runtime.find_table(name).value_or_raise();
        const shm::Attachment& attachment = runtime.attachment();
        const table::StripeGuard guard(
            *handle->table, 0,
            shm::Holder::of(*attachment.peers, attachment.process->number(), attachment.process->this_thread().name));
        locked.set_value();
        released.wait();
      });
      locked.get_future().wait();
    }
    ~Writer() { release(); }
    void release() {
      if (!thread_.joinable()) return;
      released_.set_value();
      thread_.join();
    }

   private:
    std::promise<void> released_;
    std::thread thread_;
  };
};

TEST_F(Fence, TheReceiverWaitsForAWriteThatIsUnderWayAndItsProgramDoesNot) {
  Node opened = Node::open(node());
  Table table = opened.open_or_create("jobs"_atom);
  Writer writer(opened, "jobs"_atom);
  std::promise<void> received;
  const Pid receiver = spawn([&] {
    const EtsTransfer transfer = receive_transfer();
    received.set_value();
    receive();
  });
  table.give_away(receiver, "gift"_atom);

  auto has_it = received.get_future();
  EXPECT_EQ(has_it.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  EXPECT_EQ(opened.open_table("jobs"_atom).info().owner, receiver);  // answered by the manager
  EXPECT_EQ(whereis("nobody"_atom), std::nullopt);
  EXPECT_EQ(has_it.wait_for(std::chrono::milliseconds(0)), std::future_status::timeout);
  writer.release();
  has_it.wait();
  send(receiver, "end"_atom);
}

TEST_F(Fence, AnHeirThatIsNotToldDoesNotHoldUpItsProgramEither) {
  Node opened = Node::open(node());
  std::promise<void> made;
  const Pid owner = spawn([&] {
    const Table table = opened.create("jobs"_atom, {.heir = Heir{opened.root(), std::nullopt}});
    made.set_value();
    receive();
  });
  made.get_future().wait();
  Writer writer(opened, "jobs"_atom);
  const Term reference = monitor(owner);
  send(owner, "end"_atom);
  EXPECT_EQ(receive().element(2), reference);
  EXPECT_EQ(opened.open_table("jobs"_atom).info().owner, opened.root());
  EXPECT_EQ(whereis("nobody"_atom), std::nullopt);
}

}  // namespace
}  // namespace heirloom::node
