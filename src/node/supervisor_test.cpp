// SPDX-License-Identifier: Apache-2.0
//
// The pattern that Heirloom is named for, whole: a supervisor, a table manager, and a server that dies in the middle of its
// work and finds its table again.
#include "heirloom/supervisor.hpp"

#include <stdexcept>

#include "node/table_manager_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;

// Tells the test when it has its table, and counts what it is asked to count.
class CountingServer : public GenServer {
 public:
  explicit CountingServer(Pid test) : test_(test) {}

  void handle_transfer(const EtsTransfer& transfer) override {
    table_ = transfer.table;
    send(test_, Term{"ready"_atom, transfer.gift_data});
  }
  Term handle_call(const Term& key, Pid /*from*/) override {
    Term count = table_->update_counter(key, {.position = 2, .increment = 1}, Term{key, 0});
    if (key == Term("bug"_atom)) throw std::runtime_error("found a bug");
    return count;
  }

 private:
  const Pid test_;
  std::optional<Table> table_;
};

class Supervised : public testing::Test {
 protected:
  static std::vector<ChildSpec> children() {
    return {
        TableManager::child_spec(
            {.table_id = "counts"_atom, .find_me = [] { return whereis("counter"_atom); }, .gift_data = "gift"_atom}),
        server_child<CountingServer>("counter"_atom, self())};
  }
  static void wait_until_ready() { EXPECT_EQ(receive(), (Term{"ready"_atom, "gift"_atom})); }
  static Term count(Atom key) { return call("counter"_atom, key, std::chrono::milliseconds::max()); }

  FreshDirectory directory;
  Node node = Node::open(directory.path());
};

TEST_F(Supervised, AServerThatDiesFindsItsTableAgain) {
  const Supervisor supervisor(node, {}, children());
  wait_until_ready();
  EXPECT_EQ(count("a"_atom), Term(1));
  EXPECT_THROW(count("bug"_atom), Error);
  wait_until_ready();
  EXPECT_EQ(count("a"_atom), Term(2));
  EXPECT_EQ(node.open_table("counts"_atom).lookup("bug"_atom).one(), (Term{"bug"_atom, 1}));
}

TEST_F(Supervised, ATableManagerThatDiesIsReplacedBesideItsServer) {
  const Supervisor supervisor(node, {}, children());
  wait_until_ready();
  EXPECT_EQ(count("a"_atom), Term(1));
  exit(*supervisor.which_children()[0].second, "kill"_atom);
  EXPECT_EQ(count("a"_atom), Term(2));
  EXPECT_THROW(count("bug"_atom), Error);
  wait_until_ready();
  EXPECT_EQ(count("a"_atom), Term(3));
}

TEST_F(Supervised, TheTableOutlivesItsSupervisor) {
  {
    const Supervisor supervisor(node, {}, children());
    wait_until_ready();
    EXPECT_EQ(count("a"_atom), Term(1));
  }
  EXPECT_EQ(node.open_table("counts"_atom).info().owner, std::nullopt);
  const Supervisor supervisor(node, {}, children());
  wait_until_ready();
  EXPECT_EQ(count("a"_atom), Term(2));
}

TEST_F(Supervised, TheTableOutlivesAServerThatDiesTooOften) {
  Supervisor supervisor(node, {.intensity = 2}, children());
  for (int life = 0; life < 3; ++life) {
    wait_until_ready();
    EXPECT_THROW(count("bug"_atom), Error);
  }
  EXPECT_EQ(supervisor.wait(), Term("shutdown"_atom));
  EXPECT_EQ(node.open_table("counts"_atom).lookup("bug"_atom).one(), (Term{"bug"_atom, 3}));
}

}  // namespace
}  // namespace heirloom
