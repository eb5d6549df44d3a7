// SPDX-License-Identifier: Apache-2.0
//
// Bytes of terms, damaged at random so that they are nearly terms: other tags, other lengths, parts left out or said twice.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace heirloom::oracle {

class ByteMutator {
 public:
  explicit ByteMutator(std::uint64_t seed) : random_(seed) {}

  // `bytes` with one to three damages behind the first byte, the version; parts of `other` may come in.
  [[nodiscard]] std::string mutated(std::string bytes, const std::string& other);

 private:
  std::uint64_t below(std::uint64_t count) { return random_() % count; }
  char byte();
  void mutate(std::string& bytes, const std::string& other);

  std::mt19937_64 random_;
};

}  // namespace heirloom::oracle
