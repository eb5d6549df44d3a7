// SPDX-License-Identifier: Apache-2.0
//
// ManagerLock: the right to be the manager of a node directory. The kernel gives it to one at a time, and takes it back
// when that one dies, by whatever death.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "node/directory.hpp"
#include "os/fd.hpp"

namespace heirloom::node {

class ManagerLock {
 public:
  // Nothing when somebody holds it. Errors: not_permitted, full, io.
  static Result<std::optional<ManagerLock>> try_take(const Directory& directory);
  // Whether somebody holds it now.
  static bool is_held(const Directory& directory);
  // Who holds it, for people: "pid 812 (program 3)"; what a dead holder wrote when nobody does.
  static std::string holder(const Directory& directory);

  // The process that holds it, as it signed: its pid, and when it was started.
  struct Signature {
    std::int32_t process = 0;
    std::uint64_t started = 0;
  };
  static std::optional<Signature> signature(const Directory& directory);

  // Writes who the holder is.
  Status sign(std::uint32_t program);

  // Closes it in a forked child, where it would outlive the manager.
  void abandon() noexcept { file_.reset(); }

 private:
  explicit ManagerLock(os::Fd file) : file_(std::move(file)) {}
  os::Fd file_;
};

}  // namespace heirloom::node
