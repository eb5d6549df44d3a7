// SPDX-License-Identifier: Apache-2.0
#include "node/manager_lock.hpp"

#include <cstdio>

#include "os/file.hpp"
#include "os/pidfd.hpp"
#include "os/whole_file.hpp"

namespace heirloom::node {

namespace {

constexpr const char* kName = "manager.lock";

Result<os::Fd> open_or_create(int directory) {
  for (;;) {
    auto opened = os::open_file(directory, kName, os::Access::read_write);
    if (opened || opened.failure().code != ErrorCode::not_found) return opened;
    auto created = os::create_file(directory, kName);
    if (created || created.failure().code != ErrorCode::already_exists) return created;
  }
}

}  // namespace

Result<std::optional<ManagerLock>> ManagerLock::try_take(const Directory& directory) {
  HEIRLOOM_TRY(os::Fd file, open_or_create(directory.descriptor()), "lock manager.lock");
  if (!os::try_lock_file(file)) return std::optional<ManagerLock>();
  return std::optional<ManagerLock>(ManagerLock(std::move(file)));
}

bool ManagerLock::is_held(const Directory& directory) {
  const auto file = os::open_file(directory.descriptor(), kName, os::Access::read_only);
  return file && os::file_is_locked(*file);
}

std::string ManagerLock::holder(const Directory& directory) {
  const auto file = os::open_file(directory.descriptor(), kName, os::Access::read_only);
  if (!file) return "nobody";
  auto text = os::read_whole(*file);
  if (!text || text->empty()) return "a program that has not said who it is";
  return text->substr(0, text->find('\n'));
}

std::optional<ManagerLock::Signature> ManagerLock::signature(const Directory& directory) {
  const auto file = os::open_file(directory.descriptor(), kName, os::Access::read_only);
  if (!file) return std::nullopt;
  const auto text = os::read_whole(*file);
  Signature signature;
  unsigned long long started = 0;
  if (!text || std::sscanf(text->c_str(), "pid %d (program %*u)\nstarted %llu", &signature.process, &started) != 2)
    return std::nullopt;
  signature.started = started;
  return signature;
}

Status ManagerLock::sign(std::uint32_t program) {
  const std::string text = "pid " + std::to_string(os::own_pid()) + " (program " + std::to_string(program) +
                           ")\nstarted " + std::to_string(os::own_start_time()) + " ticks after boot\n";
  HEIRLOOM_CHECK(os::truncate_file(file_, 0), "sign manager.lock");
  HEIRLOOM_CHECK(os::write_at(file_, 0, text), "sign manager.lock");
  return {};
}

}  // namespace heirloom::node
