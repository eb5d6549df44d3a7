// SPDX-License-Identifier: Apache-2.0
#include "doctor/machine.hpp"

#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli::doctor {

using namespace literals;
namespace fs = std::filesystem;

namespace {

constexpr long kTmpfs = 0x01021994;
constexpr std::uint64_t kFirstPidNamespace = 0xEFFFFFFC;  // its inode, on every Linux
constexpr uid_t kSystemUserMax = 999;                     // as systemd has it where nothing else is configured

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A number in a file; nothing: there is none, as `max`.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t number = 0;
  return in >> number ? std::optional(number) : std::nullopt;
}

// The path of this program's control group, as /proc/self/cgroup has it: "0::/path" of version 2, "4:memory:/path" of version 1.
fs::path own_group(std::string_view controller) {
  std::istringstream lines(text_of("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return {};
}

// In a container a group is seen under its whole path, or as the root of what is mounted.
fs::path group_directory(const fs::path& mount, const fs::path& group, const char* file) {
  const fs::path whole = mount / group.relative_path();
  std::error_code none;
  return fs::exists(whole / file, none) ? whole : mount;
}

std::optional<std::uint64_t> limit_of(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return std::nullopt;
  return limit.rlim_cur;
}

// Of files that are read one after another, the last one that says so.
bool logind_removes_ipc() {
  std::vector<fs::path> files{"/usr/lib/systemd/logind.conf", "/etc/systemd/logind.conf"};
  std::vector<fs::path> more;
  for (const char* directory :
       {"/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d", "/etc/systemd/logind.conf.d"}) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(directory, none)) {
      if (entry.path().extension() == ".conf") more.push_back(entry.path());
    }
  }
  std::sort(more.begin(), more.end(),
            [](const fs::path& left, const fs::path& right) { return left.filename() < right.filename(); });
  files.insert(files.end(), more.begin(), more.end());
  bool removes = true;  // without a word
  for (const fs::path& file : files) removes = remove_ipc_in(text_of(file)).value_or(removes);
  return removes;
}

}  // namespace

Space space_of(const fs::path& directory) {
  fs::path there = fs::absolute(directory);
  std::error_code none;
  while (!fs::exists(there, none) && there.has_relative_path()) there = there.parent_path();
  struct statfs facts {};
  if (::statfs(there.c_str(), &facts) != 0)
    throw Error(ErrorCode::io, "look at the file system of \"" + there.string() + '"', std::strerror(errno));
  const auto block = static_cast<std::uint64_t>(facts.f_bsize);
  return {.path = there,
          .in_memory = facts.f_type == kTmpfs,
          .total = facts.f_blocks * block,
          .free = facts.f_bavail * block};
}

MemoryLimit memory_limit() {
  if (const fs::path group = own_group("memory"); !group.empty()) {  // version 1
    const fs::path directory = group_directory("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
    auto limit = number_in(directory / "memory.limit_in_bytes");
    if (limit && *limit > std::uint64_t{1} << 60) limit.reset();  // how version 1 writes "no limit"
    return {limit, number_in(directory / "memory.usage_in_bytes").value_or(0)};
  }
  const fs::path directory = group_directory("/sys/fs/cgroup", own_group(""), "memory.max");
  return {number_in(directory / "memory.max"), number_in(directory / "memory.current").value_or(0)};
}

Limits limits() { return {limit_of(RLIMIT_FSIZE), limit_of(RLIMIT_AS), limit_of(RLIMIT_NOFILE)}; }

Logind logind() {
  const uid_t user = ::getuid();
  const passwd* const entry = ::getpwuid(user);
  std::error_code none;
  return {.present = fs::exists("/run/systemd/seats", none),
          .removes_ipc = logind_removes_ipc(),
          .regular_user = user > kSystemUserMax,
          .lingers = entry != nullptr && fs::exists(fs::path("/var/lib/systemd/linger") / entry->pw_name, none)};
}

bool in_first_pid_namespace() {
  struct stat facts {};
  return ::stat("/proc/self/ns/pid", &facts) == 0 && facts.st_ino == kFirstPidNamespace;
}

Finding try_a_node(const fs::path& directory) {
  const fs::path trial = directory / ("heirloom-doctor-" + std::to_string(::getpid()));
  Finding finding{Gravity::fine, "trial",
                  "a node can be opened in " + directory.string() + ", and a table be made and written"};
  try {
    const Node node = Node::open(trial);
    Table table = Node(node).create("trial"_atom);
    table.insert({1, "written"});
    table.drop();
  } catch (const Error& error) {
    finding = {Gravity::bad, "trial", error.what(), "what the message says"};
  }
  std::error_code ignored;
  fs::remove_all(trial, ignored);
  return finding;
}

}  // namespace heirloom::cli::doctor
