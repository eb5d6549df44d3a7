// SPDX-License-Identifier: Apache-2.0
#include "tabfile/disk_log_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tabfile/failure.hpp"
#include "tabfile/format.hpp"

namespace heirloom::tabfile {

using namespace literals;

DiskLogReader::DiskLogReader(std::filesystem::path file, std::string operation, std::size_t item_bytes_max)
    : path_(std::move(file)), operation_(std::move(operation)), item_bytes_max_(item_bytes_max) {
  open();
}

void DiskLogReader::open() {
  const auto no_log = [&](const char* detail) {
    return TableFileError(ErrorCode::corrupt, operation_, detail,
                          {"read_error"_atom, {"not_a_log_file"_atom, name_term(path_)}});
  };
  const int error = file_.open(path_);
  if (error == ENXIO) throw no_log("it is no file, but a device, a pipe or a socket");
  if (error != 0) throw system_failure(error, operation_, "open it", {"read_error"_atom, file_error(path_, error)});
  const std::size_t count = read(kLogHeadBytes);
  at_ = kLogHeadBytes;
  const std::string_view head = std::string_view(buffer_).substr(0, count);
  if (!head.starts_with(kLogMagic)) throw no_log("a table file begins with the bytes 1,2,3,4; this one does not");
  const std::string_view state = head.substr(kLogMagic.size());
  if (state != kClosed && state != kOpened)
    throw no_log("bytes 4 to 7 are 99,88,77,11 or 6,7,8,9 in a table file; in this one they are not");
}

// From where the file has been read to. How many there were.
std::size_t DiskLogReader::read(std::size_t bytes) {
  // One long item does not make all that follow need as much.
  if (buffer_.capacity() > 4 * kBlockBytes && bytes <= kBlockBytes) buffer_ = std::string();
  buffer_.resize(bytes);
  std::size_t count = 0;
  const int error = file_.read(at_, buffer_, count);
  if (error != 0) throw system_failure(error, operation_, "read it", {"read_error"_atom, file_error(path_, error)});
  return count;
}

void DiskLogReader::go_back(std::uint64_t bytes) noexcept {
  at_ -= bytes;
  rest_ = {};
  wanted_ = 0;
}

ItemBlock DiskLogReader::next(std::size_t items_max) {
  ItemBlock block;
  do {
    if (rest_.empty() && !fill(block)) return block;
    take(block, items_max);
  } while (block.items.empty() && block.broken == 0);
  return block;
}

// False: there is no more, or not all that was wanted, and what there is has been passed over.
bool DiskLogReader::fill(ItemBlock& block) {
  std::uint64_t there = file_.bytes() - std::min(file_.bytes(), at_);
  // The size of an item is believed once the file is known to have as many bytes.
  if (wanted_ <= there) {
    if (wanted_ > item_bytes_max_) {
      throw TableFileError(ErrorCode::system_limit, operation_,
                           "byte " + std::to_string(at_) + ": the item has " + std::to_string(wanted_) +
                               " bytes, and " + std::to_string(item_bytes_max_) + " is the most",
                           "system_limit"_atom);
    }
    const std::uint64_t count = std::min(there, std::max<std::uint64_t>(wanted_, kBlockBytes));
    const std::size_t got = read(count);
    if (got < count) there = got;  // the file was cut meanwhile
  }
  if (there == 0) {
    block.at_end = true;
    return false;
  }
  if (there < kItemHeadBytes || there < wanted_) {
    block.broken = there < kItemHeadBytes ? there : there - kItemHeadBytes;
    block.broken_at = at_;
    at_ += there;
    wanted_ = 0;
    return false;
  }
  rest_ = std::string_view(buffer_).substr(0, there);
  at_ += rest_.size();
  wanted_ = 0;
  return true;
}

void DiskLogReader::take(ItemBlock& block, std::size_t items_max) {
  std::size_t left = items_max;  // a byte that is passed over counts as an item
  while (rest_.size() >= kItemHeadBytes) {
    if (left == 0) return;
    const std::uint64_t size = read_size(rest_);
    const std::string_view magic = rest_.substr(4, 4);
    if (magic == kItemMagic && size >= kLongItemBytes) {
      if (!take_long(block, size, left)) return;
    } else if (magic == kItemMagic || magic == kOldItemMagic) {
      if (!take_short(block, size)) return;
      --left;
    } else {
      pass_over(block, 1);
      --left;
    }
  }
  come_back_for(0);
}

bool DiskLogReader::take_short(ItemBlock& block, std::uint64_t size) {
  if (rest_.size() - kItemHeadBytes < size) return come_back_for(kItemHeadBytes + size), false;
  keep(block, kItemHeadBytes, size);
  return true;
}

bool DiskLogReader::take_long(ItemBlock& block, std::uint64_t size, std::size_t& left) {
  constexpr std::size_t kHeadBytes = kItemHeadBytes + kSumBytes;
  const bool has_sum = rest_.size() >= kHeadBytes;
  if (has_sum && rest_.substr(kItemHeadBytes, kSumBytes) == sum_of_size(rest_.substr(0, 4))) {
    if (rest_.size() - kHeadBytes != size) return come_back_for(kHeadBytes + size), false;
    keep(block, kHeadBytes, size);
    come_back_for(0);
    return false;
  }
  if (rest_.size() > kHeadBytes) {
    pass_over(block, kHeadBytes + 1);
    --left;
    return true;
  }
  // The file ends here: to read it once more brings nothing else.
  if (rest_.data() == buffer_.data()) {
    const std::size_t bytes = rest_.size();
    pass_over(block, bytes);
    block.broken += bytes - 1;
  }
  come_back_for(0);
  return false;
}

void DiskLogReader::keep(ItemBlock& block, std::size_t begin, std::uint64_t size) {
  block.items.push_back({rest_.substr(begin, size), at(), begin + size});
  rest_.remove_prefix(begin + size);
}

// What disk_log counts as one broken byte, whatever it is.
void DiskLogReader::pass_over(ItemBlock& block, std::size_t bytes) {
  if (block.broken++ == 0) block.broken_at = at();
  rest_.remove_prefix(bytes);
}

// What is left is read again, together with what follows; so many bytes, if they are known.
void DiskLogReader::come_back_for(std::uint64_t bytes) noexcept {
  at_ -= rest_.size();
  rest_ = {};
  wanted_ = bytes;
}

}  // namespace heirloom::tabfile
