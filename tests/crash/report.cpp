// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <cstdio>
#include <vector>

#include <gtest/gtest.h>

namespace heirloom::crash {

namespace {

std::vector<ReportLine>& lines() {
  static std::vector<ReportLine> all;
  return all;
}

void print(const ReportLine& line) {
  std::printf("| %s | %llu | %zu | %zu | %d | %zu |\n", line.name.c_str(),
              static_cast<unsigned long long>(line.instructions), line.images, line.judged, line.killed, line.failures);
}

struct Kills {
  std::string name;
  int kills;
  std::size_t failures;
};
std::vector<Kills>& all_kills() {
  static std::vector<Kills> all;
  return all;
}

void print(const Kills& line) { std::printf("| %s | %d | %zu |\n", line.name.c_str(), line.kills, line.failures); }

class Table : public ::testing::Environment {
 public:
  void TearDown() override {
    if (lines().size() < 2) return;
    ReportLine total{.name = "total of " + std::to_string(lines().size())};
    std::printf(
        "\n| operation | instructions | distinct images | judged | really killed | failures "
        "|\n|---|---|---|---|---|---|\n");
    for (const ReportLine& line : lines()) {
      print(line);
      total.instructions += line.instructions;
      total.images += line.images;
      total.judged += line.judged;
      total.killed += line.killed;
      total.failures += line.failures;
    }
    print(total);
    if (all_kills().empty()) return;
    Kills kills{"total of " + std::to_string(all_kills().size()), 0, 0};
    std::printf("\n| operation, and who is killed | killed after so many system calls | failures |\n|---|---|---|\n");
    for (const Kills& line : all_kills()) {
      print(line);
      kills.kills += line.kills;
      kills.failures += line.failures;
    }
    print(kills);
  }
};
[[maybe_unused]] const auto* const table_at_the_end = ::testing::AddGlobalTestEnvironment(new Table);

}  // namespace

void report(const ReportLine& line) {
  print(line);
  lines().push_back(line);
}

void report_kills(const std::string& name, int kills, std::size_t failures) {
  all_kills().push_back({name, kills, failures});
  print(all_kills().back());
}

}  // namespace heirloom::crash
