// SPDX-License-Identifier: Apache-2.0
//
// The table of all operations, printed when the program ends: docs/recovery.md has a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace heirloom::crash {

struct ReportLine {
  std::string name;
  std::uint64_t instructions = 0;
  std::size_t images = 0;
  std::size_t judged = 0;
  int killed = 0;
  std::size_t failures = 0;
};

// Prints it, and keeps it for the table.
void report(const ReportLine& line);

// Another table: operations in which a program was really killed after each of its system calls.
void report_kills(const std::string& name, int kills, std::size_t failures);

}  // namespace heirloom::crash
