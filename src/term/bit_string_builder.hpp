// SPDX-License-Identifier: Apache-2.0
//
// A bitstring, segment by segment, as <<...>> builds it.
#pragma once

#include <cstdint>
#include <string>

#include "heirloom/term.hpp"

namespace heirloom::term {

class BitStringBuilder {
 public:
  void add_byte(unsigned char byte) { add_bits(byte, 8); }
  // The low `bits` bits of an integer in two's complement, the highest first.
  void add_integer(TermView integer, std::uint64_t bits);
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }
  [[nodiscard]] Term finish() const { return bitstring(bytes_, bits_); }

 private:
  // The low `count` bits of a byte.
  void add_bits(unsigned char value, unsigned count);

  std::string bytes_;
  std::uint64_t bits_ = 0;
};

}  // namespace heirloom::term
