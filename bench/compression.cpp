// SPDX-License-Identifier: Apache-2.0
//
// What compressors make of the packed bytes of objects, each object by itself: mean bytes, and nanoseconds to compress and to
// decompress one. docs/decisions/0008-compressed.md was decided by it.
//
//   heirloom_compression
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <lz4.h>
#include <zlib.h>
#include <zstd.h>

namespace heirloom::bench {
namespace {

constexpr std::size_t kObjects = 1000;
constexpr int kRounds = 20;

std::mt19937 generator(1);
std::size_t below(std::size_t count) { return generator() % count; }

std::string hexadecimal(std::size_t digits) {
  std::string text;
  while (text.size() < digits) text += "0123456789abcdef"[below(16)];
  return text;
}

// As term/packing.hpp writes them: those up to 127 are a byte, others one that says what follows, and two of the number.
std::string small_integers(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t number = below(200);
    if (number > 127) {
      bytes += '\x90';
      bytes += static_cast<char>((2 * number) | 0x80);
    }
    bytes += static_cast<char>(number > 127 ? 2 * number >> 7 : number);
  }
  return bytes;
}

std::string json(std::size_t length) {
  static const char* const names[] = {"username",    "email",    "last_seen", "ip_address", "user_agent",
                                      "permissions", "location", "device_id", "account"};
  std::string text = "{";
  while (text.size() < length)
    text += std::string("\"") + names[below(9)] + "\":\"" + hexadecimal(8 + below(8)) + "\",";
  return text + "}";
}

std::string registration() {
  const auto host = [] { return std::to_string(below(255)); };
  return "sip:user" + hexadecimal(6) + "@198.51.100." + host() + ":5060;transport=udp;expires=3600|Contact: <sip:user" +
         hexadecimal(4) + "@10.0.0." + host() + ":5060>|User-Agent: Grandstream GXP2160 1.0.9.26|realm.example.com|";
}

// Both return how many bytes they have written to `to`, which has room.
using Code = std::function<std::size_t(const std::string& from, std::string& to)>;

double nanoseconds(const std::vector<std::string>& from, std::vector<std::string>& to, const Code& code) {
  std::string room(std::size_t{1} << 20, '\0');
  const auto begin = std::chrono::steady_clock::now();
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::size_t bytes = code(from[i], room);
      if (round == 0) to.emplace_back(room, 0, bytes);
    }
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(kRounds * from.size());
}

std::size_t mean(const std::vector<std::string>& all) {
  std::size_t bytes = 0;
  for (const std::string& each : all) bytes += each.size();
  return bytes / all.size();
}

void report(const std::vector<std::string>& plain, const char* name, const Code& compress, const Code& decompress) {
  std::vector<std::string> compressed;
  std::vector<std::string> again;
  const double there = nanoseconds(plain, compressed, compress);
  const double back = nanoseconds(compressed, again, decompress);
  if (again != plain) std::exit(1);
  std::printf("  %s %zu (%.0f, %.0f)", name, mean(compressed), there, back);
}

void rows(const char* name, const std::function<std::string()>& make) {
  std::vector<std::string> plain;
  while (plain.size() < kObjects) plain.push_back(make());
  std::printf("%-24s %6zu", name, mean(plain));
  report(
      plain, "lz4",
      [](const std::string& from, std::string& to) {
        return static_cast<std::size_t>(
            LZ4_compress_default(from.data(), to.data(), static_cast<int>(from.size()), static_cast<int>(to.size())));
      },
      [](const std::string& from, std::string& to) {
        return static_cast<std::size_t>(
            LZ4_decompress_safe(from.data(), to.data(), static_cast<int>(from.size()), static_cast<int>(to.size())));
      });
  ZSTD_CCtx* const compression = ZSTD_createCCtx();
  ZSTD_DCtx* const decompression = ZSTD_createDCtx();
  report(
      plain, "zstd",
      [&](const std::string& from, std::string& to) {
        return ZSTD_compressCCtx(compression, to.data(), to.size(), from.data(), from.size(), 3);
      },
      [&](const std::string& from, std::string& to) {
        return ZSTD_decompressDCtx(decompression, to.data(), to.size(), from.data(), from.size());
      });
  ZSTD_freeCCtx(compression);
  ZSTD_freeDCtx(decompression);
  report(
      plain, "zlib",
      [](const std::string& from, std::string& to) {
        uLongf bytes = to.size();
        compress2(reinterpret_cast<Bytef*>(to.data()), &bytes, reinterpret_cast<const Bytef*>(from.data()), from.size(),
                  6);
        return static_cast<std::size_t>(bytes);
      },
      [](const std::string& from, std::string& to) {
        uLongf bytes = to.size();
        uncompress(reinterpret_cast<Bytef*>(to.data()), &bytes, reinterpret_cast<const Bytef*>(from.data()),
                   from.size());
        return static_cast<std::size_t>(bytes);
      });
  std::printf("\n");
}

}  // namespace
}  // namespace heirloom::bench

int main() {
  using namespace heirloom::bench;
  std::printf("bytes of an object; of it compressed (ns to compress, to decompress)\n");
  rows("100 small integers", [] { return small_integers(100); });
  rows("text like JSON, 200", [] { return json(200); });
  rows("text like JSON, 600", [] { return json(600); });
  rows("text like JSON, 2000", [] { return json(2000); });
  rows("a SIP registration", registration);
  rows("32 random digits", [] { return hexadecimal(32); });
  return 0;
}
