// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a table file: those of a log of Erlang's disk_log, of type halt and format internal.
//
// **Layout.** Numbers are big-endian.
//
//     0   01 02 03 04        what it is
//     4   63 58 4d 0b        closed; 06 07 08 09: whoever wrote it did not come to an end, which does not matter for reading
//     8   items, one behind the other
//
//   an item        0   size of the term
//                  4   62 57 4c 41
//                  8   the term, in the external term format
//   a long one     0   size of the term, 65,528 or more
//                  4   62 57 4c 41
//                  8   MD5 of the four bytes of the size: so that a damaged size leads nobody far astray
//                 24   the term
//   an old one     0   size of the term, whatever it is
//                  4   0c 21 2c 37
//                  8   the term; read and not written
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tabfile/md5.hpp"

namespace heirloom::tabfile {

using namespace std::string_view_literals;

inline constexpr std::string_view kLogMagic = "\x01\x02\x03\x04"sv;
inline constexpr std::string_view kClosed = "\x63\x58\x4d\x0b"sv;
inline constexpr std::string_view kOpened = "\x06\x07\x08\x09"sv;
inline constexpr std::string_view kItemMagic = "\x62\x57\x4c\x41"sv;
inline constexpr std::string_view kOldItemMagic = "\x0c\x21\x2c\x37"sv;

inline constexpr std::size_t kLogHeadBytes = 8;
inline constexpr std::size_t kItemHeadBytes = 8;
inline constexpr std::size_t kSumBytes = 16;
// What disk_log reads at a time. An item that would not fit is a long one.
inline constexpr std::size_t kBlockBytes = 65536;
inline constexpr std::size_t kLongItemBytes = kBlockBytes - kItemHeadBytes;
inline constexpr std::uint64_t kItemBytesMax = 0xFFFFFFFF;

inline std::string size_bytes(std::uint32_t size) {
  std::string bytes;
  for (unsigned shift = 32; shift != 0;) bytes += static_cast<char>(size >> (shift -= 8));
  return bytes;
}

// Requires four bytes.
inline std::uint32_t read_size(std::string_view bytes) noexcept {
  std::uint32_t size = 0;
  for (const char byte : bytes.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(byte);
  return size;
}

inline std::string sum_of_size(std::string_view bytes_of_size) {
  Md5 sum;
  sum.update(bytes_of_size);
  return sum.finish();
}

}  // namespace heirloom::tabfile
