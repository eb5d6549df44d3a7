// SPDX-License-Identifier: Apache-2.0
//
// Directory: a node directory, held open by its descriptor so that every file is reached through it, whatever happens to
// the path.
//
//   <directory>/node               control file (shm/node_file.hpp)
//               manager.lock       locked by the manager for its life; says who that is, for error messages
//               manager.sock       where the manager listens
//               journal            what the manager knows (node/journal.hpp)
//               tables/<id>        one segment a table; <id>.new: being made; <id>.deleted: deleted, but not everybody knows
//               processes/<number> one file a program (shm/process_file.hpp)
//               broken/<id>        segments that could not be opened, set aside for study
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::node {

class Directory {
 public:
  // Errors: not_found (missing, or no directory), not_permitted (another user's, a symbolic link, read-only).
  // `create`: makes it when it is missing, and whatever of its own subdirectories is.
  static Result<std::shared_ptr<const Directory>> open(const std::filesystem::path& path, bool create);

  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::string socket_path() const;

  static std::string table_file(const std::string& id) { return "tables/" + id; }
  static std::string new_table_file(const std::string& id) { return "tables/" + id + ".new"; }
  static std::string deleted_table_file(const std::string& id) { return "tables/" + id + ".deleted"; }
  static std::string broken_file(const std::string& id) { return "broken/" + id; }

 private:
  Directory(os::Fd descriptor, std::filesystem::path path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  os::Fd descriptor_;
  std::filesystem::path path_;
};

}  // namespace heirloom::node
