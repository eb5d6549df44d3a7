// SPDX-License-Identifier: Apache-2.0
#include "doctor/judge.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace heirloom::cli::doctor {

namespace {

constexpr std::uint64_t kTableAddressBytes = 16 * kGiB;  // what is set aside for a table in each program, at least

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

Finding judge_space(const Space& space) {
  const std::string what =
      fmt::format("{} has {}, {} of it free", space.path.string(), bytes_text(space.total), bytes_text(space.free));
  constexpr const char* kLarger =
      "make it larger: mount -o remount,size=4G /dev/shm, in a container docker run --shm-size=4g; or put the node on "
      "another tmpfs";
  if (space.free < kMiB) return {Gravity::bad, "space", what + ": writes to tables will say `full`", kLarger};
  if (!space.in_memory) {
    return {Gravity::warning, "space",
            what + ", and is on a disk: the system writes its pages back, and waits for that",
            "put the node on a tmpfs, as /dev/shm"};
  }
  if (space.total < 256 * kMiB)
    return {Gravity::warning, "space", what + ": as small as that of a container that nobody gave more", kLarger};
  if (space.free < space.total / 10) return {Gravity::warning, "space", what, kLarger};
  return {Gravity::fine, "space", what};
}

Finding judge_memory(const MemoryLimit& memory, std::uint64_t bytes_of_tables) {
  if (!memory.limit) return {Gravity::fine, "memory", "the control group of this program has no limit"};
  const std::uint64_t left = *memory.limit - std::min(*memory.limit, memory.used);
  const std::string what = fmt::format(
      "the control group of this program may use {}, and {} of it are left; tables are charged to it, also when the "
      "programs have ended",
      bytes_text(*memory.limit), bytes_text(left));
  constexpr const char* kCure =
      "give it more (memory.max, docker run --memory), or limit the tables: heirloom limit TABLE BYTES";
  if (left < 16 * kMiB || bytes_of_tables > *memory.limit / 2) return {Gravity::warning, "memory", what, kCure};
  return {Gravity::note, "memory", what};
}

Finding judge_limits(const Limits& limits) {
  constexpr std::uint64_t kFileBytesWanted = 4 * kGiB;
  constexpr std::uint64_t kDescriptorsWanted = 256;
  if (limits.file_bytes && *limits.file_bytes < kFileBytesWanted) {
    return {Gravity::warning, "limits",
            fmt::format("a file may have {} (RLIMIT_FSIZE): a table that would need more says `full`",
                        bytes_text(*limits.file_bytes)),
            "ulimit -f unlimited, or LimitFSIZE=infinity of the unit"};
  }
  if (limits.address_bytes) {
    const std::uint64_t tables = *limits.address_bytes / kTableAddressBytes;
    const std::string what = fmt::format(
        "a program may have {} of address space (RLIMIT_AS), enough for {} tables, of which each takes 16 GiB of it",
        bytes_text(*limits.address_bytes), tables);
    return {tables == 0 ? Gravity::bad : Gravity::warning, "limits", what,
            "ulimit -v unlimited, or LimitAS=infinity of the unit"};
  }
  if (limits.descriptors && *limits.descriptors < kDescriptorsWanted) {
    return {Gravity::warning, "limits",
            fmt::format("a program may have {} descriptors (RLIMIT_NOFILE); a manager needs one for each program",
                        *limits.descriptors),
            "ulimit -n 4096, or LimitNOFILE=4096 of the unit"};
  }
  return {Gravity::fine, "limits", "files, address space and descriptors are limited to what tables do not reach"};
}

std::optional<bool> remove_ipc_in(std::string_view configuration) {
  std::optional<bool> says;
  while (!configuration.empty()) {
    const std::size_t end = std::min(configuration.find('\n'), configuration.size());
    const std::string_view line = trimmed(configuration.substr(0, end));
    configuration.remove_prefix(std::min(end + 1, configuration.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || trimmed(line.substr(0, equals)) != "RemoveIPC") continue;
    std::string value(trimmed(line.substr(equals + 1)));
    std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
    says = value == "yes" || value == "true" || value == "on" || value == "1" || value == "y" || value == "t";
  }
  return says;
}

Finding judge_logind(const Logind& logind, const std::filesystem::path& node) {
  const bool in_shm = node.lexically_normal().string().starts_with("/dev/shm");
  if (!logind.present || !logind.removes_ipc || !in_shm)
    return {Gravity::fine, "logind", "nobody deletes the node when its user logs out"};
  constexpr const char* kWhat =
      "systemd-logind deletes what a regular user has in /dev/shm when the last session of that user ends "
      "(RemoveIPC=yes)";
  if (!logind.regular_user) return {Gravity::fine, "logind", std::string(kWhat) + ", but this user is a system user"};
  if (logind.lingers) return {Gravity::fine, "logind", std::string(kWhat) + ", but this user lingers"};
  return {
      Gravity::bad, "logind", kWhat,
      "run the programs as a system user; or loginctl enable-linger USER; or RemoveIPC=no in /etc/systemd/logind.conf"};
}

Finding judge_readers(const std::optional<StoppedReader>& stopped) {
  if (!stopped) return {Gravity::fine, "readers", "none keeps memory from being used again"};
  return {Gravity::warning, "readers",
          fmt::format(
              "program {} (process {}, {}) stays in the middle of a read: what is replaced or deleted meanwhile, {} "
              "so far, is not used again, and a table without room says `full`",
              stopped->program, stopped->process, stopped->name, bytes_text(stopped->waiting_bytes)),
          fmt::format("if it was stopped, let it go on: kill -CONT {0}; or end it: kill -KILL {0}", stopped->process)};
}

Finding judge_pids(bool first_namespace) {
  if (first_namespace) return {Gravity::fine, "pids", "this is the machine's own pid namespace"};
  return {Gravity::note, "pids",
          "this is a pid namespace of its own, as of a container: programs of others may use the node too, but each is "
          "shown by the pid that it sees itself, and heirloom takeover needs to be where the manager is"};
}

}  // namespace heirloom::cli::doctor
