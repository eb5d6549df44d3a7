// SPDX-License-Identifier: Apache-2.0
//
// Strategy: random objects come out of their bytes as they went in, whatever is the key; damaged bytes are refused, or become a
// block in which no reference leads outside.
#include "term/packing.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "heirloom/error.hpp"

#include "term/block.hpp"
#include "term/random_term.hpp"
#include "term/validate.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

std::uint32_t same(std::uint32_t id) { return id; }

// A block of an object's key alone, as a table has it beside the bytes.
struct Packed {
  Packed(const Term& object, std::uint64_t of_key)
      : bytes(pack(object.block().data(), object.block().size(), of_key)),
        pair{Term(object.element(of_key)), Term(bytes)},
        position(of_key) {}
  [[nodiscard]] Term unpack(std::string_view from) const {
    return term::unpack(from, {pair.block(), pair.block()[1], position}, same);
  }
  std::string bytes;
  Term pair;
  std::uint64_t position;
};

Term round_trip(const Term& object, std::uint64_t position = 1) {
  const Packed packed(object, position);
  return packed.unpack(packed.bytes);
}

RC_GTEST_PROP(Packing, BringsBackObjectsWhateverIsTheKey, (const std::vector<Term>& elements)) {
  const Term object = tuple(elements);
  for (std::uint64_t position = 1; position <= elements.size(); ++position) {
    const Term back = round_trip(object, position);
    RC_ASSERT(back == object);
    RC_ASSERT(std::equal(back.block().begin(), back.block().end(), object.block().begin(), object.block().end()));
  }
}

TEST(Packing, BringsBackWhatIsLong) {
  std::string noise;
  std::mt19937_64 random(7);
  while (noise.size() < 100'000) noise.push_back(static_cast<char>(random()));
  const std::string bits(std::size_t{40} << 20, '\x5a');  // a size that escapes its field
  EXPECT_EQ(round_trip({1, std::string(100'000, 'x'), noise}), (Term{1, std::string(100'000, 'x'), noise}));
  EXPECT_EQ(round_trip({noise, 1}), (Term{noise, 1}));
  EXPECT_EQ(round_trip({1, bitstring(bits, bits.size() * 8 - 3)}), (Term{1, bitstring(bits, bits.size() * 8 - 3)}));
  EXPECT_EQ(round_trip({bitstring(bits, bits.size() * 8 - 3), 1}), (Term{bitstring(bits, bits.size() * 8 - 3), 1}));
}

TEST(Packing, TakesAByteOrTwoForSmallThings) {
  std::vector<Term> hundred;
  for (int i = 1; i <= 100; ++i) hundred.emplace_back(i);
  EXPECT_LE(Packed({1, list(hundred)}, 1).bytes.size(), 110U);
  EXPECT_LE(Packed({"a long key that lies beside the bytes", "a"_atom, "text"}, 1).bytes.size(), 16U);
  EXPECT_LE(Packed({1, std::string(10'000, 'x')}, 1).bytes.size(), 50U);
}

TEST(Packing, MapsTheAtomsOfAllElements) {
  const Term object{"a"_atom, {"b"_atom, Term(1)}, "a"_atom};
  const Packed packed(object, 1);
  const auto swap = [](std::uint32_t id) { return id == "a"_atom.id() ? "b"_atom.id() : "a"_atom.id(); };
  EXPECT_EQ(unpack(packed.bytes, {packed.pair.block(), packed.pair.block()[1], 1}, swap),
            (Term{"b"_atom, {"a"_atom, Term(1)}, "b"_atom}));
}

// Whether every reference leads into the block.
bool is_sound(const Term& term) {
  const auto block = term.block();
  bool sound = true;
  for_each_word(block.data(), [&](Word word) {
    if (!is_reference(word) || size_field(word) == 0) return;
    const std::uint64_t words = is_container(word) ? element_words(word) : payload_words(block.data(), word);
    sound &= offset_field(word) <= block.size() && words <= block.size() - offset_field(word);
  });
  return sound;
}

RC_GTEST_PROP(Packing, RefusesDamageOrStaysInside, (std::vector<Term> elements, std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  if (seed % 4 == 0) elements.emplace_back(std::string(300 + random() % 300, 'x'));  // zstd's bytes, too
  if (elements.empty()) return;
  const Packed packed(tuple(elements), 1 + random() % elements.size());
  for (int round = 0; round < 100; ++round) {
    std::string bytes = packed.bytes;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      switch (random() % 3) {
        case 0: bytes[random() % bytes.size()] = static_cast<char>(random()); break;
        case 1: bytes.resize(1 + random() % bytes.size()); break;
        default: bytes.insert(random() % bytes.size(), 1, static_cast<char>(random())); break;
      }
    }
    try {
      RC_ASSERT(is_sound(packed.unpack(bytes)));
    } catch (const Error& error) {
      RC_ASSERT(error.code() == ErrorCode::corrupt);
    }
  }
}

}  // namespace
}  // namespace heirloom::term
