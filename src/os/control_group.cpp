// SPDX-License-Identifier: Apache-2.0
#include "os/control_group.hpp"

#include <fcntl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <optional>
#include <string_view>

#include "os/whole_file.hpp"

namespace heirloom::os {

namespace {

constexpr std::uint64_t kReserveMin = std::uint64_t{1} << 20;
constexpr std::uint64_t kReserveMax = std::uint64_t{64} << 20;
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;  // from here on, version 1 means none

struct Version {
  const char* limit;
  const char* usage;
  const char* swap_limit;
  const char* swap_usage;  // of version 1: of memory and swap space together, which leaves no more than there is
  std::string_view inactive_file;
  std::string_view active_file;
};
constexpr Version kFirst{"/memory.limit_in_bytes",       "/memory.usage_in_bytes", "/memory.memsw.limit_in_bytes",
                         "/memory.memsw.usage_in_bytes", "total_inactive_file ",   "total_active_file "};
constexpr Version kSecond{"/memory.max",          "/memory.current", "/memory.swap.max",
                          "/memory.swap.current", "inactive_file ",  "active_file "};

std::string text_of(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return "";
  auto text = read_whole(file);
  return text ? *std::move(text) : "";
}

std::optional<std::uint64_t> number_at(std::string_view text) {
  std::uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> number_in(const std::string& path) { return number_at(text_of(path)); }

// Of a file of lines "name number"; the name with the blank behind it.
std::uint64_t value_of(std::string_view text, std::string_view name) {
  for (std::size_t line = 0; line < text.size();) {
    if (text.substr(line).starts_with(name)) return number_at(text.substr(line + name.size())).value_or(0);
    const std::size_t end = text.find('\n', line);
    line = end == std::string_view::npos ? text.size() : end + 1;
  }
  return 0;
}

std::uint64_t difference(std::uint64_t more, std::uint64_t less) noexcept { return more - std::min(more, less); }

struct Group {
  const Version* version;
  std::string mount;
  std::string path;  // below the mount; empty: the mount itself
};

// /proc/self/cgroup has lines "4:memory:/path", and of version 2 "0::/path".
std::optional<std::string> path_in(std::string_view lines, std::string_view controller) {
  for (std::size_t line = 0; line < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', line), lines.size());
    const std::string_view one = lines.substr(line, end - line);
    const std::size_t first = one.find(':');
    const std::size_t second = first == std::string_view::npos ? first : one.find(':', first + 1);
    if (second != std::string_view::npos && one.substr(first + 1, second - first - 1) == controller) {
      const std::string_view path = one.substr(second + 1);
      return std::string(path == "/" ? "" : path);
    }
    line = end + 1;
  }
  return std::nullopt;
}

// In a container a group is seen under its whole path, or as the root of what is mounted.
std::optional<Group> own_group(const std::string& root) {
  const std::string lines = text_of(root + "/proc/self/cgroup");
  const auto seen = [](Group group) {
    const std::string limit = group.mount + group.path + group.version->limit;
    if (::access(limit.c_str(), R_OK) != 0 && !group.path.empty()) group.path.clear();
    return group;
  };
  if (const auto path = path_in(lines, "memory")) return seen({&kFirst, root + "/sys/fs/cgroup/memory", *path});
  const auto path = path_in(lines, "");
  if (!path) return std::nullopt;
  const std::string hybrid = root + "/sys/fs/cgroup/unified";
  return seen({&kSecond, ::access(hybrid.c_str(), X_OK) == 0 ? hybrid : root + "/sys/fs/cgroup", *path});
}

std::uint64_t swap_left(const std::string& directory, const Version& version) {
  struct sysinfo machine {};
  if (::sysinfo(&machine) != 0) return 0;
  const std::uint64_t free = std::uint64_t{machine.freeswap} * machine.mem_unit;
  if (free == 0) return 0;
  const auto limit = number_in(directory + version.swap_limit);
  if (!limit) return free;
  return std::min(free, difference(*limit, number_in(directory + version.swap_usage).value_or(0)));
}

std::uint64_t given_back(const std::string& directory, const Version& version) {
  const std::string statistics = text_of(directory + "/memory.stat");
  return value_of(statistics, version.inactive_file) + value_of(statistics, version.active_file) +
         swap_left(directory, version);
}

Status require_of(const Group& group, std::uint64_t bytes, Reserve reserve) {
  const std::string directory = group.mount + group.path;
  const auto limit = number_in(directory + group.version->limit);
  if (!limit || *limit >= kNoLimit) return {};
  const std::uint64_t kept = reserve == Reserve::keep ? std::clamp(*limit / 32, kReserveMin, kReserveMax) : 0;
  std::uint64_t left = difference(*limit, number_in(directory + group.version->usage).value_or(0));
  if (left < bytes + kept) left += given_back(directory, *group.version);
  if (left >= bytes + kept) return {};
  return fail(ErrorCode::full, "the control group \"" + (group.path.empty() ? "/" : group.path) + "\" may have " +
                                   std::to_string(*limit) + " bytes of memory, and has " + std::to_string(left) +
                                   " left: " + std::to_string(bytes) + " are wanted, and " + std::to_string(kept) +
                                   " kept for the heaps of its programs");
}

}  // namespace

Status look_for_memory(std::uint64_t bytes, Reserve reserve, const std::string& root) {
  auto group = own_group(root);
  while (group) {
    if (Status enough = require_of(*group, bytes, reserve); !enough) return enough;
    if (group->path.empty()) break;
    group->path.erase(group->path.rfind('/'));
  }
  return {};
}

Status require_memory(std::uint64_t bytes, Reserve reserve) {
  static std::atomic<std::uint64_t> unlooked{0};  // may be had without a look
  std::uint64_t left = unlooked.load(std::memory_order_relaxed);
  while (left >= bytes) {
    if (unlooked.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return {};
  }
  Status found = look_for_memory(bytes, reserve);
  unlooked.store(found ? kReserveMin : 0, std::memory_order_relaxed);
  return found;
}

}  // namespace heirloom::os
