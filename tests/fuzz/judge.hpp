// SPDX-License-Identifier: Apache-2.0
//
// What a fuzzer holds against a decoder: it answers with a well-formed term that comes back from every form, or with an error
// of the kinds that bad input may get. Anything else ends the program, as a sanitizer's finding does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "heirloom/external.hpp"

#include "term/compare.hpp"
#include "term/hash.hpp"
#include "term/serial.hpp"
#include "term/validate.hpp"

namespace heirloom::fuzz {

// Small, so that a finding is one of the decoder and not of the machine; new atoms stay for good.
inline constexpr InputLimits kLimits{.memory_bytes_max = std::size_t{1} << 24, .new_atoms_max = 8};

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline std::string_view as_bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void judge(const Term& term) {
  require(term::validate_block(term.block(), Atom::kAtomsMax, nullptr).ok());
  const InputLimits no_limits{.memory_bytes_max = std::size_t{1} << 30, .new_atoms_max = 0};
  require(from_external(to_external(term), no_limits) == term);
  const auto received = term::deserialize(term::serialize(term));
  require(received.ok() && *received == term);
  require(term::compare(term, *received, term::Numbers::by_type) == 0);
  require(term::hash(term, 1) == term::hash(*received, 1));
  const std::string text = to_string(term);
  if (text.find("#Fun<") == std::string::npos) require(parse(text, no_limits) == term);
}

template <typename Decode>
void judge_decoder(Decode decode) {
  try {
    judge(decode());
  } catch (const Error& error) {
    require(error.code() == ErrorCode::syntax || error.code() == ErrorCode::system_limit);
  }
}

}  // namespace heirloom::fuzz
