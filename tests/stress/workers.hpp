// SPDX-License-Identifier: Apache-2.0
//
// Workers: processes that are killed at random and started again, until the time is over.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace heirloom::stress {

// HEIRLOOM_SEED, or a random one; printed either way.
std::uint64_t seed();
// HEIRLOOM_STRESS_SECONDS, or the few of a normal run.
double seconds();

class Workers {
 public:
  // A worker runs until it is killed, or until it throws: that is a failure. `number` tells them apart; each start of a worker
  // has another `start`.
  using Work = std::function<void(std::uint32_t number, std::uint32_t start)>;

  // Starts worker after worker, and kills them, at random times, for so long. Those with numbers from `spared` on are only
  // killed at the end.
  void run(std::uint32_t count, std::uint32_t spared, const Work& work, std::mt19937_64& random, double for_seconds);

  [[nodiscard]] std::uint32_t kills() const noexcept { return kills_; }
  [[nodiscard]] const std::vector<std::string>& failures() const noexcept { return failures_; }

 private:
  pid_t start(std::uint32_t number, const Work& work);
  void bury(pid_t pid, bool killed);

  std::uint32_t starts_ = 0;
  std::uint32_t kills_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace heirloom::stress
