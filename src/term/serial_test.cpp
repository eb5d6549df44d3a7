// SPDX-License-Identifier: Apache-2.0
//
// What is serialized comes back; what is damaged in transit is a Failure or another well-formed term, never a crash.
#include "term/serial.hpp"

#include <random>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "term/other_space.hpp"
#include "term/random_term.hpp"
#include "term/validate.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

RC_GTEST_PROP(Serial, BringsBackWhatWasSent, (const Term& term)) {
  const auto received = deserialize(serialize(term));
  RC_ASSERT(received.ok());
  RC_ASSERT(*received == term);
}

RC_GTEST_PROP(Serial, SendsTheSameBytesFromEverySpace, (const Term& term)) {
  OtherSpace space;
  const auto block = space.block_of(term);
  RC_ASSERT(serialize(TermView::of_block(block.data(), &space)) == serialize(term));
}

TEST(Serial, RefusesEveryTruncatedMessage) {
  const std::string bytes = serialize(parse("{a, <<\"some bytes\">>, #{b => 1.5}, [c|d], 18446744073709551616}"));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(deserialize(bytes.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(deserialize(bytes + '\0').ok());
  EXPECT_TRUE(deserialize(bytes).ok());
}

TEST(Serial, RefusesClaimsThatTheLengthDoesNotBearOut) {
  std::string bytes = serialize(Term("a"_atom));
  for (const std::size_t field : {4U, 8U}) {
    std::string claim = bytes;
    claim.replace(field, 4, "\xFF\xFF\xFF\xFF");
    EXPECT_FALSE(deserialize(claim).ok());
  }
}

TEST(Serial, RefusesAtomsThatAreNoAtomsOrNotUsed) {
  const auto message = [](std::string_view text, std::uint32_t atoms, Word word) {
    std::string bytes("HLT\x01", 4);
    bytes.append(reinterpret_cast<const char*>(&atoms), 4);
    const std::uint64_t words = 1;
    bytes.append(reinterpret_cast<const char*>(&words), 8);
    for (std::uint32_t i = 0; i < atoms; ++i) {
      const auto size = static_cast<std::uint16_t>(text.size());
      bytes.append(reinterpret_cast<const char*>(&size), 2);
      bytes += text;
    }
    bytes.append(reinterpret_cast<const char*>(&word), 8);
    return bytes;
  };
  EXPECT_EQ(*deserialize(message("a", 1, make_atom(0))), Term("a"_atom));
  EXPECT_FALSE(deserialize(message("\xFF", 1, make_atom(0))).ok());
  EXPECT_FALSE(deserialize(message(std::string(256, 'a'), 1, make_atom(0))).ok());
  EXPECT_FALSE(deserialize(message("a", 1, make_atom(1))).ok());
  EXPECT_FALSE(deserialize(message("a", 2, make_atom(0))).ok());
  EXPECT_FALSE(deserialize(message("a", 1, make_small(0))).ok());
  EXPECT_FALSE(deserialize("").ok());
  EXPECT_FALSE(deserialize("HLT\x02").ok());
}

RC_GTEST_PROP(Serial, MakesOfDamagedBytesAWellFormedTermOrNone, (const Term& term, std::uint64_t seed)) {
  std::mt19937_64 random(seed);
  std::string bytes = serialize(term);
  for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
    bytes[random() % bytes.size()] = static_cast<char>(random() % 3 == 0 ? 0xFF : random());
  }
  const auto received = deserialize(bytes);
  if (received.ok()) {
    RC_ASSERT(validate_block(received->block(), Atom::kAtomsMax, nullptr).ok());
  } else {
    RC_ASSERT(received.failure().code == ErrorCode::syntax);
  }
}

}  // namespace
}  // namespace heirloom::term
