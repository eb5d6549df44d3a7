// SPDX-License-Identifier: Apache-2.0
//
// DiskLogReader: the items of a table file, some at a time, and past what is broken, as disk_log reads a log that it may not change.
//
// What is found in a damaged file depends on how it is gone through: how much is read at a time, how a broken item and each byte
// that is passed over count, where reading goes on. So that the same file gives the same table here and in Erlang, this is disk_log's
// way, step by step, and tests/oracle/tabfile_test.cpp compares the two. Where disk_log never comes to an end - a long item whose
// head is cut short by the end of the file - the rest is broken here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "os/input_file.hpp"

namespace heirloom::tabfile {

// An item as it stands in the file: where it begins there, and how many bytes it has with all that belongs to it.
struct Item {
  std::string_view term;
  std::uint64_t at;
  std::uint64_t bytes;
};

struct ItemBlock {
  std::vector<Item> items;   // until the next block is read
  std::uint64_t broken = 0;  // how much was passed over, as disk_log counts it: sometimes less
  std::uint64_t broken_at = 0;
  bool at_end = false;  // nothing was left to read
};

class DiskLogReader {
 public:
  // `operation` is for the text of errors; an item of more bytes is one: Error{system_limit}. Throws TableFileError, as all of it.
  DiskLogReader(std::filesystem::path file, std::string operation, std::size_t item_bytes_max);

  // At most so many items. None, though not at the end: something was passed over.
  [[nodiscard]] ItemBlock next(std::size_t items_max);
  // The next block begins so many bytes before the end of what has been read from the file.
  void go_back(std::uint64_t bytes) noexcept;

  [[nodiscard]] std::uint64_t at() const noexcept { return at_ - rest_.size(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return file_.bytes(); }
  [[nodiscard]] const std::string& operation() const noexcept { return operation_; }

 private:
  void open();
  bool fill(ItemBlock& block);
  std::size_t read(std::size_t bytes);
  void take(ItemBlock& block, std::size_t items_max);
  bool take_short(ItemBlock& block, std::uint64_t size);
  bool take_long(ItemBlock& block, std::uint64_t size, std::size_t& left);
  void pass_over(ItemBlock& block, std::size_t bytes);
  void come_back_for(std::uint64_t bytes) noexcept;
  void keep(ItemBlock& block, std::size_t begin, std::uint64_t size);

  std::filesystem::path path_;
  std::string operation_;
  std::size_t item_bytes_max_;
  os::InputFile file_;
  std::string buffer_;
  std::string_view rest_;     // of the buffer, not looked at so far
  std::uint64_t at_ = 0;      // of the file, read so far
  std::uint64_t wanted_ = 0;  // bytes of the item that is to be read next, when they are known
};

}  // namespace heirloom::tabfile
