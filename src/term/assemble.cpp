// SPDX-License-Identifier: Apache-2.0
#include "term/assemble.hpp"

#include <array>
#include <string>

#include <boost/container/small_vector.hpp>

#include "base/assert.hpp"
#include "term/atom_translation.hpp"
#include "term/block.hpp"

namespace heirloom::term {

namespace {

Extent extent_of(std::span<const Part> parts) noexcept {
  Extent sum{1, 0};
  for (const Part& part : parts) {
    const Extent extent = term::extent_of(part.run);
    sum.term_words += extent.term_words;
    sum.payload_words += extent.payload_words;
  }
  return sum;
}

}  // namespace

Term assemble(Kind kind, std::uint64_t size, std::span<const Part> parts) {
  const Extent extent = extent_of(parts);
  Term result = Term::uninitialized(extent.total());
  Word* block = result.writable_block().data();
  block[0] = make_reference(kind, size, size != 0);
  BlockWriter writer(block, extent, 1, 1 + element_words(block[0]));
  boost::container::small_vector<Part, 8> level(parts.begin(), parts.end());
  while (!level.empty()) {
    // Parts that have no further level are dropped, so that one deep part among many flat ones costs what it holds.
    std::size_t kept = 0;
    for (const Part& part : level) {
      ToProgram map{part.atoms};
      if (const Run next = writer.put(part.run, map); !next.empty()) level[kept++] = {next, part.atoms};
    }
    level.resize(kept, level.front());
  }
  return result;
}

Term with_element(TermView tuple, std::size_t position, TermView value) {
  if (!tuple.is_tuple()) throw Error(ErrorCode::type, "replace an element", "the term is no tuple");
  const std::size_t size = tuple.size();
  if (position == 0 || position > size) {
    throw Error(ErrorCode::position, "replace an element",
                "a tuple of " + std::to_string(size) + " elements has none at position " + std::to_string(position));
  }
  const Word* elements = elements_of(tuple.base(), tuple.word());
  const Word replacement = value.word();
  const std::array<Part, 3> parts{{
      {{tuple.base(), elements, elements + position - 1}, tuple.atoms()},
      Part::of(value, replacement),
      {{tuple.base(), elements + position, elements + size}, tuple.atoms()},
  }};
  return assemble(Kind::tuple, size, parts);
}

}  // namespace heirloom::term
