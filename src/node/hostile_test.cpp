// SPDX-License-Identifier: Apache-2.0
//
// Strategy: clients that are broken or mean harm talk to a manager, while an honest program works with it beside them. The manager
// must end their connections or refuse what they say, and must go on to answer the honest one; no table may change hands for them.
//
// HEIRLOOM_SEED replays what they say.
#include <cstdlib>
#include <functional>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "node/channel.hpp"
#include "node/helper_program.hpp"
#include "node/manager_fixture.hpp"
#include "os/packet_socket.hpp"

namespace heirloom::node {
namespace {

using namespace literals;

std::uint32_t announced_seed() {
  const char* given = std::getenv("HEIRLOOM_SEED");
  const auto seed =
      given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
  std::printf("seed %u: HEIRLOOM_SEED=%u repeats it\n", seed, seed);
  return seed;
}

// Messages of every kind, with whatever pids, ids and names; and those with damaged bytes.
class Babble {
 public:
  explicit Babble(std::uint32_t seed) : random_(seed) {}

  wire::ToManager message() {
    wire::ToManager message;
    choose(message, std::make_index_sequence<std::variant_size_v<wire::ToManager>>());
    return message;
  }
  std::string damaged() {
    std::string bytes = wire::encode(message());
    for (std::uint32_t count = 1 + pick(3); count > 0 && !bytes.empty(); --count) {
      const std::size_t at = pick(bytes.size());
      switch (pick(4)) {
        case 0: bytes.resize(at); break;
        case 1: bytes.insert(at, 1, static_cast<char>(random_())); break;
        default: bytes[at] = static_cast<char>(random_()); break;
      }
    }
    return bytes;
  }
  std::string noise(std::size_t bytes_max) {
    std::string bytes(pick(bytes_max), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }
  std::uint32_t pick(std::size_t below) { return static_cast<std::uint32_t>(random_() % below); }

 private:
  template <std::size_t... I>
  void choose(wire::ToManager& message, std::index_sequence<I...> /*all*/) {
    const std::size_t which = pick(sizeof...(I));
    ((I == which ? fill(message.emplace<I>()) : void()), ...);
  }
  template <wire::Record T>
  void fill(T& record) {
    std::apply([this](auto&... field) { (fill(field), ...); }, T::fields(record));
  }
  template <wire::Number T>
  void fill(T& number) {
    if constexpr (std::is_enum_v<T> || std::is_same_v<T, bool>) {
      number = static_cast<T>(pick(2));
    } else {
      number = static_cast<T>(pick(8) == 0 ? random_() : pick(4));
    }
  }
  void fill(Pid& pid) { pid = {1 + pick(4), pick(3)}; }
  void fill(std::string& text) {
    const char* const texts[] = {"", "1", "2", "jobs", "keeper", "undefined", "no term", "\xff no name"};
    text = texts[pick(std::size(texts))];
  }
  template <typename T>
  void fill(std::optional<T>& value) {
    value.reset();
    if (pick(2) == 0) fill(value.emplace());
  }
  template <typename T>
  void fill(std::vector<T>& values) {
    values.resize(pick(3));
    for (T& value : values) fill(value);
  }
  template <typename... T>
  void fill(std::variant<T...>& value) {
    if (pick(2) == 0) {
      fill(value.template emplace<0>());
    } else {
      fill(value.template emplace<1>());
    }
  }

  std::mt19937 random_;
};

// -- the state machine alone: all that a program may say, of itself and of others --

class Liar : public ManagerStateTest {
 protected:
  static constexpr Pid kOwner{2, 0};
  static constexpr std::uint32_t kLiar = 3;

