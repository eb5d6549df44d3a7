// SPDX-License-Identifier: Apache-2.0
//
// A mailbox alone: order, selection, time-outs, stale answers, and two receivers at once.
#include "process/mailbox.hpp"

#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "process/atoms.hpp"
#include "process/process_exit.hpp"
#include "process/reference.hpp"

namespace heirloom::process {
namespace {

constexpr Pid kOwner{1, 7};
const Deadline kNow = std::chrono::steady_clock::time_point{};

bool anything(const Message& /*message*/) { return true; }

auto is(const Term& wanted) {
  return [wanted](const Message& message) {
    const Term* term = std::get_if<Term>(&message);
    return term != nullptr && *term == wanted;
  };
}

Term term_of(const std::optional<Message>& message) { return std::get<Term>(message.value()); }

TEST(Mailbox, MessagesArriveInTheOrderInWhichTheyWerePushed) {
  Mailbox mailbox(kOwner);
  for (int number = 1; number <= 3; ++number) mailbox.push(Term(number));
  for (int number = 1; number <= 3; ++number) EXPECT_EQ(term_of(mailbox.take(anything, kNow)), Term(number));
  EXPECT_FALSE(mailbox.take(anything, kNow));
}

TEST(Mailbox, WhatSettlesAMessageRunsOnceOnTheThreadThatTakesIt) {
  Mailbox mailbox(kOwner);
  std::vector<std::thread::id> settled;
  mailbox.push(Term(1), [&] {
    mailbox.push(Term(2));  // not under the mailbox's lock
    settled.push_back(std::this_thread::get_id());
  });
  EXPECT_FALSE(mailbox.take(is(Term(2)), kNow));
  EXPECT_TRUE(settled.empty());
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), Term(1));
  EXPECT_EQ(settled, std::vector{std::this_thread::get_id()});
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), Term(2));
  EXPECT_EQ(settled.size(), 1U);
}

TEST(Mailbox, ASelectiveReceiveLeavesTheOthersInTheirOrder) {
  Mailbox mailbox(kOwner);
  for (int number = 1; number <= 3; ++number) mailbox.push(Term(number));
  EXPECT_EQ(term_of(mailbox.take(is(2), kNow)), Term(2));
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), Term(1));
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), Term(3));
}

TEST(Mailbox, AReceiverThatWaitsGetsAMessagePushedLater) {
  Mailbox mailbox(kOwner);
  mailbox.push(Term("not this one"));
  std::thread sender([&] { mailbox.push(Term("this")); });
  EXPECT_EQ(term_of(mailbox.take(is("this"), std::nullopt)), Term("this"));
  sender.join();
}

TEST(Mailbox, ThePredicateMayUseTheMailboxItself) {
  Mailbox mailbox(kOwner);
  mailbox.push(Term(1));
  const auto pushes_once = [&](const Message& message) {
    if (is(1)(message)) mailbox.push(Term(2));
    return is(2)(message);
  };
  EXPECT_EQ(term_of(mailbox.take(pushes_once, kNow)), Term(2));
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), Term(1));
}

TEST(Mailbox, EachMessageGoesToOneOfSeveralReceivers) {
  constexpr int kMessages = 2000;
  Mailbox mailbox(kOwner);
  std::set<std::int64_t> seen[2];
  const auto receive_until_done = [&](std::set<std::int64_t>& mine) {
    for (;;) {
      const Term term = term_of(mailbox.take(anything, std::nullopt));
      if (term.is_atom()) return;
      mine.insert(term.as_int64());
    }
  };
  std::thread one([&] { receive_until_done(seen[0]); });
  std::thread two([&] { receive_until_done(seen[1]); });
  for (int number = 0; number < kMessages; ++number) mailbox.push(Term(number));
  mailbox.push(Term(atoms().normal));
  mailbox.push(Term(atoms().normal));
  one.join();
  two.join();
  EXPECT_EQ(seen[0].size() + seen[1].size(), kMessages);
  seen[0].merge(seen[1]);
  EXPECT_EQ(seen[0].size(), kMessages);
}

TEST(Mailbox, AnInterruptEndsTheReceiverThatWaitsAndAllLaterOnes) {
  Mailbox mailbox(kOwner);
  std::thread killer([&] { mailbox.interrupt(Term("first")); });
  EXPECT_THROW(mailbox.take(anything, std::nullopt), ProcessExit);
  killer.join();
  mailbox.interrupt(Term("second"));
  try {
    mailbox.take(anything, kNow);
    FAIL() << "an interrupted mailbox gave a message";
  } catch (const ProcessExit& exit) {
    EXPECT_EQ(exit.reason, Term("first"));
    EXPECT_TRUE(exit.by_signal);
  }
}

TEST(Mailbox, AnAnswerThatNobodyAwaitsIsDropped) {
  Mailbox mailbox(kOwner);
  const Term reference = make_call_reference(kOwner);
  const std::uint64_t number = read_reference(reference)->number;
  mailbox.push(Term{reference, "early"});
  mailbox.await_answer(number);
  mailbox.push(Term{reference, "in time"});
  mailbox.forget_answer(number);
  mailbox.push(Term{reference, "late"});
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), (Term{reference, "in time"}));
  EXPECT_FALSE(mailbox.take(anything, kNow));
}

TEST(Mailbox, AnAnswerToSomebodyElsesCallIsAMessageLikeAnyOther) {
  Mailbox mailbox(kOwner);
  const Term passed_on{make_call_reference({1, 8}), "please answer"};
  mailbox.push(passed_on);
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), passed_on);
}

TEST(Mailbox, ManyChangesOfNamesAreOneUnreadMessage) {
  Mailbox mailbox(kOwner);
  mailbox.push_names_changed();
  mailbox.push_names_changed();
  EXPECT_EQ(term_of(mailbox.take(anything, kNow)), Term(atoms().names_changed));
  EXPECT_FALSE(mailbox.take(anything, kNow));
  mailbox.push_names_changed();
  EXPECT_TRUE(mailbox.take(anything, kNow));
}

TEST(Mailbox, AClosedMailboxRefusesMessages) {
  Mailbox mailbox(kOwner);
  mailbox.push(Term(1));
  mailbox.close();
  EXPECT_FALSE(mailbox.push(Term(2)));
  EXPECT_FALSE(mailbox.take(anything, kNow));
}

TEST(Deadline, ATimeoutBeyondTheEndOfTheClockIsNever) {
  EXPECT_FALSE(deadline_after(std::chrono::milliseconds::max()));
  EXPECT_TRUE(deadline_after(std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace heirloom::process
