// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/result.hpp"
#include "node/directory.hpp"
#include "shm/peers.hpp"

namespace heirloom::node {

// This program's place in the node. A manager that adopts the directory in this moment may take a process file that is not
// locked yet for the leftover of a death, and remove it: so it is tried again.
Result<shm::Attachment> attach(const Directory& directory, std::shared_ptr<shm::NodeFile> node);

}  // namespace heirloom::node
