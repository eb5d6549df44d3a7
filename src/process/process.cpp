// SPDX-License-Identifier: Apache-2.0
#include "process/process.hpp"

#include "process/atoms.hpp"

namespace heirloom::process {

void Process::exit_signal(Pid from, const Term& reason, bool by_link) {
  const bool is_kill = !by_link && reason == Term(atoms().kill);
  const Term seen = is_kill ? Term(atoms().killed) : reason;
  if (is_kill && !is_root()) {
    mailbox_.interrupt(seen);
  } else if (traps_exits()) {
    mailbox_.push(Term{atoms().exit, from, seen});
  } else if (from == pid_ || !(reason == Term(atoms().normal))) {
    mailbox_.interrupt(seen);
  }
}

}  // namespace heirloom::process
