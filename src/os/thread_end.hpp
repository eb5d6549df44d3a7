// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace heirloom::os {

// Calls it on the calling thread when that ends, as if it were the destructor of a thread_local object made now. Why not such
// an object? Destroyed, it is not made again; but destructors that run after its own may need anew what it kept, and each may
// call this again. On the main thread what is asked for after exit() has destroyed that thread's objects is never called.
void at_thread_end(void (*call)(void*), void* argument);

}  // namespace heirloom::os
