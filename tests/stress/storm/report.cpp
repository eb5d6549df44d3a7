// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "storm/book.hpp"
#include "storm/storm.hpp"

namespace heirloom::stress::storm {

namespace {

template <typename... Values>
std::string print(const char* format, Values... values) {
  char line[512];
  std::snprintf(line, sizeof(line), format, values...);
  return line;
}

unsigned long long number(std::uint64_t value) { return value; }
double milliseconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

std::string waits_line(const char* what, const Distribution& waits) {
  return print("  %-44s %9llu   p50 %8.3f ms   p99 %8.3f ms   max %8.3f ms\n", what, number(waits.count),
               milliseconds(waits.percentile_ns(50)), milliseconds(waits.percentile_ns(99)),
               milliseconds(waits.longest_ns));
}

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// What is measured, and how much the second half of a storm may have of it, given what the first had, and why.
struct Quantity {
  const char* name;
  std::uint64_t Footprint::*value;
  std::uint64_t (*limit)(std::uint64_t first);
};

const Quantity kQuantities[] = {
    // It grows by an eighth at a time, and ever more slowly over some thousand kills (docs/recovery.md).
    {"bytes of the table", &Footprint::table_bytes, [](std::uint64_t first) { return first + first / 4 + 65536; }},
    // How many objects are there at once is a matter of chance, too.
    {"those of objects and index", &Footprint::live_bytes, [](std::uint64_t first) { return 2 * first + 65536; }},
    {"retired", &Footprint::retired_bytes, [](std::uint64_t first) { return 2 * first + kMiB; }},
    {"free", &Footprint::free_bytes, [](std::uint64_t first) { return first + first / 8 + kMiB; }},
    // It is written anew once it has 1 MiB.
    {"bytes of the journal", &Footprint::journal_bytes,
     [](std::uint64_t first) { return std::max(first, kMiB + 65536); }},
    {"files", &Footprint::files, [](std::uint64_t first) { return first; }},
    {"process files", &Footprint::process_files, [](std::uint64_t first) { return first; }},
    // It forgets the last dead when others come.
    {"descriptors of the manager", &Footprint::descriptors, [](std::uint64_t first) { return first + kPlayersMax; }},
    {"of the table manager", &Footprint::keepers_descriptors, [](std::uint64_t first) { return first + kPlayersMax; }},
    {"memory of the manager", &Footprint::manager_bytes,
     [](std::uint64_t first) { return first + first / 8 + kMiB / 2; }},
};

// Of a short storm the second half may be the first in which anything of note happened.
constexpr std::uint64_t kShort = 2000;

// The medians: what a storm has at most is a matter of how long some reader was kept from running.
std::pair<std::uint64_t, std::uint64_t> medians_of_halves(const std::vector<Footprint>& footprints,
                                                          const Quantity& quantity) {
  const auto median = [&](std::size_t from, std::size_t to) {
    std::vector<std::uint64_t> values;
    for (std::size_t i = from; i < to; ++i) values.push_back(footprints[i].*quantity.value);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return middle == values.end() ? 0 : *middle;
  };
  const std::size_t half = footprints.size() / 2;
  return {median(0, half), median(half, footprints.size())};
}

}  // namespace

std::string Kind::name() const {
  return std::string(compressed ? "compressed-" : "") + std::string(heirloom::to_string(type)) + '-' +
         std::string(heirloom::to_string(protection));
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> kinds;
    for (const Protection protection : {Protection::public_access, Protection::protected_access}) {
      for (const TableType type : {TableType::set, TableType::ordered_set, TableType::bag, TableType::duplicate_bag}) {
        kinds.push_back({.type = type, .protection = protection});
      }
      kinds.push_back({.type = TableType::set, .protection = protection, .compressed = true});
      kinds.push_back({.type = TableType::ordered_set, .protection = protection, .compressed = true});
    }
    return kinds;
  }();
  return all;
}

std::string_view to_string(Breach breach) noexcept {
  constexpr std::string_view kNames[kBreaches] = {"lost",    "doubled", "half",   "torn",
                                                  "blocked", "memory",  "broken", "died"};
  return kNames[static_cast<std::size_t>(breach)];
}

std::string_view to_string(Operation operation) noexcept {
  constexpr std::string_view kNames[kOperations] = {
      "none",     "insert",        "insert_several", "insert_new",     "insert_several_new", "erase",
      "take",     "delete_object", "update_element", "update_counter", "update_counters",    "insert_pair",
      "transfer", "select_delete", "select_replace", "take_token",     "put_token"};
  return kNames[static_cast<std::size_t>(operation)];
}

