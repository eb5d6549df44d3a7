// SPDX-License-Identifier: Apache-2.0
//
// TableHandle: what a public Table holds on to.
#pragma once

#include <memory>
#include <string>

#include "heirloom/atom.hpp"

#include "table/table.hpp"

namespace heirloom::node {

class Runtime;

class TableHandle {
 public:
  std::shared_ptr<Runtime> runtime;
  std::shared_ptr<table::Table> table;
  std::string id;
  Atom name;
};

}  // namespace heirloom::node
