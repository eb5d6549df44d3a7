// SPDX-License-Identifier: Apache-2.0
#include "byte_mutator.hpp"

#include <array>

#include "term/external_tags.hpp"

namespace heirloom::oracle {

namespace {

using Tag = term::ExternalTag;

constexpr std::array<Tag, 29> kTags = {Tag::new_float,
                                       Tag::bit_binary,
                                       Tag::compressed,
                                       Tag::new_pid,
                                       Tag::new_port,
                                       Tag::newer_reference,
                                       Tag::small_integer,
                                       Tag::integer,
                                       Tag::float_text,
                                       Tag::reference,
                                       Tag::port,
                                       Tag::pid,
                                       Tag::small_tuple,
                                       Tag::large_tuple,
                                       Tag::nil,
                                       Tag::string,
                                       Tag::list,
                                       Tag::binary,
                                       Tag::small_big,
                                       Tag::large_big,
                                       Tag::new_fun,
                                       Tag::fun_export,
                                       Tag::atom_latin1,
                                       Tag::new_reference,
                                       Tag::map,
                                       Tag::small_atom_latin1,
                                       Tag::atom_utf8,
                                       Tag::v4_port,
                                       Tag::small_atom_utf8};

}  // namespace

char ByteMutator::byte() {
  switch (below(3)) {
    case 0: return static_cast<char>(kTags[below(kTags.size())]);
    case 1: return static_cast<char>(below(5));
    default: return static_cast<char>(random_());
  }
}

void ByteMutator::mutate(std::string& bytes, const std::string& other) {
  const std::size_t at = 1 + below(bytes.size());
  const std::size_t left = bytes.size() - std::min(at, bytes.size());
  const std::size_t few = std::min<std::size_t>(left, 1 + below(8));
  switch (below(8)) {
    case 0: bytes.insert(std::min(at, bytes.size()), 1, byte()); break;
    case 1: bytes.erase(std::min(at, bytes.size()), few); break;
    case 2: bytes.insert(std::min(at, bytes.size()), bytes.substr(std::min(at, bytes.size()), few)); break;
    case 3: bytes.resize(std::max<std::size_t>(1, bytes.size() - few)); break;
    case 4: bytes.insert(std::min(at, bytes.size()), other.substr(1)); break;
    default:
      if (left != 0) bytes[at] = below(3) == 0 ? static_cast<char>(bytes[at] ^ (1 << below(8))) : byte();
  }
}

std::string ByteMutator::mutated(std::string bytes, const std::string& other) {
  for (std::uint64_t count = 1 + below(3); count > 0; --count) mutate(bytes, other);
  return bytes;
}

}  // namespace heirloom::oracle
