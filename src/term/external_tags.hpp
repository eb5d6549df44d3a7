// SPDX-License-Identifier: Apache-2.0
//
// The bytes by which the external term format says what follows (erts/emulator/internal_doc and "External Term Format" of
// Erlang/OTP). Numbers behind them are big-endian.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heirloom::term {

inline constexpr std::uint8_t kExternalVersion = 131;

enum class ExternalTag : std::uint8_t {
  distribution_header = 68,  // of messages between nodes, as the next one and 82; refused
  distribution_fragment = 69,
  new_float = 70,   // 8: an IEEE double
  bit_binary = 77,  // 4: bytes, 1: bits in the last one, bytes
  compressed = 80,  // 4: bytes when inflated, zlib's bytes; only behind the version
  atom_cache_reference = 82,
  new_pid = 88,          // node, 4: id, 4: serial, 4: creation
  new_port = 89,         // node, 4: number, 4: creation
  newer_reference = 90,  // 2: count, node, 4: creation, count numbers of 4
  small_integer = 97,    // 1
  integer = 98,          // 4, with a sign
  float_text = 99,       // 31: "%.20e" and zeros; read only
  atom_latin1 = 100,     // 2: bytes, Latin-1; read only
  reference = 101,       // node, 4: number, 1: creation; read only
  port = 102,            // node, 4: number, 1: creation; read only
  pid = 103,             // node, 4: id, 4: serial, 1: creation; read only
  small_tuple = 104,     // 1: arity, elements
  large_tuple = 105,     // 4: arity, elements
  nil = 106,
  string = 107,             // 2: length, the elements of a list, a byte each
  list = 108,               // 4: length, elements, tail
  binary = 109,             // 4: bytes, bytes
  small_big = 110,          // 1: bytes, 1: sign, the bytes of the magnitude, the least significant first
  large_big = 111,          // 4: bytes, the same
  new_fun = 112,            // 4: bytes from here, 1: arity, 16: uniq, 4: index, 4: free variables, module, old index,
                            //    old uniq, pid, free variables
  fun_export = 113,         // module, function, arity
  new_reference = 114,      // 2: count, node, 1: creation, count numbers of 4; read only
  small_atom_latin1 = 115,  // 1: bytes, Latin-1; read only
  map = 116,                // 4: pairs, key, value, key, value ...
  fun = 117,                // of releases long ago; refused, as by OTP
  atom_utf8 = 118,          // 2: bytes, UTF-8
  small_atom_utf8 = 119,    // 1: bytes, UTF-8
  v4_port = 120,            // node, 8: number, 4: creation
  local = 121,              // meant for the node that wrote it; refused
};

// Longer lists of bytes are written as lists.
inline constexpr std::size_t kExternalStringMax = 65535;
// Ports up to this number are written as new_port.
inline constexpr std::uint64_t kExternalNewPortMax = (std::uint64_t{1} << 28) - 1;
// Creations of the tags that give them one byte.
inline constexpr std::uint32_t kOldCreationMax = 3;
// The first number of a reference in them: 18 bits.
inline constexpr std::uint32_t kOldReferenceMax = (1U << 18) - 1;
inline constexpr std::size_t kFloatTextBytes = 31;

}  // namespace heirloom::term
