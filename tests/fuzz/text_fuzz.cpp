// SPDX-License-Identifier: Apache-2.0
//
// Erlang's text.
#include "judge.hpp"

using namespace heirloom::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  judge_decoder([&] { return heirloom::parse(as_bytes(data, size), kLimits); });
  return 0;
}
