// SPDX-License-Identifier: Apache-2.0
//
// What facts mean: each kind that hurts, and that its neighbours do not.
#include "doctor/judge.hpp"

#include <gtest/gtest.h>

namespace heirloom::cli::doctor {
namespace {

TEST(Doctor, SpaceIsBadWhenItIsOutAndAWarningWhenItIsSmallOrOnADisk) {
  const auto judged = [](bool in_memory, std::uint64_t total, std::uint64_t free) {
    return judge_space({"/dev/shm", in_memory, total, free}).gravity;
  };
  EXPECT_EQ(judged(true, 8 * kGiB, 7 * kGiB), Gravity::fine);
  EXPECT_EQ(judged(true, 64 * kMiB, 64 * kMiB), Gravity::warning) << "a container's";
  EXPECT_EQ(judged(true, 8 * kGiB, kGiB / 2), Gravity::warning);
  EXPECT_EQ(judged(true, 8 * kGiB, kMiB - 1), Gravity::bad);
  EXPECT_EQ(judged(false, 800 * kGiB, 700 * kGiB), Gravity::warning);
  EXPECT_EQ(judge_space({"/dev/shm", true, 64 * kMiB, 60 * kMiB}).what.substr(0, 39),
            "/dev/shm has 64.0 MiB, 60.0 MiB of it f");
}

TEST(Doctor, MemoryIsAWarningWhenTablesTakeMostOfIt) {
  EXPECT_EQ(judge_memory({{}, 0}, 9 * kGiB).gravity, Gravity::fine);
  EXPECT_EQ(judge_memory({kGiB, 100 * kMiB}, 100 * kMiB).gravity, Gravity::note);
  EXPECT_EQ(judge_memory({kGiB, 100 * kMiB}, 600 * kMiB).gravity, Gravity::warning);
  EXPECT_EQ(judge_memory({kGiB, kGiB - kMiB}, 0).gravity, Gravity::warning);
  EXPECT_EQ(judge_memory({kGiB, 2 * kGiB}, 0).gravity, Gravity::warning) << "more than there may be";
}

TEST(Doctor, LimitsOfAProgram) {
  EXPECT_EQ(judge_limits({{}, {}, 1024}).gravity, Gravity::fine);
  EXPECT_EQ(judge_limits({8 * kGiB, {}, {}}).gravity, Gravity::fine);
  EXPECT_EQ(judge_limits({kGiB, {}, {}}).gravity, Gravity::warning);
  EXPECT_EQ(judge_limits({{}, 15 * kGiB, {}}).gravity, Gravity::bad) << "not one table";
  EXPECT_EQ(judge_limits({{}, 100 * kGiB, {}}).gravity, Gravity::warning);
  EXPECT_EQ(judge_limits({{}, {}, 64}).gravity, Gravity::warning);
}

TEST(Doctor, LogindDeletesOnlyWhatARegularUserHasInDevShm) {
  const Logind deletes{.present = true, .removes_ipc = true, .regular_user = true, .lingers = false};
  const auto judged = [](const Logind& logind, const char* node) { return judge_logind(logind, node).gravity; };
  EXPECT_EQ(judged(deletes, "/dev/shm/shop"), Gravity::bad);
  EXPECT_EQ(judged(deletes, "/dev/../dev/shm/shop"), Gravity::bad);
  EXPECT_EQ(judged(deletes, "/run/shop"), Gravity::fine);
  for (bool Logind::*spared : {&Logind::present, &Logind::removes_ipc, &Logind::regular_user}) {
    Logind other = deletes;
    other.*spared = false;
    EXPECT_EQ(judged(other, "/dev/shm/shop"), Gravity::fine);
  }
  Logind lingers = deletes;
  lingers.lingers = true;
  EXPECT_EQ(judged(lingers, "/dev/shm/shop"), Gravity::fine);
}

TEST(Doctor, TheLastWordOfAConfigurationCounts) {
  EXPECT_EQ(remove_ipc_in(""), std::nullopt);
  EXPECT_EQ(remove_ipc_in("[Login]\n#RemoveIPC=no\n; RemoveIPC=no\nKillUserProcesses=no\n"), std::nullopt);
  EXPECT_EQ(remove_ipc_in("[Login]\nRemoveIPC=no"), false);
  EXPECT_EQ(remove_ipc_in(" RemoveIPC = Yes \nRemoveIPC=0\n"), false);
  EXPECT_EQ(remove_ipc_in("RemoveIPC=no\nRemoveIPC=true\n"), true);
}

TEST(Doctor, AReaderThatStaysIsNamed) {
  EXPECT_EQ(judge_readers({}).gravity, Gravity::fine);
  const Finding finding = judge_readers(StoppedReader{7, 812, "worker", 3 * kMiB});
  EXPECT_EQ(finding.gravity, Gravity::warning);
  EXPECT_EQ(finding.what.substr(0, 36), "program 7 (process 812, worker) stay");
  EXPECT_NE(finding.what.find("3.0 MiB"), std::string::npos);
  EXPECT_NE(finding.cure.find("kill -CONT 812"), std::string::npos);
}

TEST(Doctor, SaysBytesAsPeopleDo) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(kGiB * 3 / 2), "1.5 GiB");
}

}  // namespace
}  // namespace heirloom::cli::doctor
