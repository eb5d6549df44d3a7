// SPDX-License-Identifier: Apache-2.0
//
// Replacement: a file that takes its name, and the place of a file that had the name before, in one step, when it is whole.
//
//   Replacement file;
//   int error = file.create("/srv/users.tab", true);
//   if (error == 0) error = file.append(bytes);
//   if (error == 0) error = file.finish();
//   if (error != 0) ...   // nothing is left behind, and what was there before is untouched
//
// Until finish() the file has no name where the file system can do that (O_TMPFILE), and the kernel frees it with the program, however
// that dies. A link cannot replace a name, but a rename can: so finish() links the file under a name of its own,
// `.heirloom-<16 digits>.tmp` beside the target, and renames that. Only a death between these two calls - or, where there is no
// O_TMPFILE, any death before - leaves such a file.
//
// Functions return the number of the error (errno), or 0, since it is a part of what ets:tab2file answers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "os/fd.hpp"

namespace heirloom::os {

class Replacement {
 public:
  Replacement() = default;
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement();  // without finish(), as if the file had never been

  // With `durable`, finish() returns when the bytes and the name are on the disk.
  [[nodiscard]] int create(const std::filesystem::path& target, bool durable);
  [[nodiscard]] int append(std::string_view bytes);
  // When only the name cannot be brought to the disk, the file has it nevertheless.
  [[nodiscard]] int finish();

 private:
  [[nodiscard]] int open_unnamed();
  [[nodiscard]] int open_named();
  [[nodiscard]] int give_name();

  Fd directory_;
  Fd file_;
  std::string target_;     // its name in the directory
  std::string temporary_;  // the name that the file has until it has its own; empty: none
  std::uint64_t bytes_ = 0;
  bool durable_ = false;
};

}  // namespace heirloom::os
