// SPDX-License-Identifier: Apache-2.0
//
// For tests: bytes as hexadecimal digits, in which blanks do not count.
#pragma once

#include <string>
#include <string_view>

namespace heirloom::term {

inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<unsigned char>(byte) >> 4];
    hex += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char digit : hex) {
    if (digit != ' ') digits += digit;
    if (digits.size() != 2) continue;
    bytes += static_cast<char>(std::stoul(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

}  // namespace heirloom::term
