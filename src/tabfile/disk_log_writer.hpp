// SPDX-License-Identifier: Apache-2.0
//
// DiskLogWriter: a table file item by item, that appears under its name when it is finished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "heirloom/table_file.hpp"

#include "os/replacement.hpp"

namespace heirloom::tabfile {

class DiskLogWriter {
 public:
  // `operation` is for the text of errors. Throws TableFileError, as all of it.
  DiskLogWriter(std::filesystem::path file, std::string operation, bool sync);

  // A term in the external format.
  void append(std::string_view term);
  void finish();

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void require_replaceable();
  void write(std::string_view bytes);
  void flush();
  void require(int error, const char* what) const;

  std::filesystem::path file_;
  std::string operation_;
  bool replaces_ = false;
  os::Replacement replacement_;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
};

}  // namespace heirloom::tabfile
