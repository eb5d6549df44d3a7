// SPDX-License-Identifier: Apache-2.0
//
// Segments: the tables' files as the manager handles them: it makes them, writes their owners into them, sets aside those
// that cannot be opened, and removes them. It never looks at an object.
#pragma once

#include <map>
#include <memory>
#include <set>
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

  // Beside the others first, then renamed: no death leaves a half-made one under its name. Opens it.
  Status create(const wire::TableFacts& table);
  // What follows needs the segment open; then it cannot fail but for a file that somebody took away.
  Status open(const std::string& id);
  // The generation that the header has then; a higher one was stored by a manager that could not record it any more.
  Result<std::uint64_t> set_owner(const wire::TableFacts& table);
  // When it cannot be opened it only loses its name, and the rest is done by another call.
  Status remove(const std::string& id);
  // Moves it to `broken/`.
  Status set_aside(const std::string& id);

  // Gives back the descriptors of segments that were opened before: each is opened again when it is needed.
  void close_all() noexcept { open_.clear(); }

  // -- for adoption --

  struct Names {
    std::vector<std::string> segments;  // ids, in the order in which they were given
    std::vector<std::string> deleted;   // ids of those whose removal had begun
  };
  // Removes what was never finished. Fails when it cannot look.
  Result<Names> list();
  enum class State { usable, unused, deleted, broken, not_now };
  struct Found {
    State state;
    wire::TableFacts facts;  // as the segment itself tells them; only when usable
    Failure why{};           // what is broken, or why it cannot be looked at now
  };
  // `unused`: made, but never given to an owner.
  Found inspect(const std::string& id);

 private:
  Result<std::shared_ptr<table::Table>> open_segment(const std::string& id);
  Result<std::shared_ptr<table::Table>> open_file(const std::string& name);

  std::shared_ptr<const Directory> directory_;
  shm::Attachment attachment_;
  std::map<std::string, std::shared_ptr<table::Table>> open_;
  std::set<std::string> written_;  // ids of those whose owner this manager has stored
};

}  // namespace heirloom::node
