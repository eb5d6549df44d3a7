// SPDX-License-Identifier: Apache-2.0
//
// ReadEpoch: while one exists on a thread, no block that the thread may reach is used for anything else. Entering is one
// plain store to a word that no other thread writes; what orders it before the reads that follow is the membarrier of
// whoever reclaims memory.
//
// Why reading without a lock is right: a block is retired after the store that made it unreachable, and stamped with the
// epoch of then. Its memory is used again only when a later advance of the epoch has (1) raised the epoch, (2) made every
// thread of every program execute a full barrier, and (3) found no slot with that epoch or an earlier one. A reader whose
// slot was not seen by (3) stored it after (2), so all its loads come after (2), and find the block unreachable. A reader
// that entered with a later epoch loaded it after (1), which came after the block became unreachable.
//
// Two orders carry this, and one does not stand in for the other:
//   - A reader that comes later finds no way to the block. The block became unreachable, then a full barrier, then the stamp
//     was read (Peers::retirement_epoch); the stamp was read before (1), since it is older than what (1) stored; and (1) comes
//     before the reader by (2), or by the epoch that it loaded. The last step needs a processor that shows a store to all
//     others at once, as x86-64 and arm64 do.
//   - A reader that was there has done its last load before the block is written again. It stored 0, or its next epoch, by a
//     release store, which (3) loads by acquire; whoever uses the block again knows of (3) by `safe_epoch` of its program, or
//     did it itself. ThreadSanitizer sees this order, and proves it on real schedules (table/concurrency_test.cpp). So blocks
//     may be written by plain stores.
//
// Epochs do not nest: a thread that reads calls nothing that reads.
#pragma once

#include <atomic>

#include "base/assert.hpp"
#include "shm/process_file.hpp"

namespace heirloom::shm {

class ReadEpoch {
 public:
  ReadEpoch(const ThreadSlot& slot, const NodeFile& node) noexcept
      : epoch_(const_cast<std::atomic<std::uint64_t>&>(slot.epoch)) {
    // Release, though nothing was written: who finds this epoch knows that this thread has left those before it.
    epoch_.store(node.epoch().load(std::memory_order_acquire), std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler's half; the processor's is the membarrier
  }
  ~ReadEpoch() { epoch_.store(0, std::memory_order_release); }
  ReadEpoch(const ReadEpoch&) = delete;
  ReadEpoch& operator=(const ReadEpoch&) = delete;

 private:
  std::atomic<std::uint64_t>& epoch_;
};

}  // namespace heirloom::shm
