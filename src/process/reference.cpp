// SPDX-License-Identifier: Apache-2.0
#include "process/reference.hpp"

#include <array>
#include <atomic>
#include <limits>
#include <span>

#include "term/word.hpp"

namespace heirloom::process {

namespace {

constexpr std::size_t kPlainWords = 2;
constexpr std::size_t kCallWords = 3;
constexpr std::uint64_t kIndexMax = std::numeric_limits<std::uint32_t>::max();

Term make(std::size_t words, Pid maker) {
  static std::atomic<std::uint64_t> numbers{1};
  const std::array<std::uint64_t, 1 + kCallWords> block = {term::make_reference(term::Kind::reference, words, 1),
                                                           maker.program, numbers.fetch_add(1),
                                                           std::uint64_t{1} + maker.index};
  return Term::from_block(std::span(block).first(1 + words));
}

}  // namespace

Term make_reference(std::uint32_t program) { return make(kPlainWords, {program, 0}); }
Term make_call_reference(Pid caller) { return make(kCallWords, caller); }

std::optional<Reference> read_reference(TermView term) {
  if (!term::is_kind(term.word(), term::Kind::reference)) return std::nullopt;
  const std::uint64_t size = term::size_of(term.base(), term.word());
  const std::uint64_t* words = term::payload_of(term.base(), term.word());
  if (size != kPlainWords && size != kCallWords) return std::nullopt;
  if (words[0] > kIndexMax) return std::nullopt;
  Reference reference{static_cast<std::uint32_t>(words[0]), words[1], std::nullopt};
  if (size == kCallWords) {
    const std::uint64_t index = words[2] - 1;
    if (index > kIndexMax) return std::nullopt;
    reference.caller = Pid{reference.program, static_cast<std::uint32_t>(index)};
  }
  return reference;
}

}  // namespace heirloom::process
