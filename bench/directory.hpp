// SPDX-License-Identifier: Apache-2.0
//
// A directory in memory of its own, gone afterwards.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include <stdlib.h>

namespace heirloom::bench {

class Directory {
 public:
  Directory() {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  operator const std::string&() const noexcept { return path_; }

 private:
  std::string path_ = "/dev/shm/heirloom-bench-XXXXXX";
};

}  // namespace heirloom::bench
