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
//
// A demo that is killed cannot do that: the next one does. Each holds a lock on its directory, which the kernel releases.
class NodePlace {
 public:
  // Throws UsageError for a directory that has something in it.
  NodePlace(const std::string& wanted, bool keep);
  ~NodePlace();
  NodePlace(const NodePlace&) = delete;
  NodePlace& operator=(const NodePlace&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void make_new(const std::string& where);

  std::string path_;
  bool keep_;
  int lock_ = -1;  // of a new one
};

}  // namespace heirloom::cli::demo
