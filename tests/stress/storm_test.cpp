// SPDX-License-Identifier: Apache-2.0
//
// Storms (storm/storm.hpp) on tables of each kind, each for some seconds; `make torture` has the long ones. And that a storm can
// fail: for each thing that it proves, a storm in which that is broken on purpose.
#include "storm/storm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workers.hpp"

namespace heirloom::stress::storm {

void PrintTo(const Finding& finding, std::ostream* out) { *out << to_string(finding.breach) << ": " << finding.text; }

namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

class Storm : public ::testing::TestWithParam<Kind> {};

// In which some dozens are killed: programs start slower with a sanitizer.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::chrono::seconds kShort{15};
#else
constexpr std::chrono::seconds kShort{4};
#endif

TEST_P(Storm, LosesNothingWhoeverIsKilled) {
  const Report report = run(GetParam(), {.seed = seed(), .kills = 400, .time_limit = kShort});
  std::printf("%s", details(report).c_str());
  // A table comes to rest only after some hundred kills: whether it needs more memory then is for the long storms to say.
  std::vector<Finding> findings = report.findings;
  std::erase_if(findings, [](const Finding& finding) { return finding.breach == Breach::memory; });
  EXPECT_THAT(findings, IsEmpty());
  EXPECT_GT(report.kills, 20U);
  EXPECT_GT(report.kills_inside_a_write, 0U);
  EXPECT_GT(report.audits, 0U);
  EXPECT_GT(report.writes, 0U);
  EXPECT_GT(report.reads, 0U);
}

std::string name_of(const testing::TestParamInfo<Kind>& tested) {
  std::string name = tested.param.name();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Kinds, Storm, testing::ValuesIn(kinds()), name_of);

// ------------------------------------------------------------------------------------------------------- a storm that fails

std::vector<Finding> findings_of(const Kind& kind, Options options, std::uint64_t attempt = 0) {
  options.seed = seed() + attempt;
  options.time_limit = std::chrono::seconds(60);
  const Report report = run(kind, options);
  std::printf("%s", details(report).c_str());
  return report.findings;
}

auto is(Breach breach) { return Field(&Finding::breach, breach); }

// What is broken has several judges, and a storm ends when the first of them has found something; and a short one may find nothing. So by
// this judge it is found in one of some.
void expect_noticed(const Kind& kind, const Options& options, Breach breach) {
  constexpr std::uint64_t kAttempts = 20;
  std::vector<Finding> findings;
  for (std::uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    findings = findings_of(kind, options, attempt);
    if (testing::Matches(Contains(is(breach)))(findings)) return;
  }
  EXPECT_THAT(findings, Contains(is(breach)));
}

const Kind kSet{};
const Kind kOrderedSet{.type = TableType::ordered_set};
const Kind kBag{.type = TableType::bag};
const Kind kProtectedSet{.protection = Protection::protected_access};

TEST(StormItself, NoticesWhatIsNotRepaired) {
  for (const Kind& kind : {kSet, kOrderedSet, kBag, kProtectedSet}) {
    EXPECT_FALSE(findings_of(kind, {.sabotage = Sabotage::no_repair, .patience = std::chrono::seconds(5)}).empty())
        << kind.name();
  }
}

TEST(StormItself, NoticesALostWrite) {
  expect_noticed(kSet, {.sabotage = Sabotage::lost_write}, Breach::lost);
  expect_noticed(kBag, {.sabotage = Sabotage::lost_write}, Breach::lost);
}

TEST(StormItself, NoticesADoubledWrite) {
  expect_noticed(kSet, {.sabotage = Sabotage::doubled_write}, Breach::doubled);
}

TEST(StormItself, NoticesHalfOfAnInsertOfSeveral) {
  expect_noticed(kProtectedSet, {.sabotage = Sabotage::split_insert}, Breach::half);
}

TEST(StormItself, NoticesATornObject) { expect_noticed(kSet, {.sabotage = Sabotage::torn_object}, Breach::torn); }

TEST(StormItself, NoticesAWaitBeyondTheBound) {
  expect_noticed(kOrderedSet, {.wait_bound = std::chrono::milliseconds(0)}, Breach::blocked);
  expect_noticed(kProtectedSet, {.wait_bound = std::chrono::milliseconds(0)}, Breach::blocked);
}

TEST(StormItself, NoticesAProcessThatGoesOnNoMore) {
  EXPECT_THAT(findings_of(kSet, {.sabotage = Sabotage::standstill, .patience = std::chrono::seconds(1)}),
              Contains(is(Breach::blocked)));
}

TEST(StormItself, NoticesThatMemoryGrows) {
  expect_noticed(kSet, {.kills = 64, .sabotage = Sabotage::growth}, Breach::memory);
}

TEST(StormItself, JudgesEachFigureOfMemoryByItsHalves) {
  const Footprint usual{.table_bytes = 8 << 20,
                        .live_bytes = 1 << 20,
                        .retired_bytes = 1 << 20,
                        .free_bytes = 8 << 20,
                        .journal_bytes = 1 << 20,
                        .files = 6,
                        .process_files = 1,
                        .descriptors = 40,
                        .keepers_descriptors = 40,
                        .manager_bytes = 4 << 20};
  EXPECT_THAT(growth({usual, usual, usual, usual}, 10'000), IsEmpty());
  EXPECT_THAT(growth({usual}, 10'000), IsEmpty());
  const auto grown = [&](std::uint64_t Footprint::*figure, std::uint64_t by) {
    Footprint more = usual;
    more.*figure += by;
    return growth({usual, usual, usual, more}, 10'000);
  };
  EXPECT_THAT(grown(&Footprint::table_bytes, 3 << 20), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::live_bytes, 2 << 20), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::retired_bytes, 3 << 20), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::free_bytes, 3 << 20), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::journal_bytes, 1 << 20), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::files, 1), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::process_files, 1), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::descriptors, 10), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::keepers_descriptors, 10), ElementsAre(is(Breach::memory)));
  EXPECT_THAT(grown(&Footprint::manager_bytes, 2 << 20), ElementsAre(is(Breach::memory)));
}

}  // namespace
}  // namespace heirloom::stress::storm