std::uint64_t Report::count(Breach breach) const {
  return static_cast<std::uint64_t>(std::count_if(findings.begin(), findings.end(),
                                                  [&](const Finding& finding) { return finding.breach == breach; }));
}

std::string progress_line(const Report& so_far, const Options& options) {
  const Footprint now = so_far.footprints.empty() ? Footprint() : so_far.footprints.back();
  return print(
      "%-33s %6llu/%llu kills, %.0f/s, %llu inside a write, worst wait %.1f ms, table %llu bytes, %.0f s of %lld",
      so_far.kind.name().c_str(), number(so_far.kills), number(options.kills),
      static_cast<double>(so_far.kills) / std::max(so_far.seconds, 0.001), number(so_far.kills_inside_a_write),
      milliseconds(so_far.worst_wait_ns()), number(now.table_bytes), so_far.seconds,
      static_cast<long long>(options.time_limit.count()));
}

std::string summary(const std::vector<Report>& reports) {
  std::string text =
      print("%-33s %7s %7s %8s %7s %6s %5s %7s %5s %5s %7s %11s %11s\n", "table", "kills", "inside", "finished",
            "undone", "audits", "lost", "doubled", "half", "torn", "wait ms", "bytes", "at the end");
  for (const Report& report : reports) {
    const Footprint before = report.footprints.empty() ? Footprint() : report.footprints.front();
    const Footprint after = report.footprints.empty() ? Footprint() : report.footprints.back();
    text += print("%-33s %7llu %7llu %8llu %7llu %6llu %5llu %7llu %5llu %5llu %7.1f %11llu %11llu\n",
                  report.kind.name().c_str(), number(report.kills), number(report.kills_inside_a_write),
                  number(report.repairs_finished), number(report.repairs_undone), number(report.audits),
                  number(report.count(Breach::lost)), number(report.count(Breach::doubled)),
                  number(report.count(Breach::half)), number(report.count(Breach::torn)),
                  milliseconds(report.worst_wait_ns()), number(before.table_bytes), number(after.table_bytes));
  }
  return text;
}

std::string details(const Report& report) {
  std::string text = print(
      "%s: %llu kills in %.1f s (seed %llu), %llu of them inside a write, %llu inside a read; %llu writes, "
      "%llu reads, %llu audits\n",
      report.kind.name().c_str(), number(report.kills), report.seconds, number(report.seed),
      number(report.kills_inside_a_write), number(report.kills_inside_a_read), number(report.writes),
      number(report.reads), number(report.audits));
  text += print("  writes of the dead, by their successors: %llu finished, %llu undone\n  killed inside:",
                number(report.repairs_finished), number(report.repairs_undone));
  for (const auto& [operation, kills] : report.kills_by_operation)
    text += print(" %s %llu", operation.c_str(), number(kills));
  text += '\n';
  text += waits_line("operations of writers", report.operations);
  text += waits_line("those that slept", report.sleeps);
  text += waits_line("those that slept across a kill, from it on", report.waits);
  if (report.hand_overs.count != 0)
    text += waits_line("from the kill to the standby that has the table", report.hand_overs);
  if (report.footprints.size() > 1) {
    text += "  at rest, the median of the first and of the second half:";
    const char* separator = " ";
    for (const Quantity& quantity : kQuantities) {
      const auto [first, second] = medians_of_halves(report.footprints, quantity);
      text += print("%s%s %llu, %llu", separator, quantity.name, number(first), number(second));
      separator = "; ";
    }
    text += '\n';
  }
  for (const Finding& finding : report.findings) {
    text += "  " + std::string(to_string(finding.breach)) + ": " + finding.text + '\n';
  }
  return text;
}

std::vector<Finding> growth(const std::vector<Footprint>& footprints, std::uint64_t kills) {
  std::vector<Finding> findings;
  if (footprints.size() < 2) return findings;
  for (const Quantity& quantity : kQuantities) {
    const auto [first, second] = medians_of_halves(footprints, quantity);
    const std::uint64_t limit = quantity.limit(first);
    if (second <= (kills < kShort ? limit + limit / 2 : limit)) continue;
    findings.push_back({Breach::memory, std::string(quantity.name) + ": " + std::to_string(first) +
                                            " in the first half, " + std::to_string(second) + " in the second"});
  }
  return findings;
}

}  // namespace heirloom::stress::storm
