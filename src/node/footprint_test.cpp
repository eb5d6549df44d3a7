// SPDX-License-Identifier: Apache-2.0
//
// What the library puts into the program that uses it: the figures of docs/processes.md, counted from outside.
#include "node/helper_program.hpp"

namespace heirloom::node {
namespace {

struct Footprint {
  std::ptrdiff_t threads;
  std::ptrdiff_t descriptors;
  bool operator==(const Footprint&) const = default;
};
void PrintTo(const Footprint& footprint, std::ostream* out) {
  *out << footprint.threads << " threads, " << footprint.descriptors << " descriptors";
}

// ThreadSanitizer has a thread of its own in every program that starts one.
#ifdef __SANITIZE_THREAD__
constexpr std::ptrdiff_t kSanitizersThreads = 1;
#else
constexpr std::ptrdiff_t kSanitizersThreads = 0;
#endif

// A program that tells how much it has more than when it began.
class CountedProgram : public HelperProgram {
 public:
  CountedProgram() {
    ask("are you there?");  // after what the loader of programs has open for a moment
    before_ = now();
  }
  [[nodiscard]] Footprint footprint() const {
    const Footprint after = now();
    const std::ptrdiff_t threads = after.threads - before_.threads;
    return {threads > 0 ? threads - kSanitizersThreads : 0, after.descriptors - before_.descriptors};
  }

 private:
  [[nodiscard]] std::ptrdiff_t entries(const char* of) const {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid()) + '/' + of);
    return std::distance(begin(all), end(all));
  }
  [[nodiscard]] Footprint now() const { return {entries("task"), entries("fd")}; }

  Footprint before_{};
};

using FootprintTest = NodeDirectoryTest;

TEST_F(FootprintTest, OfAClientIsOneThreadAndAFewDescriptors) {
  CountedProgram manager;
  manager.get("open " + node());
  CountedProgram client;
  client.get("open " + node());
  EXPECT_EQ(client.footprint(), (Footprint{1, 5}));
  client.get("create words");
  EXPECT_EQ(client.footprint(), (Footprint{1, 6}));
  client.get("close");
  EXPECT_EQ(client.footprint(), (Footprint{0, 0}));
}

TEST_F(FootprintTest, OfTheManagerGrowsByThreeDescriptorsAProgramAndOneATable) {
  CountedProgram manager;
  manager.get("open " + node());
  EXPECT_EQ(manager.footprint(), (Footprint{3, 12}));
  CountedProgram client;
  client.get("open " + node());
  EXPECT_EQ(manager.footprint(), (Footprint{3, 15}));
  client.get("create words");
  EXPECT_EQ(manager.footprint(), (Footprint{3, 16}));
}

// But for the last one to die, which is forgotten when somebody else comes.
TEST_F(FootprintTest, OfTheManagerDoesNotGrowByTheDead) {
  CountedProgram manager;
  manager.get("open " + node());
  for (int life = 0; life < 20; ++life) {
    HelperProgram client;
    client.get("open " + node());
    client.kill();
  }
  CountedProgram last;
  last.get("open " + node());
  EXPECT_EQ(manager.footprint(), (Footprint{3, 15}));
}

TEST_F(FootprintTest, OfAnObserverIsNoThread) {
  CountedProgram manager;
  manager.get("open " + node());
  manager.get("create words");
  CountedProgram observer;
  observer.get("open " + node() + " observer");
  EXPECT_EQ(observer.footprint(), (Footprint{0, 2}));
  // The table, and the file of the program that has it open, which is looked at for readers that do not leave.
  observer.get("find words");
  EXPECT_EQ(observer.footprint(), (Footprint{0, 4}));
}

}  // namespace
}  // namespace heirloom::node
