// SPDX-License-Identifier: Apache-2.0
#include "workers.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

namespace heirloom::stress {

std::uint64_t seed() {
  const char* given = std::getenv("HEIRLOOM_SEED");
  const std::uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("seed %llu: HEIRLOOM_SEED=%llu repeats the times of the kills\n", static_cast<unsigned long long>(value),
              static_cast<unsigned long long>(value));
  return value;
}

double seconds() {
  const char* given = std::getenv("HEIRLOOM_STRESS_SECONDS");
  return given != nullptr ? std::strtod(given, nullptr) : 8.0;
}

pid_t Workers::start(std::uint32_t number, const Work& work) {
  std::fflush(nullptr);
  const std::uint32_t start = ++starts_;
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    work(number, start);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "worker %u, start %u: %s\n", number, start, error.what());
  }
  ::_exit(1);
}

void Workers::bury(pid_t pid, bool killed) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && killed) return;
  failures_.push_back(WIFSIGNALED(status) ? "a worker died of signal " + std::to_string(WTERMSIG(status))
                                          : "a worker ended with status " + std::to_string(WEXITSTATUS(status)));
}

void Workers::run(std::uint32_t count, std::uint32_t spared, const Work& work, std::mt19937_64& random,
                  double for_seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(for_seconds);
  std::vector<pid_t> pids;
  for (std::uint32_t number = 0; number < count; ++number) pids.push_back(start(number, work));
  while (std::chrono::steady_clock::now() < end && failures_.empty()) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    const std::uint32_t victim = static_cast<std::uint32_t>(random() % spared);
    ::kill(pids[victim], SIGKILL);
    ++kills_;
    bury(pids[victim], true);
    pids[victim] = start(victim, work);
    for (std::uint32_t number = spared; number < count; ++number) {
      if (::waitpid(pids[number], nullptr, WNOHANG) == 0) continue;
      failures_.push_back("a reader has ended");
      pids[number] = start(number, work);
    }
  }
  for (const pid_t pid : pids) {
    ::kill(pid, SIGKILL);
    bury(pid, true);
  }
}

}  // namespace heirloom::stress
