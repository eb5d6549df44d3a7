// SPDX-License-Identifier: Apache-2.0
//
// For tests that are the same for each type of table: a node, and a table of the type in it.
#pragma once

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "node/helper_program.hpp"

namespace heirloom::node {

class EachTypeTest : public NodeDirectoryTest, public testing::WithParamInterface<TableType> {
 protected:
  EachTypeTest() : opened_(Node::open(node())), table_(opened_.create(Atom("table"), {.type = GetParam()})) {}
  [[nodiscard]] static bool is_bag() { return GetParam() == TableType::bag || GetParam() == TableType::duplicate_bag; }
  [[nodiscard]] static bool is_ordered() { return GetParam() == TableType::ordered_set; }
  // Of each key one object, in a bag two.
  void fill(int keys) {
    for (int key = 0; key < keys; ++key) {
      table_.insert({key, "first"});
      if (is_bag()) table_.insert({key, "second"});
    }
  }
  [[nodiscard]] static std::size_t objects_a_key() { return is_bag() ? 2 : 1; }

  Node opened_;
  Table table_;
};

}  // namespace heirloom::node
