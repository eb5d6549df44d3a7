// SPDX-License-Identifier: Apache-2.0
//
// For threads that must not stop - of an event loop, of a virtual machine's scheduler: writes that do not wait. Who has a stripe locked
// is mostly done with it in a microsecond; but it may be stopped, in a debugger or by SIGSTOP, and then for as long as that lasts.
//
//   const NoWait no_wait;
//   try {
//     table.insert(session);
//   } catch (const Error& error) {
//     if (error.code() != ErrorCode::busy) throw;
//     loop.later(...);
//   }
#pragma once

namespace heirloom {

// While one exists, a write of this thread throws Error{busy} where another thread has a lock that it needs for longer than some
// microseconds; nothing has changed then. delete_all_objects() throws it while it takes the locks of the stripes, and waits for what it
// needs later on. select_delete() and select_replace() throw it between two keys, with some of them done; made in steps (select.hpp),
// they go on from there. A write to a table that is full makes no room by moving what lives there: it throws Error{full} where one
// that waits might find room. Who takes the lock of a dead writer repairs what it has left first, and waits for what that needs; so
// does who takes a table over, and who has replaced the first of several objects of a key. Reads never wait.
class NoWait {
 public:
  NoWait() noexcept;
  NoWait(const NoWait&) = delete;
  NoWait& operator=(const NoWait&) = delete;
  ~NoWait();

 private:
  bool before_;
};

}  // namespace heirloom
