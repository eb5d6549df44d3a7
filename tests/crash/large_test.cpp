// SPDX-License-Identifier: Apache-2.0
//
// Killed at every instruction of a write of a large object. Of the images in which the words of the object arrive one
// by one in a block that nobody can reach, all of the smaller one are judged, and of the larger one the first, the
// last, and some between.
#include <gtest/gtest.h>

#include "scenario.hpp"

namespace heirloom::crash {
namespace {

struct Size {
  const char* name;
  std::size_t bytes;
  std::size_t every_of_a_copy;
};

class KillAtEveryStepOfALargeObject : public ::testing::TestWithParam<std::pair<TableType, Size>> {
 protected:
  static void expect(const std::string& what, int key) {
    const auto& [type, size] = GetParam();
    const Term object{key, std::string(size.bytes, 'x')};
    expect_old_or_new_at_every_step({.name = std::string(to_string(type)) + ": " + what + " of " + size.name,
                                     .prepare =
                                         [](Session& session) {
                                           for (int each = 1; each <= 3; ++each)
                                             session.insert({each, std::string(3000, 'y')});
                                         },
                                     .operation = [object](Session& session) { session.insert(object); },
                                     .effect = [=](State& state) { state[std::to_string(key)] = to_string(object); },
                                     .max_bytes = std::uint64_t{8} << 20,
                                     .type = type,
                                     .every_of_a_copy = size.every_of_a_copy});
  }
};

TEST_P(KillAtEveryStepOfALargeObject, Insert) { expect("insert", 5); }
TEST_P(KillAtEveryStepOfALargeObject, Overwrite) { expect("overwrite", 2); }

constexpr Size kFewPages{"5 KB", 5000, kEveryImage};
constexpr Size kManyPages{"300 KB", 300'000, 2000};
INSTANTIATE_TEST_SUITE_P(Types, KillAtEveryStepOfALargeObject,
                         ::testing::Values(std::pair(TableType::set, kFewPages),
                                           std::pair(TableType::ordered_set, kFewPages),
                                           std::pair(TableType::set, kManyPages)),
                         [](const auto& each) {
                           return std::string(to_string(each.param.first)) + "_" +
                                  std::to_string(each.param.second.bytes);
                         });

}  // namespace
}  // namespace heirloom::crash
