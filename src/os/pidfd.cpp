// SPDX-License-Identifier: Apache-2.0
#include "os/pidfd.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "os/file.hpp"

namespace heirloom::os {

Result<Fd> open_pidfd(pid_t process) {
  Fd opened(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  if (!opened) return errno_failure(errno, "open a pidfd");
  return opened;
}

bool is_pidfd(const Fd& descriptor) noexcept {
  // Signal 0 is delivered to nobody; only a pidfd accepts it.
  return ::syscall(SYS_pidfd_send_signal, descriptor.get(), 0, nullptr, 0) == 0 || errno == ESRCH || errno == EPERM;
}

bool process_has_ended(const Fd& pidfd) noexcept {
  pollfd wanted{pidfd.get(), POLLIN, 0};
  return ::poll(&wanted, 1, 0) == 1;
}

pid_t own_pid() noexcept { return ::getpid(); }

std::uint64_t own_start_time() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // The second field, the program's name in brackets, may hold blanks and brackets itself.
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return 0;
  std::istringstream fields(text.substr(bracket + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  std::uint64_t ticks = 0;
  fields >> ticks;
  return ticks;
}

}  // namespace heirloom::os
