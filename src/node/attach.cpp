// SPDX-License-Identifier: Apache-2.0
#include "node/attach.hpp"

#include <utility>

namespace heirloom::node {

Result<shm::Attachment> attach(const Directory& directory, std::shared_ptr<shm::NodeFile> node) {
  constexpr int kTries = 5;
  for (int tries = 1;; ++tries) {
    auto process = shm::ProcessFile::create(directory.descriptor(), node);
    if (process) {
      shm::Attachment attachment{node, *std::move(process), nullptr};
      attachment.peers = std::make_shared<shm::Peers>(directory.descriptor(), attachment.node, attachment.process);
      return attachment;
    }
    if (process.failure().code != ErrorCode::not_found || tries == kTries) {
      return std::move(process).failure().within("process file");
    }
  }
}

}  // namespace heirloom::node
