// SPDX-License-Identifier: Apache-2.0
#include "external.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace heirloom_nif {

namespace {

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

// Goes through a term, and tells of each identifier where its node and its creation are.
class Scanner {
 public:
  struct Identifier {
    std::size_t begin;  // of the node's name, an atom with its tag
    std::size_t end;    // of the name
    std::size_t creation;
    std::string_view node;  // in UTF-8; until the next one is met
  };

  explicit Scanner(std::string_view bytes) noexcept : bytes_(bytes) {}

  // One term after the other: what a container holds is only counted. False, and no more, where it does not know what comes.
  // fun_begins(where its size is) and fun_ends(behind it) are told, too, and found(Identifier) says whether to go on.
  template <typename Found, typename FunBegins, typename FunEnds>
  bool scan(const Found& found, const FunBegins& fun_begins, const FunEnds& fun_ends) {
    std::vector<std::uint64_t> funs;  // open ones: how many terms are left when each ends
    at_ = 1;
    for (std::uint64_t left = 1; left != 0;) {
      if (at_ >= bytes_.size()) return false;
      --left;
      switch (const std::uint64_t tag = number(1)) {
        case kSmallInteger: at_ += 1; break;
        case kInteger: at_ += 4; break;
        case kFloat: at_ += 8; break;
        case kAtom:
        case kAtomUtf8:
        case kString: at_ += number(2); break;
        case kSmallAtom:
        case kSmallAtomUtf8: at_ += number(1); break;
        case kBinary: at_ += number(4); break;
        case kBitBinary: at_ += number(4) + 1; break;
        case kSmallBig: at_ += number(1) + 1; break;
        case kLargeBig: at_ += number(4) + 1; break;
        case kNil: break;
        case kSmallTuple: left += number(1); break;
        case kLargeTuple: left += number(4); break;
        case kList: left += number(4) + 1; break;
        case kMap: left += 2 * number(4); break;
        case kExport: left += 3; break;
        case kNewFun: {
          fun_begins(at_);
          funs.push_back(left);
          at_ += 4 + 1 + 16 + 4;
          left += 4 + number(4);  // module, index, uniq, creator, and what it holds
          break;
        }
        case kNewerReference: {
          const std::uint64_t numbers = number(2);
          if (!found(identifier(0))) return true;
          at_ += 4 * numbers;
          break;
        }
        case kNewPid:
        case kV4Port:
        case kNewPort:
          if (!found(identifier(tag == kNewPort ? 4 : 8))) return true;
          break;
        default: return false;
      }
      for (; !funs.empty() && funs.back() == left; funs.pop_back()) fun_ends(at_);
    }
    return true;
  }

 private:
  std::uint64_t number(unsigned bytes) noexcept {
    std::uint64_t value = 0;
    for (; bytes != 0; --bytes) value = value << 8 | static_cast<unsigned char>(bytes_[at_++]);
    return value;
  }
  std::string_view utf8_of_latin1(std::string_view name) {
    if (std::all_of(name.begin(), name.end(), [](char each) { return static_cast<unsigned char>(each) < 0x80; }))
      return name;
    utf8_.clear();
    for (const char each : name) {
      const auto code = static_cast<unsigned char>(each);
      if (code >= 0x80) utf8_.push_back(static_cast<char>(0xC0 | code >> 6));
      utf8_.push_back(code < 0x80 ? each : static_cast<char>(0x80 | (code & 0x3F)));
    }
    return utf8_;
  }
  // The node, so many bytes, and the creation.
  Identifier identifier(std::size_t between) {
    Identifier made{.begin = at_, .end = 0, .creation = 0, .node = {}};
    const std::uint64_t tag = number(1);
    const std::uint64_t bytes = number(tag == kAtom || tag == kAtomUtf8 ? 2 : 1);
    made.node = bytes_.substr(at_, bytes);
    if (tag == kAtom || tag == kSmallAtom) made.node = utf8_of_latin1(made.node);
    made.end = at_ += bytes;
    made.creation = at_ += between;
    at_ += 4;
    return made;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string utf8_;
};

constexpr auto kNothing = [](auto...) {};

std::uint32_t number_at(std::string_view bytes, std::size_t place) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[place + i]);
  return value;
}
void put_number(char* place, std::uint32_t value) noexcept {
  for (int i = 0; i < 4; ++i) place[i] = static_cast<char>(value >> (8 * (3 - i)));
}

}  // namespace

Creator creator_of(std::string_view reference) {
  Creator creator{};
  const auto take = [&](const Scanner::Identifier& found) {
    creator = {std::string(found.node), number_at(reference, found.creation)};
    return false;
  };
  Scanner(reference).scan(take, kNothing, kNothing);
  return creator;
}

void rename_creators(std::string& bytes, const Renamed& renamed) {
  std::string made;
  std::size_t copied = 0;  // of the bytes
  const auto copy_until = [&](std::size_t end) {
    made.append(bytes, copied, end - copied);
    copied = end;
  };
  // How long what is made will be when it has everything before `place`.
  const auto length = [&](std::size_t place) { return made.size() + (place - copied); };
  const auto replace = [&](const Scanner::Identifier& found) {
    const Creator* const to = renamed(found.node, number_at(bytes, found.creation));
    if (to == nullptr) return true;
    copy_until(found.begin);
    made.push_back(static_cast<char>(kAtomUtf8));
    made.push_back(static_cast<char>(to->node.size() >> 8));
    made.push_back(static_cast<char>(to->node.size()));
    made += to->node;
    copied = found.end;
    copy_until(found.creation + 4);
    put_number(made.data() + made.size() - 4, to->creation);
    return true;
  };
  // A fun says how many bytes it has.
  struct Fun {
    std::size_t size;       // where that is,
    std::size_t size_made;  // and in what is made
  };
  std::vector<Fun> funs;
  const auto begin_fun = [&](std::size_t size) { funs.push_back({size, length(size)}); };
  const auto end_fun = [&](std::size_t end) {
    const Fun fun = funs.back();
    funs.pop_back();
    const std::size_t before = end - fun.size;
    const std::size_t now = length(end) - fun.size_made;
    if (now != before)
      put_number(made.data() + fun.size_made, static_cast<std::uint32_t>(number_at(bytes, fun.size) + now - before));
  };
  Scanner(bytes).scan(replace, begin_fun, end_fun);
  if (copied == 0) return;
  copy_until(bytes.size());
  bytes = std::move(made);
}

}  // namespace heirloom_nif
