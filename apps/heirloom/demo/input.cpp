// SPDX-License-Identifier: Apache-2.0
#include "demo/input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "command.hpp"
#include "demo/pieces.hpp"
#include "demo/temporary.hpp"

namespace heirloom::cli::demo {

namespace {

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw UsageError(fmt::format("--input {}: {}", path, std::strerror(errno)));
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  // 0 at the end, less on an error.
  ssize_t read(char* into, std::size_t count) const {
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, into, count);
    } while (got < 0 && errno == EINTR);
    return got;
  }

 private:
  int descriptor_;
};

// Kept open over exec: the others reach it through their /proc/self/fd.
int open_unnamed_file() {
  std::string path = temporary_directory() + "/heirloom-demo.XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  if (descriptor < 0) throw Error(ErrorCode::io, fmt::format("copy the input to {}", path), std::strerror(errno));
  ::unlink(path.c_str());
  return descriptor;
}

std::vector<std::string> files_below(const std::string& directory) {
  std::vector<std::string> files;
  try {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (entry.symlink_status().type() == std::filesystem::file_type::regular) files.push_back(entry.path().string());
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw UsageError(fmt::format("--input {}: {}", error.path1().string(), error.code().message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Input::Input() : file_(open_unnamed_file()) {}
Input::Input(Input&& other) noexcept
    : file_(std::exchange(other.file_, -1)), files_(other.files_), bytes_(other.bytes_), words_(other.words_) {}
Input::~Input() {
  if (file_ >= 0) ::close(file_);
}

std::string Input::path() const { return fmt::format("/proc/self/fd/{}", file_); }

Input Input::copy_of(const std::vector<std::string>& paths) {
  Input input;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path != "-" && std::filesystem::is_directory(path, ignored)) {
      for (const std::string& file : files_below(path)) input.append(file);
    } else {
      input.append(path);
    }
  }
  if (input.words_ == 0) throw UsageError("--input: there is no word in it");
  return input;
}

void Input::append(const std::string& path) {
  const OpenFile from(path);
  if (last_ != '\n') append_bytes("\n", 1);
  char buffer[1 << 16];
  ssize_t got = 0;
  while ((got = from.read(buffer, sizeof(buffer))) > 0) append_bytes(buffer, static_cast<std::size_t>(got));
  if (got < 0) throw UsageError(fmt::format("--input {}: {}", path, std::strerror(errno)));
  ++files_;
}

void Input::append_bytes(const char* bytes, std::size_t count) {
  for (std::size_t written = 0; written < count;) {
    const ssize_t done = ::write(file_, bytes + written, count - written);
    if (done < 0 && errno != EINTR) throw Error(ErrorCode::io, "copy the input", std::strerror(errno));
    if (done > 0) written += static_cast<std::size_t>(done);
  }
  for (std::size_t at = 0; at < count; ++at) {
    if (is_white_space(last_) && !is_white_space(bytes[at])) ++words_;
    last_ = bytes[at];
  }
  bytes_ += count;
}

}  // namespace heirloom::cli::demo
