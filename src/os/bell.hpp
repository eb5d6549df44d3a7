// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

// A descriptor that is readable from ring() until silence(), however often it was rung: an eventfd. Both may be called from any
// thread and from signal handlers.
class Bell {
 public:
  static Result<Bell> create();
  void ring() const noexcept;
  void silence() const noexcept;
  [[nodiscard]] int descriptor() const noexcept { return event_.get(); }
  // Closes it, in a forked child.
  void abandon() noexcept { event_.reset(); }

 private:
  explicit Bell(Fd event) : event_(std::move(event)) {}
  Fd event_;
};

}  // namespace heirloom::os
