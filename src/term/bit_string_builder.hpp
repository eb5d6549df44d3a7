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
  void add_bit(bool bit);
  void add_byte(unsigned char byte);
  // The low `bits` bits of an integer in two's complement, the highest first.
  void add_integer(TermView integer, std::uint64_t bits);
  [[nodiscard]] Term finish() const { return bitstring(bytes_, bits_); }

 private:
  std::string bytes_;
  std::uint64_t bits_ = 0;
};

}  // namespace heirloom::term
