// SPDX-License-Identifier: Apache-2.0
//
// Segments: the tables' files as the manager handles them: it makes them, writes their owners into them, sets aside those
// that cannot be opened, and removes them. It never looks at an object.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "node/directory.hpp"
#include "shm/peers.hpp"
#include "table/table.hpp"
#include "wire/messages.hpp"

namespace heirloom::node {

class Segments {
 public:
  Segments(std::shared_ptr<const Directory> directory, shm::Attachment attachment)
      : directory_(std::move(directory)), attachment_(std::move(attachment)) {}

  // Beside the others first, then renamed: no death leaves a half-made one under its name.
  Status create(const wire::TableFacts& table);
  void set_owner(const wire::TableFacts& table);
  void remove(const std::string& id);

  // -- for adoption --

  // Ids of the segments that are there; removes what was never finished.
  std::vector<std::string> list();
  enum class State { usable, unused, deleted, broken };
  struct Found {
    State state;
    wire::TableFacts facts;  // as the segment itself tells them; only when usable
    std::string why;         // what is broken
  };
  // `unused`: made, but never given to an owner.
  Found inspect(const std::string& id);
  // Moves it to `broken/`.
  Status set_aside(const std::string& id);

  void abandon() noexcept { open_.clear(); }

 private:
  Result<std::shared_ptr<table::Table>> open(const std::string& id);

  std::shared_ptr<const Directory> directory_;
  shm::Attachment attachment_;
  std::map<std::string, std::shared_ptr<table::Table>> open_;
};

}  // namespace heirloom::node
