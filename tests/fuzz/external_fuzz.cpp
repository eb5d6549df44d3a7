// SPDX-License-Identifier: Apache-2.0
//
// Bytes in the external term format.
#include "judge.hpp"

using namespace heirloom::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  judge_decoder([&] { return heirloom::from_external(as_bytes(data, size), kLimits); });
  return 0;
}
