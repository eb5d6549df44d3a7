// SPDX-License-Identifier: Apache-2.0
//
// Strategy: real programs use two tables, and one of these is damaged under their hands, by a store into its file or by cutting it
// off. It catches whatever does not stop at the one table and the one call: programs that end, a manager that does not hear of it,
// handles that read on, tables that have nothing to do with it.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>

#include "heirloom/node.hpp"

#include "node/helper_program.hpp"
#include "os/fd.hpp"
#include "table/layout.hpp"

namespace heirloom::node {
namespace {

using namespace heirloom::literals;
using testing::HasSubstr;

class Damage : public NodeDirectoryTest {
 protected:
  // As the first table of the node has the id 1.
  [[nodiscard]] std::string segment(int id = 1) const { return node() + "/tables/" + std::to_string(id); }

  // Lets the root of the index lie where nothing can.
  void spoil(int id = 1) const {
    const os::Fd file(::open(segment(id).c_str(), O_RDWR | O_CLOEXEC));
    const std::uint64_t nowhere = std::uint64_t{1} << 50;
    constexpr off_t kRoot = offsetof(shm::SegmentHeader, table) + offsetof(table::TableHeader, root);
    ASSERT_EQ(::pwrite(file.get(), &nowhere, sizeof nowhere, kRoot), 8);
  }

  // By who only looks, and does not disturb.
  [[nodiscard]] std::optional<TableInfo> set_aside(const std::string& name) const {
    const Node observer = Node::open(node(), {.role = NodeRole::observer});
    for (const TableInfo& info : observer.tables()) {
      if (info.quarantine && info.quarantine->name.text() == name) return info;
    }
    return std::nullopt;
  }
  template <typename Condition>
  static bool comes(Condition condition) {
    for (int look = 0; look < 3000; ++look) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

TEST_F(Damage, ThatAProgramMeetsSetsTheTableAsideAndOtherTablesGoOn) {
  HelperProgram manager({"serve", node()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("open_or_create hurt");
  owner.get("open_or_create whole");
  owner.get("insert hurt {a,1}");
  HelperProgram reader;
  reader.get("open " + node());
  reader.get("find hurt");
  reader.get("find whole");
  EXPECT_EQ(reader.get("lookup hurt a"), "{a,1}");
  spoil();
  EXPECT_THAT(reader.ask("lookup hurt a"),
              HasSubstr("error corrupt: read segment: a head of the index is named at offset"));
  // The next call of everybody, whether the manager has heard of it by then or not.
  EXPECT_THAT(owner.ask("insert hurt {b,2}"), HasSubstr("error quarantined"));
  EXPECT_THAT(reader.ask("lookup hurt a"), HasSubstr("error quarantined"));
  ASSERT_TRUE(comes([&] { return set_aside("hurt").has_value(); })) << "the manager did not hear of it";
  EXPECT_THAT(set_aside("hurt")->quarantine->cause, HasSubstr("damaged: read segment: a head of the index"));
  owner.get("insert whole {b,2}");
  EXPECT_EQ(reader.get("lookup whole b"), "{b,2}");
  // Its users can have a fresh one.
  EXPECT_EQ(owner.get("open_or_create hurt"), "owner");
  owner.get("insert hurt {c,3}");
}

TEST_F(Damage, IsToldToTheNextManagerWhenThereIsNone) {
  HelperProgram manager({"serve", node()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram worker;
  worker.get("open " + node() + " client");
  worker.get("open_or_create hurt");
  worker.get("insert hurt {a,1}");
  manager.kill();
  spoil();
  EXPECT_THAT(worker.ask("lookup hurt a"), HasSubstr("error corrupt"));
  EXPECT_THAT(worker.ask("lookup hurt a"), HasSubstr("error quarantined"));
  HelperProgram next({"serve", node()});
  ASSERT_EQ(next.hear(), "ok ready");
  EXPECT_TRUE(comes([&] { return set_aside("hurt").has_value(); }));
}

TEST_F(Damage, IsToldToTheNextManagerWhenTheOneThatHasTheMessageDies) {
  HelperProgram manager({"serve", node()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram worker;
  worker.get("open " + node() + " client");
  worker.get("open_or_create hurt");
  worker.get("insert hurt {a,1}");
  manager.signal(SIGSTOP);  // so that it reads no message any more
  spoil();
  EXPECT_THAT(worker.ask("lookup hurt a"), HasSubstr("error corrupt"));
  manager.kill();
  HelperProgram next({"serve", node()});
  ASSERT_EQ(next.hear(), "ok ready");
  ASSERT_TRUE(comes([&] { return set_aside("hurt").has_value(); }));
  EXPECT_THAT(set_aside("hurt")->quarantine->cause, HasSubstr("damaged: read segment: a head of the index"));
}

TEST_F(Damage, ThatAnObserverMeetsIsSaidAndChangesNothing) {
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("open_or_create hurt");
  owner.get("insert hurt {a,1}");
  const Node observer = Node::open(node(), {.role = NodeRole::observer});
  const Table hurt = observer.open_table("hurt"_atom);
  spoil();
  for (int look = 0; look < 2; ++look) {
    try {
      static_cast<void>(hurt.lookup("a"_atom));
      ADD_FAILURE() << "damage was not met";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::corrupt) << error.what();
    }
  }
  EXPECT_FALSE(set_aside("hurt"));
}

TEST_F(Damage, ATableThatWasCutShortIsSetAsideByTheNextToOpenIt) {
  HelperProgram manager({"serve", node()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("open_or_create hurt");
  owner.get("open_or_create whole");
  owner.get("insert hurt {a,1}");
  // To nothing at all: also the header, which the manager has mapped.
  std::filesystem::resize_file(segment(), 0);
  HelperProgram reader;
  reader.get("open " + node());
  EXPECT_THAT(reader.ask("find hurt"), HasSubstr("error corrupt: "));
  EXPECT_TRUE(comes([&] { return std::filesystem::exists(node() + "/broken/1"); }));
  EXPECT_TRUE(comes([&] { return reader.ask("find hurt") == "ok none"; }));
  reader.get("open_or_create hurt");
  reader.get("find whole");
  owner.get("insert whole {b,2}");
  EXPECT_EQ(reader.get("lookup whole b"), "{b,2}");
}

TEST_F(Damage, WhoTouchesATableThatWasCutShortUnderItDiesAndTheManagerAndOtherTablesDoNot) {
  HelperProgram manager({"serve", node()});
  ASSERT_EQ(manager.hear(), "ok ready");
  HelperProgram heir;
  heir.get("open " + node());
  heir.get("register heir");
  HelperProgram owner;
  owner.get("open " + node());
  owner.get("create hurt heir data");
  owner.get("create whole heir data");
  owner.get("insert hurt {a,1}");
  owner.get("insert whole {a,1}");
  std::filesystem::resize_file(segment(), 0);
  owner.say("lookup hurt a");
  EXPECT_EQ(WTERMSIG(owner.wait()), SIGBUS);
  // Its death is that of any owner, and of its tables the heir gets those that there are.
  EXPECT_THAT(heir.get("await_transfer"), HasSubstr("whole from"));
  EXPECT_EQ(heir.get("lookup whole a"), "{a,1}");
  EXPECT_TRUE(comes([&] { return std::filesystem::exists(node() + "/broken/1"); }));
  heir.get("create another");
}

}  // namespace
}  // namespace heirloom::node
