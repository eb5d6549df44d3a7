// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write by the way of which memory goes back to the system: free blocks are set aside, what lives
// among them moves, and runs that were given back are taken again for other sizes.
#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "child.hpp"
#include "scenario.hpp"

namespace heirloom::crash {
namespace {

constexpr std::size_t kObjects = 704;
constexpr std::uint64_t kMaxBytes = std::uint64_t{4} << 20;

struct Kind {
  const char* name;
  TableType type;
  bool compressed;
};

const std::vector<std::int64_t>& keys() {
  static const std::vector<std::int64_t> all = keys_of(kStripe, kObjects);
  return all;
}

// Half a KB, and of a bag two of them; what cannot be compressed.
std::vector<Term> objects_of_key(std::size_t index, const Kind& kind) {
  std::uint64_t state = index + 1;
  std::string text(400, ' ');
  for (char& each : text)
    each =
        static_cast<char>('a' + (state = state * 6364136223846793005 + 1442695040888963407) / (std::uint64_t{1} << 60));
  std::vector<Term> objects{{keys()[index], 1, text}};
  if (is_bag(kind.type)) objects.push_back({keys()[index], 2, text});
  return objects;
}

void insert_all(Session& session, const Kind& kind) {
  for (std::size_t i = 0; i < kObjects; ++i) {
    for (const Term& object : objects_of_key(i, kind)) session.insert(object);
  }
}

// All but each eighth of the objects that lie beside each other: of each run one stays, or it would go without a move.
constexpr std::size_t kStaysOf = 8;
constexpr std::size_t kDeletes = kObjects / kStaysOf * (kStaysOf - 1);
Term deleted(std::size_t number) {
  return Term(keys().at(number / (kStaysOf - 1) * kStaysOf + number % (kStaysOf - 1)));
}

struct Seen {
  std::uint64_t drained;
  std::uint64_t pages_free;
};
Seen look(const Session& session) {
  const auto& header = session.segment();
  const auto* stripes =
      reinterpret_cast<const shm::Stripe*>(reinterpret_cast<const std::byte*>(&header) + header.stripes);
  std::uint64_t drained = 0;
  for (std::uint32_t i = 0; i < header.stripe_count; ++i) drained += stripes[i].drained;
  return {drained, header.pages_free.load()};
}

using Wanted = std::function<bool(const Seen& before, const Seen& after)>;

// How many deletes come before the first one that does that: found by making them in a table of their own.
std::size_t deletes_before(const Kind& kind, const Wanted& wanted) {
  Helper process([&] {
    const ScratchDirectory directory;
    create_table(directory.descriptor(), kMaxBytes, kind.type, kind.compressed);
    Session session(directory.descriptor());
    insert_all(session, kind);
    for (std::size_t number = 0; number < kDeletes; ++number) {
      const Seen before = look(session);
      session.erase(deleted(number));
      if (wanted(before, look(session))) return std::to_string(number);
    }
    return std::string("! no delete does it");
  });
  const std::string result = process.result();
  if (result.empty() || result.front() == '!') throw std::runtime_error("draining: " + result);
  return std::stoul(result);
}

void expect_sound_delete(const Kind& kind, const std::string& what, const Wanted& wanted) {
  const std::size_t before = deletes_before(kind, wanted);
  expect_old_or_new_at_every_step({.name = std::string(kind.name) + ": delete that " + what,
                                   .prepare =
                                       [&](Session& session) {
                                         insert_all(session, kind);
                                         for (std::size_t i = 0; i < before; ++i) session.erase(deleted(i));
                                       },
                                   .operation = [key = deleted(before)](Session& session) { session.erase(key); },
                                   .effect = [&](State& state) { state.erase(to_string(deleted(before))); },
                                   .max_bytes = kMaxBytes,
                                   .type = kind.type,
                                   .compressed = kind.compressed});
}

class DrainAtEveryStep : public ::testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(KillAtEveryStep, DrainAtEveryStep,
                         ::testing::Values(Kind{"set", TableType::set, false},
                                           Kind{"ordered_set", TableType::ordered_set, false},
                                           Kind{"bag", TableType::bag, false}),
                         [](const auto& param) { return param.param.name; });

TEST_P(DrainAtEveryStep, DeleteThatBeginsToDrain) {
  expect_sound_delete(GetParam(), "drains runs and moves what lives in them",
                      [](const Seen& before, const Seen& after) { return after.drained > before.drained; });
}

TEST_P(DrainAtEveryStep, DeleteThatGivesRunsBack) {
  expect_sound_delete(GetParam(), "gives runs back",
                      [](const Seen& before, const Seen& after) { return after.pages_free > before.pages_free; });
}

TEST(KillAtEveryStep, InsertThatTakesAFreeRun) {
  const Kind kind{"set", TableType::set, false};
  const std::string object = "{" + std::to_string(keys()[0]) + ",<<\"" + std::string(5000, 'x') + "\">>}";
  expect_old_or_new_at_every_step({.name = "insert that takes a free run",
                                   .prepare =
                                       [&](Session& session) {
                                         insert_all(session, kind);
                                         for (std::size_t i = 0; i < kDeletes; ++i) session.erase(deleted(i));
                                         if (look(session).pages_free < 2) throw std::runtime_error("no run is free");
                                       },
                                   .operation = [term = parse(object)](Session& session) { session.insert(term); },
                                   .effect = [&](State& state) { state[std::to_string(keys()[0])] = object; },
                                   .max_bytes = kMaxBytes});
}

// Where no memory is left at all, not even for a list of what is retired: what moves has to make its own room, and is copied into
// blocks that no magazine lists.
constexpr std::size_t kBytesBefore = 400;
constexpr std::size_t kBytesAfter = 5000;

// As many objects as there is room for, then smaller ones, down to the last block. Returns how many of the first.
std::size_t fill_to_the_last_block(Session& session) {
  session.insert({keys().back(), std::string(800'000, 'b')});  // so that there are not many
  std::size_t first = 0;
  std::size_t next = 0;
  for (std::size_t bytes = kBytesBefore; bytes != 0; bytes /= 2) {
    try {
      for (; next + 1 < kObjects; ++next) session.insert({keys()[next], std::string(bytes, 'x')});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;
    }
    if (first == 0) first = next;
  }
  return first;
}

TEST(KillAtEveryStep, InsertThatMakesRoomInAFullTable) {
  const std::string object = "{" + std::to_string(keys()[0]) + ",<<\"" + std::string(kBytesAfter, 'y') + "\">>}";
  expect_old_or_new_at_every_step({.name = "insert that makes room for another size in a full table",
                                   .prepare =
                                       [](Session& session) {
                                         const std::size_t count = fill_to_the_last_block(session);
                                         for (std::size_t i = 1; i < count; i += 2) session.erase(Term(keys()[i]));
                                         if (look(session).pages_free != 0)
                                           throw std::runtime_error("there is room already");
                                       },
                                   .operation = [term = parse(object)](Session& session) { session.insert(term); },
                                   .effect = [&](State& state) { state[std::to_string(keys()[0])] = object; },
                                   .max_bytes = std::uint64_t{1} << 20,
                                   .full = true});
}

}  // namespace
}  // namespace heirloom::crash
