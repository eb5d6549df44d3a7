// SPDX-License-Identifier: Apache-2.0
//
// WorkerProcess: a worker, as the supervisor sees it: by the lines that it writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "demo/demo.hpp"
#include "line_reader.hpp"
#include "subprocess.hpp"

namespace heirloom::cli::demo {

class WorkerProcess {
 public:
  WorkerProcess(const Task& task, const char* name);

  [[nodiscard]] Subprocess& process() noexcept { return process_; }

  // Waits until it is ready for the table; false when it ended or hangs.
  bool waits();
  struct Held {
    std::int64_t since;     // CLOCK_MONOTONIC, when it had the table
    std::uint64_t repairs;  // of the table, in all its life
  };
  // Waits until it has the table.
  std::optional<Held> holds();
  // Waits until it has finished its work and ended; false when it ended otherwise, or shows no sign of life.
  bool finishes();
  // After one of them failed: how the worker ended, ending it if it had not.
  std::string what_happened();

 private:
  // The rest of the next line that begins with `word`; others that come before are skipped, if each comes in time.
  std::optional<std::string> wait_for(const std::string& word);

  Subprocess process_;
  LineReader lines_;
};

}  // namespace heirloom::cli::demo
