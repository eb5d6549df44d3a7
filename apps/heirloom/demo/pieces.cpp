// SPDX-License-Identifier: Apache-2.0
#include "demo/pieces.hpp"

#include <heirloom/heirloom.hpp>

namespace heirloom::cli::demo {

namespace {
// Beyond this length a line is cut at the next white space.
constexpr std::size_t kLineBytes = 4096;
}  // namespace

Pieces::Pieces(const std::string& path) : file_(path, std::ios::binary) {
  if (!file_) throw Error(ErrorCode::io, "open the input", path);
}

void Pieces::seek(std::uint64_t offset) {
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(offset));
  offset_ = offset;
}

bool Pieces::next(std::string& piece) {
  constexpr int kEnd = std::char_traits<char>::eof();
  piece.clear();
  std::streambuf& bytes = *file_.rdbuf();
  for (int byte = bytes.sbumpc(); byte != kEnd; byte = bytes.sbumpc()) {
    piece += static_cast<char>(byte);
    if (byte == '\n' || (piece.size() >= kLineBytes && is_white_space(piece.back()))) break;
  }
  offset_ += piece.size();
  return !piece.empty();
}

}  // namespace heirloom::cli::demo
