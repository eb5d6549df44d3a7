// SPDX-License-Identifier: Apache-2.0
//
// For tests: a node directory without a manager, and a table in it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include <stdlib.h>

#include "os/fd.hpp"
#include "table/table.hpp"

namespace heirloom::table {

inline constexpr Pid kCaller{1, 0};  // any process: its table is public, or it has it

class TestNode {
 public:
  TestNode() {
    char path[] = "/dev/shm/heirloom-test-XXXXXX";
    path_ = ::mkdtemp(path);
    for (const char* name : {"/tables", "/processes"}) std::filesystem::create_directory(path_ + name);
    directory_ = os::Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    owner_pid_ = ::getpid();
  }
  ~TestNode() {
    if (::getpid() == owner_pid_) std::filesystem::remove_all(path_);
  }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  [[nodiscard]] int directory() const noexcept { return directory_.get(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  [[nodiscard]] shm::Attachment attach() const { return shm::Attachment::attach(directory(), true).value_or_raise(); }

  void create(SegmentOptions options) const {
    Table::create_file(directory(), "tables/" + options.id, options).value_or_raise();
  }
  [[nodiscard]] std::shared_ptr<Table> open(const std::string& id, const shm::Attachment& attachment) const {
    return Table::open(directory(), "tables/" + id, attachment).value_or_raise();
  }

 private:
  std::string path_;
  os::Fd directory_;
  pid_t owner_pid_;
};

inline SegmentOptions public_table(std::string id = "1") {
  SegmentOptions options{.id = std::move(id), .name = Atom("test")};
  options.protection = Protection::public_access;
  options.max_bytes = std::uint64_t{1} << 30;
  return options;
}

}  // namespace heirloom::table
