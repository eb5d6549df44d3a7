// SPDX-License-Identifier: Apache-2.0
//
// Pid: names a process of a node. `program` numbers the operating-system process that runs it (a number is never given
// twice in the life of a node directory), `index` the process inside: 0 is the program's root process. So a pid that
// outlived its process never names a stranger.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <iosfwd>

namespace heirloom {

struct Pid {
  std::uint32_t program = 0;  // 1 .. 2^31-1; 0 is the node itself, which no process is
  std::uint32_t index = 0;

  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return (static_cast<std::uint64_t>(program) << 32) | index;
  }
  static constexpr Pid unpack(std::uint64_t word) noexcept {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
  }
  friend constexpr auto operator<=>(Pid, Pid) noexcept = default;
};

// <0.PROGRAM.INDEX>, which Erlang's shell would print for it.
std::ostream& operator<<(std::ostream& out, Pid pid);

}  // namespace heirloom

template <>
struct std::hash<heirloom::Pid> {
  std::size_t operator()(heirloom::Pid pid) const noexcept { return std::hash<std::uint64_t>()(pid.packed()); }
};
