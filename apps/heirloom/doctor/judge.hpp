// SPDX-License-Identifier: Apache-2.0
//
// What facts about a machine mean for tables that live on it. No system calls: machine.hpp gathers the facts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "doctor/finding.hpp"

namespace heirloom::cli::doctor {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

// The file system that the node's directory is on, or would be.
struct Space {
  std::filesystem::path path;
  bool in_memory;  // a tmpfs
  std::uint64_t total;
  std::uint64_t free;  // for this user
};
[[nodiscard]] Finding judge_space(const Space& space);

// The control group that the pages of a table are charged to.
struct MemoryLimit {
  std::optional<std::uint64_t> limit;  // none: it has none
  std::uint64_t used;
};
[[nodiscard]] Finding judge_memory(const MemoryLimit& memory, std::uint64_t bytes_of_tables);

// Limits of processes (getrlimit); none: unlimited.
struct Limits {
  std::optional<std::uint64_t> file_bytes;
  std::optional<std::uint64_t> address_bytes;
  std::optional<std::uint64_t> descriptors;
};
[[nodiscard]] Finding judge_limits(const Limits& limits);

// What systemd-logind does when the last session of a user ends.
struct Logind {
  bool present;
  bool removes_ipc;
  bool regular_user;  // not root, and no system user
  bool lingers;
};
[[nodiscard]] Finding judge_logind(const Logind& logind, const std::filesystem::path& node);
// Whether a logind.conf says RemoveIPC; nothing: it does not say.
[[nodiscard]] std::optional<bool> remove_ipc_in(std::string_view configuration);

// Whether this is the first pid namespace of the machine.
[[nodiscard]] Finding judge_pids(bool first_namespace);

// A program that is in the middle of one read for longer than any read takes.
struct StoppedReader {
  std::uint32_t program;
  std::uint64_t process;
  std::string name;
  std::uint64_t waiting_bytes;  // of all tables of the node
};
[[nodiscard]] Finding judge_readers(const std::optional<StoppedReader>& stopped);

[[nodiscard]] std::string bytes_text(std::uint64_t bytes);  // 1.5 GiB

}  // namespace heirloom::cli::doctor
