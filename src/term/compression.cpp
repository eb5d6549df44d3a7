// SPDX-License-Identifier: Apache-2.0
#include "term/compression.hpp"

#include <limits>

#include <zlib.h>

#include "heirloom/error.hpp"

#include "term/external_tags.hpp"

namespace heirloom::term {

namespace {

constexpr std::size_t kHeadBytes = 6;  // version, tag, length
// What deflate can do at best: 258 bytes for two bits.
constexpr std::size_t kRatioMax = 1032;

[[noreturn]] void refuse(std::size_t byte, const std::string& detail) {
  throw Error(ErrorCode::syntax, "read an external term", "byte " + std::to_string(byte) + ": " + detail);
}

class Inflation {
 public:
  Inflation() {
    if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;
  ~Inflation() { inflateEnd(&stream_); }

  z_stream* operator->() noexcept { return &stream_; }
  // Lets zlib go on with as much of both sides as it can count.
  int go_on(std::string_view in, std::string& out) {
    const std::size_t in_left = in.size() - stream_.total_in;
    const std::size_t out_left = out.size() - stream_.total_out;
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data())) + stream_.total_in;
    stream_.avail_in = static_cast<uInt>(std::min(in_left, kMost));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data()) + stream_.total_out;
    stream_.avail_out = static_cast<uInt>(std::min(out_left, kMost));
    return inflate(&stream_, Z_NO_FLUSH);
  }

 private:
  z_stream stream_{};
};

}  // namespace

std::string compressed(std::string plain, int level) {
  const std::size_t length = plain.size() - 1;
  if (length > std::numeric_limits<std::uint32_t>::max()) return plain;
  uLongf bytes = compressBound(length);
  std::string out(kHeadBytes + bytes, '\0');
  const auto* from = reinterpret_cast<const Bytef*>(plain.data()) + 1;
  if (compress2(reinterpret_cast<Bytef*>(out.data()) + kHeadBytes, &bytes, from, length, level) != Z_OK) return plain;
  if (kHeadBytes + bytes > plain.size()) return plain;
  out.resize(kHeadBytes + bytes);
  out[0] = static_cast<char>(kExternalVersion);
  out[1] = static_cast<char>(ExternalTag::compressed);
  for (std::size_t i = 0; i < 4; ++i) out[2 + i] = static_cast<char>(length >> (24 - 8 * i));
  return out;
}

std::string inflated(std::string_view bytes, std::size_t length, std::size_t begin, bool more_may_follow) {
  if (length / kRatioMax > bytes.size()) {
    refuse(begin, "it claims " + std::to_string(length) + " bytes, which " + std::to_string(bytes.size()) +
                      " compressed ones cannot hold");
  }
  // One byte more than is claimed, so that it shows when there are more.
  std::string out(length + 1, '\0');
  Inflation inflation;
  int status = Z_OK;
  while (status == Z_OK && inflation->total_out < out.size()) status = inflation.go_on(bytes, out);
  const std::size_t read = begin + inflation->total_in;
  if (status == Z_OK || inflation->total_out > length) {
    refuse(read, "it becomes more than the " + std::to_string(length) + " bytes that it claims");
  }
  if (status == Z_BUF_ERROR) refuse(begin + bytes.size(), "the compressed bytes end too early");
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  if (status != Z_STREAM_END) refuse(read, "the compressed bytes are damaged");
  if (inflation->total_out < length) {
    refuse(read, "it becomes " + std::to_string(inflation->total_out) + " bytes and claims " + std::to_string(length));
  }
  if (inflation->total_in < bytes.size() && !more_may_follow) {
    refuse(read, "the term is complete, and " + std::to_string(bytes.size() - inflation->total_in) + " bytes follow");
  }
  out.resize(length);
  return out;
}

}  // namespace heirloom::term
