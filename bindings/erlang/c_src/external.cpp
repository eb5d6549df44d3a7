// SPDX-License-Identifier: Apache-2.0
#include "external.hpp"

#include <string_view>

namespace heirloom_nif {

namespace {

using namespace std::literals;

enum Tag : unsigned char {
  kFloat = 70,
  kBitBinary = 77,
  kNewPid = 88,
  kNewPort = 89,
  kNewerReference = 90,
  kSmallInteger = 97,
  kInteger = 98,
  kAtom = 100,
  kSmallTuple = 104,
  kLargeTuple = 105,
  kNil = 106,
  kString = 107,
  kList = 108,
  kBinary = 109,
  kSmallBig = 110,
  kLargeBig = 111,
  kNewFun = 112,
  kExport = 113,
  kSmallAtom = 115,
  kMap = 116,
  kAtomUtf8 = 118,
  kSmallAtomUtf8 = 119,
  kV4Port = 120,
};

class Scanner {
 public:
  Scanner(unsigned char* bytes, std::size_t size) noexcept : next_(bytes), end_(bytes + size) {}

  // One term after the other: what a container holds is only counted. False where it does not know what comes.
  bool replace(std::uint32_t from, std::uint32_t to) noexcept {
    skip(1);
    for (std::uint64_t left = 1; left != 0; --left) {
      if (next_ >= end_) return false;
      switch (const std::uint64_t tag = number(1)) {
        case kSmallInteger: skip(1); break;
        case kInteger: skip(4); break;
        case kFloat: skip(8); break;
        case kAtom:
        case kAtomUtf8:
        case kString: skip(number(2)); break;
        case kSmallAtom:
        case kSmallAtomUtf8: skip(number(1)); break;
        case kBinary: skip(number(4)); break;
        case kBitBinary: skip(number(4) + 1); break;
        case kSmallBig: skip(number(1) + 1); break;
        case kLargeBig: skip(number(4) + 1); break;
        case kNil: break;
        case kSmallTuple: left += number(1); break;
        case kLargeTuple: left += number(4); break;
        case kList: left += number(4) + 1; break;
        case kMap: left += 2 * number(4); break;
        case kExport: left += 3; break;
        case kNewFun: {
          skip(4 + 1 + 16 + 4);
          left += 4 + number(4);  // module, index, uniq, creator, and what it holds
          break;
        }
        case kNewerReference: {
          const std::uint64_t numbers = number(2);
          const bool nobody = is_nonode();
          creation(nobody, from, to);
          skip(4 * numbers);
          break;
        }
        case kNewPid:
        case kV4Port:
        case kNewPort: {
          const bool nobody = is_nonode();
          skip(tag == kNewPort ? 4 : 8);
          creation(nobody, from, to);
          break;
        }
        default: return false;
      }
    }
    return true;
  }

 private:
  void skip(std::uint64_t bytes) noexcept { next_ += bytes; }
  std::uint64_t number(unsigned bytes) noexcept {
    std::uint64_t value = 0;
    for (; bytes != 0; --bytes) value = value << 8 | *next_++;
    return value;
  }
  bool is_nonode() noexcept {
    const std::uint64_t tag = number(1);
    const std::uint64_t bytes = number(tag == kAtom || tag == kAtomUtf8 ? 2 : 1);
    const std::string_view name(reinterpret_cast<const char*>(next_), bytes);
    skip(bytes);
    return name == "nonode@nohost"sv;
  }
  void creation(bool replaceable, std::uint32_t from, std::uint32_t to) noexcept {
    unsigned char* const place = next_;
    if (number(4) != from || !replaceable) return;
    for (int i = 0; i < 4; ++i) place[i] = static_cast<unsigned char>(to >> (8 * (3 - i)));
  }

  unsigned char* next_;
  unsigned char* end_;
};

}  // namespace

void replace_creation(unsigned char* bytes, std::size_t size, std::uint32_t from, std::uint32_t to) noexcept {
  Scanner(bytes, size).replace(from, to);
}

}  // namespace heirloom_nif
