// SPDX-License-Identifier: Apache-2.0
#include "term/fun.hpp"

#include <limits>

namespace heirloom::term {

namespace {

bool is_between(Word word, std::int64_t least, std::int64_t most) noexcept {
  return is_small(word) && small_value(word) >= least && small_value(word) <= most;
}

bool is_int32(Word word) noexcept {
  return is_between(word, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
}

bool is_uint32(Word word) noexcept { return is_between(word, 0, std::numeric_limits<std::uint32_t>::max()); }

}  // namespace

const char* check_fun(std::uint64_t size, const Word* elements) noexcept {
  if (size == kExportElements) {
    const bool right = is_atom(elements[0]) && is_atom(elements[1]) && is_between(elements[2], 0, kArityMax);
    return right ? nullptr : "an export has a module, a function and an arity";
  }
  if (size < kFunFree || size > kFunFree + kFunFreeMax) return "a fun has 7 elements and up to 255 free variables";
  if (!is_atom(elements[kFunIdentity]) || !is_int32(elements[kFunIdentity + 1]) ||
      !is_int32(elements[kFunIdentity + 2])) {
    return "a fun begins with a module and two numbers of 32 bits";
  }
  if (!is_between(elements[kFunVersion], 0, kArityMax) || !is_uint32(elements[kFunVersion + 1])) {
    return "the arity of a fun fits a byte, its index 32 bits";
  }
  const Word uniq = elements[kFunUniq];
  if (!is_kind(uniq, Kind::binary) || size_field(uniq) != kFunUniqBytes) return "the uniq of a fun is 16 bytes";
  return is_kind(elements[kFunCreator], Kind::creator) ? nullptr : "the creator of a fun is there";
}

}  // namespace heirloom::term
