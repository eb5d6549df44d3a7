// SPDX-License-Identifier: Apache-2.0
//
// What the next comer does. All of it is one function, StripeGuard::settle(), called when a lock was taken from a dead
// holder, or when its stripe has work under way (docs/recovery.md).
//
// It is idempotent, for the repairer may die too; it takes time in proportion to what was under way, not to the table; and
// nothing that it stores changes what a reader sees (intent.hpp I3).
#include <bit>

#include "table/stripe_guard.hpp"

namespace heirloom::table {

void StripeGuard::settle(RepairReport& report) {
  shm::Segment& segment = *table_.segment_;
  const bool dead = report.locks_of_the_dead != 0;
  if (!segment.repairs()) {
    // The sabotage of the demonstration: as if locks were all that a death leaves behind.
    stripe_.intent.armed.store(0, std::memory_order_release);
    for (auto& work : stripe_.work) work = 0;
    return;
  }
  if (dead || stripe_.intent.armed.load(std::memory_order_relaxed) != 0) {
    segment.settle_pool(heap_.holder());
    switch (shm::repair(stripe_.intent, segment.base(), segment.end())) {
      case shm::Repair::finished: ++report.finished; break;
      case shm::Repair::undone: ++report.undone; break;
      case shm::Repair::nothing: break;
    }
  }
  retire_detached_for_now();
  if (stripe_.work[kSweep] != 0) sweep();
  if (stripe_.work[kTransaction] != 0) resolve_transaction();
  if (const Offset home = stripe_.work[kHome]; home != 0) {
    // The commit word must outlive its last Pending: those of higher stripes are resolved by whoever locks them.
    const std::uint64_t stripes = record<Transaction>(home, "a transaction").stripes;
    for (std::uint32_t other = index_ + 1; other < segment.stripe_count(); ++other) {
      if ((stripes >> other & 1) != 0) StripeGuard(table_, other, heap_.holder(), &report);
    }
    // It decides for the whole insert: what single stripes had under way of it is not a write of its own.
    report.finished = 0;
    report.undone = 0;
    leave_home(report);
  }
  if (dead) {
    stripe_.repairs_finished.store(stripe_.repairs_finished.load(std::memory_order_relaxed) + report.finished,
                                   std::memory_order_relaxed);
    stripe_.repairs_undone.store(stripe_.repairs_undone.load(std::memory_order_relaxed) + report.undone,
                                 std::memory_order_relaxed);
  }
}

}  // namespace heirloom::table
