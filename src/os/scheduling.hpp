// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace heirloom::os {

// Lets the threads run first that this one has just woken. The kernel puts a thread that was woken by a message behind the one
// that sent it, on the same processor, as one that will be waited for: there it would wait until the sender has nothing left
// to do. Costs less than a microsecond when nobody waits.
void yield() noexcept;

}  // namespace heirloom::os
