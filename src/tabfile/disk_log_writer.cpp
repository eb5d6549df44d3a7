// SPDX-License-Identifier: Apache-2.0
#include "tabfile/disk_log_writer.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include "tabfile/failure.hpp"
#include "tabfile/format.hpp"

namespace heirloom::tabfile {

using namespace literals;

namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

}  // namespace

DiskLogWriter::DiskLogWriter(std::filesystem::path file, std::string operation, bool sync)
    : file_(std::move(file)), operation_(std::move(operation)) {
  require_replaceable();
  require(replacement_.create(file_, sync), "make a file beside it");
  // Closed from the beginning: nobody sees it before it is.
  write(kLogMagic);
  write(kClosed);
}

// ets:tab2file deletes what has the name, and where it cannot, says `eaccess`.
void DiskLogWriter::require_replaceable() {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(file_, error);
  if (error && error != std::errc::no_such_file_or_directory)
    throw system_failure(error.value(), operation_, "look for it", "eaccess"_atom);
  replaces_ = std::filesystem::exists(status);
  if (replaces_ && !std::filesystem::is_regular_file(status) && !std::filesystem::is_symlink(status)) {
    throw TableFileError(ErrorCode::not_permitted, operation_, "it is there, and neither a file nor a symbolic link",
                         "eaccess"_atom);
  }
}

void DiskLogWriter::require(int error, const char* what) const {
  if (error == 0) return;
  const bool refused = error == EACCES || error == EPERM || error == EROFS;
  throw system_failure(error, operation_, what, replaces_ && refused ? Term("eaccess"_atom) : file_error(file_, error));
}

void DiskLogWriter::append(std::string_view term) {
  if (term.size() > kItemBytesMax) {
    throw TableFileError(
        ErrorCode::system_limit, operation_,
        "an object takes " + std::to_string(term.size()) + " bytes, and an item has 4294967295 at the most",
        "system_limit"_atom);
  }
  const std::string size = size_bytes(static_cast<std::uint32_t>(term.size()));
  write(size);
  write(kItemMagic);
  if (term.size() >= kLongItemBytes) write(sum_of_size(size));
  write(term);
}

void DiskLogWriter::write(std::string_view bytes) {
  bytes_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() > kBufferBytes) return require(replacement_.append(bytes), "write");
  buffer_ += bytes;
}

void DiskLogWriter::flush() {
  require(replacement_.append(buffer_), "write");
  buffer_.clear();
}

void DiskLogWriter::finish() {
  flush();
  require(replacement_.finish(), "put it in its place");
}

}  // namespace heirloom::tabfile
