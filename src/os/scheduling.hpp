// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace heirloom::os {

// Lets the threads run first that this one has just woken. The kernel puts a thread that was woken by a message behind the one
// that sent it, on the same processor, as one that will be waited for: there it would wait until the sender has nothing left
// to do. Costs less than a microsecond when nobody waits.
void yield() noexcept;

// For threads that somebody waits for and that need a processor for microseconds: they should not wait for the end of a long
// turn. A program that died with a big table mapped takes its processor for a hundred milliseconds and more, and whoever asks
// for a short turn goes before it. Kernels before 6.12 have turns of one length only, and nothing happens; nor does it to a
// program that runs under a policy other than the usual one.
void ask_for_short_turns() noexcept;

}  // namespace heirloom::os
