// SPDX-License-Identifier: Apache-2.0
//
// The atoms of a message that is being read. Those that this program has keep their ids; new ones get ids beyond, and become
// atoms, which stay for good, only once the whole message has proved right.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "heirloom/atom.hpp"

#include "term/atom_table.hpp"

namespace heirloom::term {

class PendingAtoms final : public AtomSpace {
 public:
  [[nodiscard]] std::string_view text(std::uint32_t id) const override {
    return id < Atom::kAtomsMax ? AtomTable::instance().text(id) : new_texts_[id - Atom::kAtomsMax];
  }

  [[nodiscard]] std::size_t new_count() const noexcept { return new_texts_.size(); }

  // The id of an atom that the program has, or that was added.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const {
    if (const auto id = AtomTable::instance().find(text)) return id;
    const auto found = new_ids_.find(text);
    return found == new_ids_.end() ? std::nullopt : std::optional(found->second);
  }

  // Requires the text of an atom that find() does not know.
  std::uint32_t add(std::string_view text) {
    const auto id = static_cast<std::uint32_t>(Atom::kAtomsMax + new_texts_.size());
    new_texts_.emplace_back(text);
    new_ids_.emplace(new_texts_.back(), id);
    return id;
  }

  // The id that an atom has in this program, which now gets it. Throws Error{system_limit} as the constructor of Atom.
  [[nodiscard]] std::uint32_t settle(std::uint32_t id) const {
    return id < Atom::kAtomsMax ? id : AtomTable::instance().intern(new_texts_[id - Atom::kAtomsMax]);
  }

 private:
  std::deque<std::string> new_texts_;
  std::unordered_map<std::string_view, std::uint32_t> new_ids_;
};

}  // namespace heirloom::term
