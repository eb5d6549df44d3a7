// SPDX-License-Identifier: Apache-2.0
//
// Note: what a change says that it is part of (shm/intent.hpp), so that who repairs it can tell what the dead had under way.
//
// Layout: 8 bits of zero | operation (5) | 5 bits of zero | phase (2) | several (1) | 0 (2) | offset / 16 of an object (41)
//         0                8               13               18          20            21      23
// The zeros are those bits that say whether the record is armed.
//
// Whoever may write the segment may write anything here: unpack() makes something of every word, and the offset is looked at before
// it is followed. A note decides nothing about a repair, only what is told of it.
#pragma once

#include <cstdint>

#include "heirloom/repair.hpp"

#include "shm/intent.hpp"

namespace heirloom::table {

using shm::Offset;

// Where in its operation a change belongs.
enum class Phase : std::uint64_t {
  before,  // it prepares it: nothing has happened yet
  itself,  // it is it: it has happened when the change has published
  after,   // it follows: all has happened
  // Both bits: it is the next part of one that goes on in the same guard, as that for the next object of a key.
};

// What somebody takes a lock for; small, so that it travels in a register.
struct Write {
  Operation operation = Operation::none;
  bool several = false;
};

struct Note {
  Operation operation = Operation::none;
  Phase phase = Phase::before;
  bool several = false;  // of an insert of several objects, whose commit word decides
  Offset object = 0;     // that has the key, or a group of such; 0: none has it yet

  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return static_cast<std::uint64_t>(operation) << 8 | static_cast<std::uint64_t>(phase) << 18 |
           std::uint64_t{several} << 20 | object >> 4 << 23;
  }
  static constexpr Note unpack(std::uint64_t word) noexcept {
    const std::uint64_t operation = word >> 8 & 0x1F;
    const std::uint64_t phase = word >> 18 & 3;
    return {.operation = operation <= static_cast<std::uint64_t>(Operation::repair) ? static_cast<Operation>(operation)
                                                                                    : Operation::none,
            .phase = phase == 3 ? Phase::itself : static_cast<Phase>(phase),
            .several = (word >> 20 & 1) != 0,
            .object = word >> 23 << 4};
  }
  friend constexpr bool operator==(const Note&, const Note&) = default;
};
static_assert(Note::unpack(Note{Operation::repair, Phase::after, true, 0x123456789ab0}.packed()) ==
              Note{Operation::repair, Phase::after, true, 0x123456789ab0});
static_assert((Note{static_cast<Operation>(0x1F), static_cast<Phase>(3), true, (Offset{1} << 45) - 16}.packed() &
               shm::kArmedMask) == 0);
static_assert(static_cast<std::uint64_t>(Operation::repair) <= 0x1F);

}  // namespace heirloom::table
