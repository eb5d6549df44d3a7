// SPDX-License-Identifier: Apache-2.0
//
// NodeFile: the control file `node` of a node directory, mapped by every program that has the node open. It numbers
// programs, keeps the epoch that readers enter, and says which numbers belong to a time before the last reboot.
//
// Layout (one page)
//   0    magic, layout version
//   16   boot id, device and inode of the directory: where and when the numbers below are valid
//   64   program numbers given so far; the first of this boot
//   128  programs come or gone: a change tells scanners of process files to list them again
//   192  epoch
//
// Invariants
//   N1  A program number is given once in the life of the directory, and is never 0.
//   N2  Numbers below `first_living` are of another boot, or of the directory this one was copied from: they are dead,
//       whatever their files say.
//   N3  The epoch only grows.
//
// Death: every change is one store or one atomic addition; a number taken by a program that died at once stays unused.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"
#include "os/mapping.hpp"

namespace heirloom::shm {

inline constexpr std::uint32_t kLayoutVersion = 9;
inline constexpr std::size_t kCacheLineBytes = 64;
inline constexpr std::uint64_t kPageBytes = 4096;

// What to say of bytes that another version of Heirloom has made, older or newer: they are refused. Error{layout}.
Failure other_layout(const std::string& found, const std::string& known);

class NodeFile {
 public:
  // Opens the control file of the directory, or makes it when `create` says so; of several that make it at once one wins and
  // all open that one. Errors: not_found, layout, corrupt, full, not_permitted.
  static Result<std::shared_ptr<NodeFile>> open_or_create(int directory, bool create);

  // N1. 2^31 - 1 programs a node: a directory that starts 100 a second lives 250 days of nothing but starts.
  Result<std::uint32_t> take_program_number();

  [[nodiscard]] std::uint32_t first_living_number() const noexcept;
  void set_first_living_number(std::uint32_t number) noexcept;

  // Whether the numbers given so far are of this boot and this directory; the manager that adopts a directory for which they
  // are not calls adopt_this_boot(), which makes all of them dead (N2).
  [[nodiscard]] bool same_boot() const;
  void adopt_this_boot();

  [[nodiscard]] std::uint64_t changes() const noexcept;
  void announce_change() noexcept;

  [[nodiscard]] const std::atomic<std::uint64_t>& epoch() const noexcept { return *epoch_; }
  // N3. The epoch after it.
  std::uint64_t advance_epoch() noexcept;

  struct Layout;

 private:
  NodeFile(os::Mapping mapping, int directory) noexcept;
  [[nodiscard]] Layout& layout() const noexcept;

  os::Mapping mapping_;
  const std::atomic<std::uint64_t>* epoch_;
  int directory_;  // belongs to the caller, who keeps it open as long as the node
};

}  // namespace heirloom::shm