  Liar() {
    for (const Pid pid : {kKeeper, kOwner}) connect(pid);
    receive(wire::RegisterName{0, "keeper", kKeeper}, kKeeper);
    make_table("jobs", kOwner, {.process = "keeper", .data = "gift"});
  }
  static bool is_for_operators(const wire::ToManager& message) {
    return std::holds_alternative<wire::ReclaimTable>(message) ||
           std::holds_alternative<wire::QuarantineTable>(message) ||
           std::holds_alternative<wire::ReleaseTable>(message) || std::holds_alternative<wire::ReportExit>(message) ||
           // Names are given to others by Erlang's register/2 too.
           std::holds_alternative<wire::RegisterName>(message) || std::holds_alternative<wire::UnregisterName>(message);
  }
};

TEST_F(Liar, CannotTakeTheTableOfAnother) {
  Babble babble(announced_seed());
  for (int i = 0; i < 100000; ++i) {
    const wire::ToManager message = babble.message();
    if (is_for_operators(message)) continue;
    if (!state.ledger().programs().contains(kLiar)) connect({kLiar, 0});
    if (!state.received(kLiar, message)) state.disconnected(kLiar);
    effects.take();
    const Ledger::Table* table = state.ledger().table("1");
    ASSERT_NE(table, nullptr) << "message " << message.index();
    ASSERT_EQ(table->facts.owner, kOwner) << "message " << message.index();
    ASSERT_EQ(table->facts.heir->process, wire::PidOrName("keeper")) << "message " << message.index();
    ASSERT_EQ(state.ledger().whereis("keeper"), kKeeper) << "message " << message.index();
  }
}

TEST_F(Liar, DoesNotConfuseTheLedgerWhateverItSays) {
  Babble babble(announced_seed());
  for (int i = 0; i < 100000; ++i) {
    if (!state.ledger().programs().contains(kLiar)) connect({kLiar, 0});
    if (!state.received(kLiar, babble.message())) state.disconnected(kLiar);
    effects.take();
    for (const auto& [id, table] : state.ledger().tables()) {
      ASSERT_EQ(state.ledger().table_named(table.facts.spec.name), &table);
      ASSERT_TRUE(!table.facts.owner || state.is_alive(*table.facts.owner)) << "a table belongs to the dead";
    }
  }
}

// -- real connections --

class HostileClients : public NodeDirectoryTest {
 protected:
  HostileClients() : manager_({"serve", node(), base() / "log"}) {
    EXPECT_EQ(manager_.hear(), "ok ready");
    opened_.emplace(Node::open(node(), {.role = NodeRole::client}));
    opened_->open_or_create("jobs"_atom).insert({1, "kept"});
  }
  // The honest program is answered, and has its table.
  void expect_all_is_well() {
    EXPECT_EQ(opened_->open_table("jobs"_atom).info().owner, self());
    EXPECT_EQ(opened_->open_table("jobs"_atom).size(), 1U);
    HelperProgram newcomer;
    newcomer.get("open " + node());
  }
  [[nodiscard]] os::Fd knock() const {
    auto socket = os::connect_to(node() + "/manager.sock");
    return socket ? *std::move(socket) : os::Fd();
  }
  HelperProgram manager_;
  std::optional<Node> opened_;
};

TEST_F(HostileClients, MaySendNoise) {
  Babble babble(announced_seed());
  for (int client = 0; client < 300; ++client) {
    const os::Fd socket = knock();
    for (int packet = 0; packet < 20; ++packet) {
      if (os::send_packet(socket, babble.noise(2000)) != os::Sent::whole) break;
    }
  }
  expect_all_is_well();
}

TEST_F(HostileClients, MaySayAnythingBeforeHelloOrAfter) {
  Babble babble(announced_seed());
  for (int client = 0; client < 300; ++client) {
    Channel channel(knock());
    for (int message = 0; message < 20; ++message) {
      const bool whole = babble.pick(2) == 0;
      if (!channel.send(whole ? wire::encode(babble.message()) : babble.damaged())) break;
    }
  }
  expect_all_is_well();
}

TEST_F(HostileClients, MayConnectByTheThousandAndSayNothing) {
  std::vector<os::Fd> silent;
  for (int client = 0; client < 3000; ++client) {
    os::Fd socket = knock();
    if (socket && silent.size() < 500) silent.push_back(std::move(socket));
  }
  expect_all_is_well();
}

TEST_F(HostileClients, MayBeginMessagesAndNotEndThem) {
  const std::string part = '\1' + std::string(60000, 'x');
  for (int client = 0; client < 50; ++client) {
    const os::Fd socket = knock();
    for (int packet = 0; packet < 200; ++packet) {
      if (os::send_packet(socket, part) == os::Sent::closed) break;
    }
  }
  expect_all_is_well();
}

TEST_F(HostileClients, MaySayHelloForAnotherProgram) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    HelperProgram thief;  // in a process of its own, since the kernel tells who connects
    EXPECT_EQ(thief.ask("claim_to_be " + node() + ' ' + std::to_string(self().program)), "ok refused");
  }
  expect_all_is_well();
}

// A name is text until somebody makes an atom of it: the manager for the segment's header, another program for what it is told.
TEST_F(Liar, MayNotGiveANameThatIsNoAtom) {
  for (const std::string& name : {std::string("\xff"), std::string("\xed\xa0\x80"), std::string(256, 'x')}) {
    connect({kLiar, 0});
    wire::MakeTable make;
    make.caller = {kLiar, 0};
    make.spec.name = name;
    EXPECT_FALSE(state.received(kLiar, make));
    make.spec.name = "a name";
    make.heir = wire::HeirSpec{.process = name};
    EXPECT_FALSE(state.received(kLiar, make));
    make.heir = wire::HeirSpec{.process = "keeper", .successors = {"worker", name}};
    EXPECT_FALSE(state.received(kLiar, make));
    EXPECT_FALSE(state.received(kLiar, wire::SetHeir{1, "1", {kLiar, 0}, make.heir}));
    EXPECT_FALSE(state.received(kLiar, wire::RegisterName{1, name, {kLiar, 0}}));
    EXPECT_FALSE(state.received(kLiar, wire::RenameTable{1, "1", {kLiar, 0}, name}));
  }
  EXPECT_EQ(state.ledger().tables().size(), 1U);
}

TEST_F(HostileClients, MayAskWithoutReadingTheAnswers) {
  HelperProgram flood;
  flood.get("open " + node());
  flood.get("flood 200000");
  expect_all_is_well();
}

}  // namespace
}  // namespace heirloom::node
