// SPDX-License-Identifier: Apache-2.0
//
// Where the demo puts what it needs for a moment.
#pragma once

#include <string>

namespace heirloom::cli::demo {

// $TMPDIR, or /tmp.
std::string temporary_directory();

// The node directory of one demo: one that the user named, which must be missing or empty, or a new one in shared memory
// (/dev/shm; where that cannot be used or is small, in temporary_directory()). Removed at the end unless it is to be kept.
class NodePlace {
 public:
  // Throws UsageError for a directory that has something in it.
  NodePlace(const std::string& wanted, bool keep);
  ~NodePlace();
  NodePlace(const NodePlace&) = delete;
  NodePlace& operator=(const NodePlace&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  bool keep_;
};

}  // namespace heirloom::cli::demo
