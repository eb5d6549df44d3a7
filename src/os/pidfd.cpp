// SPDX-License-Identifier: Apache-2.0
#include "os/pidfd.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "os/file.hpp"

namespace heirloom::os {

namespace {

// The first version of the kernel's struct pidfd_info and its ioctl, which the headers of Debian 12 do not have.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t identity[11];  // pid, its threads' group, parent, users and groups
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t kInfoExit = 1 << 3;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);

}  // namespace

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

std::optional<int> exit_status_of(const Fd& pidfd) noexcept {
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (::ioctl(pidfd.get(), kGetInfo, &info) != 0 || (info.mask & kInfoExit) == 0) return std::nullopt;
  return info.exit_code;
}

pid_t own_pid() noexcept { return ::getpid(); }

Status send_signal(const Fd& pidfd, int number) {
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0) == 0) return {};
  return errno_failure(errno, "send a signal");
}

std::uint64_t start_time_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
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
