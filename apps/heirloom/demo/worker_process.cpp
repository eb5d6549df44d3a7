// SPDX-License-Identifier: Apache-2.0
#include "demo/worker_process.hpp"

#include <signal.h>

#include <chrono>
#include <sstream>

#include <fmt/format.h>

namespace heirloom::cli::demo {

namespace {

std::vector<std::string> arguments_of(const Task& task, const char* name) {
  std::vector<std::string> arguments = {"demo-worker", "--node", task.node, "--input", task.input, "--name", name};
  if (task.split_insert) arguments.emplace_back("--split-insert");
  return arguments;
}

}  // namespace

WorkerProcess::WorkerProcess(const Task& task, const char* name)
    : process_(Subprocess::start_heirloom(arguments_of(task, name), Subprocess::Output::captured)),
      lines_(process_.output()) {}

bool WorkerProcess::waits() { return wait_for("waiting").has_value(); }

std::optional<WorkerProcess::Held> WorkerProcess::holds() {
  const auto numbers = wait_for("holding");
  if (!numbers) return std::nullopt;
  Held held{};
  std::istringstream(*numbers) >> held.since >> held.repairs;
  return held;
}

bool WorkerProcess::finishes() { return wait_for("finished") && process_.wait() == 0; }

std::string WorkerProcess::what_happened() {
  if (!lines_.ended()) {
    process_.signal(SIGKILL);
    process_.wait();
    return fmt::format("gave no sign of life for {} s", kPatience.count());
  }
  return "ended by itself with " + describe_status(process_.wait());
}

std::optional<std::string> WorkerProcess::wait_for(const std::string& word) {
  for (;;) {
    const auto line = lines_.next(std::chrono::steady_clock::now() + kPatience);
    if (!line) return std::nullopt;
    if (line->compare(0, word.size(), word) == 0) return line->substr(word.size());
  }
}

}  // namespace heirloom::cli::demo
