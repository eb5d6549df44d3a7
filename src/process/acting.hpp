// SPDX-License-Identifier: Apache-2.0
//
// As which process a thread acts: a spawned process on its own thread; else the root process of the node that this program
// opened last.
#pragma once

#include <memory>

#include "process/host.hpp"
#include "process/process.hpp"

namespace heirloom::process {

struct Acting {
  std::shared_ptr<Host> host;
  std::shared_ptr<Process> process;
};

// Throws Error{badarg} when no node is open.
Acting acting();
// As which process the calling thread acts in this host.
Acting acting_in(const std::shared_ptr<Host>& host);

// For the node layer: `host` is the node opened last, until a later one is set. A host that is closed or gone is passed over.
void set_default_host(const std::shared_ptr<Host>& host);

}  // namespace heirloom::process
