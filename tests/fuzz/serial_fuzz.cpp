// SPDX-License-Identifier: Apache-2.0
//
// Bytes as another process of the machine sends them (src/term/serial.hpp).
#include "judge.hpp"

using namespace heirloom::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  judge_decoder([&] { return heirloom::term::deserialize(as_bytes(data, size)).value_or_raise(); });
  return 0;
}
