// SPDX-License-Identifier: Apache-2.0
//
// Table files, and what is nearly one: files that are written item by item, with every kind of damage to what an item says, to how it
// is framed, and to the bytes of the whole.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "heirloom/term.hpp"

namespace heirloom::oracle {

class TableFileMaker {
 public:
  explicit TableFileMaker(std::uint64_t seed) : random_(seed) {}

  // The bytes of a file. Some are whole.
  [[nodiscard]] std::string file();

 private:
  std::uint64_t below(std::uint64_t count) { return random_() % count; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  Term one_of(const Term& list) { return Term(list[below(list.size())]); }

  std::string bytes(std::size_t count);
  std::string object(std::uint64_t number, std::size_t padding_max);
  Term header(std::uint64_t size, bool object_count, bool md5sum);
  Term footer(const std::vector<std::string>& terms, bool object_count, bool md5sum);
  std::vector<std::string> terms();

  void damage_terms(std::vector<std::string>& terms);
  std::string framed(const std::string& term);
  void damage_bytes(std::string& file, const std::vector<std::size_t>& begins);

  std::mt19937_64 random_;
};

}  // namespace heirloom::oracle
