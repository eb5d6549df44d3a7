// SPDX-License-Identifier: Apache-2.0
//
// What the environment says about a run: HEIRLOOM_SEED repeats one; HEIRLOOM_ORACLE_TERMS says how many terms each test takes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace heirloom::oracle {

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

inline std::uint64_t announced_seed() {
  const auto seed = static_cast<unsigned long long>(number_from_environment("HEIRLOOM_SEED", std::random_device()()));
  std::printf("seed %llu: HEIRLOOM_SEED=%llu repeats the terms\n", seed, seed);
  return seed;
}

inline std::uint64_t term_count() { return number_from_environment("HEIRLOOM_ORACLE_TERMS", 20000); }

// A child of Erlang keeps what it has seen - atoms, code that a fun names -, so it is replaced after as many terms.
inline constexpr std::uint64_t kTermsOfAChild = 100000;

}  // namespace heirloom::oracle
