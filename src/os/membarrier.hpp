// SPDX-License-Identifier: Apache-2.0
//
// The heavy half of an asymmetric barrier: readers order their stores and loads by a compiler barrier alone, since whoever
// reclaims memory makes every registered program execute a full barrier.
#pragma once

#include "base/result.hpp"

namespace heirloom::os {

// Once a program, before its first read of shared tables. Fails where the kernel has no expedited global barrier.
Status membarrier_register();
// After it returns, every thread of every registered program has executed a full memory barrier since the call.
void membarrier_all() noexcept;

}  // namespace heirloom::os
