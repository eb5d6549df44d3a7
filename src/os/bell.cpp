// SPDX-License-Identifier: Apache-2.0
#include "os/bell.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "os/file.hpp"

namespace heirloom::os {

Result<Bell> Bell::create() {
  Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return errno_failure(errno, "make an eventfd");
  return Bell(std::move(event));
}

void Bell::ring() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t bytes = ::write(event_.get(), &one, sizeof(one));
}

void Bell::silence() const noexcept {
  std::uint64_t rung = 0;
  [[maybe_unused]] const ssize_t bytes = ::read(event_.get(), &rung, sizeof(rung));
}

}  // namespace heirloom::os
