// SPDX-License-Identifier: Apache-2.0
#include "process/reference.hpp"

#include <gtest/gtest.h>

#include "term/serial.hpp"

namespace heirloom::process {
namespace {

TEST(Reference, NoTwoAreEqual) { EXPECT_FALSE(make_reference(1) == make_reference(1)); }

TEST(Reference, WhatWasMadeCanBeRead) {
  const Term plain = make_reference(12);
  const Term of_call = make_call_reference({13, 4});
  EXPECT_EQ(read_reference(plain)->program, 12U);
  EXPECT_EQ(read_reference(plain)->caller, std::nullopt);
  EXPECT_EQ(read_reference(of_call)->program, 13U);
  EXPECT_EQ(read_reference(of_call)->caller, (Pid{13, 4}));
  EXPECT_GT(read_reference(of_call)->number, read_reference(plain)->number);
}

TEST(Reference, ItIsReadInsideOtherTermsToo) {
  const Term reference = make_reference(12);
  const Term message{"DOWN", reference, 4.5};
  EXPECT_EQ(read_reference(message.element(2))->number, read_reference(reference)->number);
  EXPECT_EQ(message.element(2), reference);
}

TEST(Reference, ItSurvivesTheWayToAnotherProgram) {
  const Term reference = make_call_reference({12, 0});
  const Result<Term> received = term::deserialize(term::serialize(reference));
  ASSERT_TRUE(received);
  EXPECT_EQ(*received, reference);
  EXPECT_EQ(read_reference(*received)->caller, (Pid{12, 0}));
}

TEST(Reference, OtherTermsAreNone) {
  for (const Term& term : {Term(1), Term("text"), Term(Atom("atom")), Term(Pid{1, 2}), Term{1, 2}, Term()}) {
    EXPECT_FALSE(read_reference(term)) << term;
  }
}

}  // namespace
}  // namespace heirloom::process
