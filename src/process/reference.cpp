// SPDX-License-Identifier: Apache-2.0
#include "process/reference.hpp"

#include <array>
#include <atomic>
#include <limits>
#include <span>

#include "term/word.hpp"

namespace heirloom::process {

namespace {

constexpr std::uint64_t kAwaited = 1;
constexpr std::size_t kPlainWords = 2;
constexpr std::size_t kCallWords = 3;

}  // namespace

Term make_reference(std::uint32_t program, Purpose purpose) {
  static std::atomic<std::uint64_t> numbers{1};
  const std::size_t words = purpose == Purpose::call ? kCallWords : kPlainWords;
  const std::array<std::uint64_t, 1 + kCallWords> block = {
      term::make_reference(term::Kind::reference, words, 1), program, numbers.fetch_add(1), kAwaited};
  return Term::from_block(std::span(block).first(1 + words));
}

std::optional<Reference> read_reference(TermView term) {
  if (!term::is_kind(term.word(), term::Kind::reference)) return std::nullopt;
  const std::uint64_t size = term::size_of(term.base(), term.word());
  const std::uint64_t* words = term::payload_of(term.base(), term.word());
  const bool is_call = size == kCallWords && words[2] == kAwaited;
  if (!is_call && size != kPlainWords) return std::nullopt;
  if (words[0] > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return Reference{static_cast<std::uint32_t>(words[0]), words[1], is_call ? Purpose::call : Purpose::plain};
}

}  // namespace heirloom::process
