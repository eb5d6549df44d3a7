// SPDX-License-Identifier: Apache-2.0
//
// For tests: a dictionary of atoms as a segment has one, with ids of its own, and terms copied into it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heirloom/term.hpp"

#include "term/block.hpp"

namespace heirloom::term {

class OtherSpace final : public AtomSpace {
 public:
  [[nodiscard]] std::string_view text(std::uint32_t id) const override { return texts_[id - kFirst]; }
  [[nodiscard]] std::uint32_t count() const noexcept { return kFirst + static_cast<std::uint32_t>(texts_.size()); }

  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const {
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (texts_[i] == text) return kFirst + static_cast<std::uint32_t>(i);
    }
    return std::nullopt;
  }
  std::uint32_t id_of(std::string_view text) {
    if (const auto id = find(text)) return *id;
    texts_.emplace_back(text);
    return count() - 1;
  }

  // The block of a term with the ids of this space. Its root has an offset as the table might put there.
  std::vector<Word> block_of(const Term& term) {
    std::vector<Word> block(term.block().begin(), term.block().end());
    translate_atoms(block.data(), [&](std::uint32_t id) { return id_of(Atom::from_id(id).text()); });
    if (is_kind(block[0], Kind::tuple) && size_field(block[0]) != 0) block[0] = with_offset(block[0], 0x5A5A5A5);
    return block;
  }

 private:
  static constexpr std::uint32_t kFirst = 1000000;  // no id of this program
  std::vector<std::string> texts_;
};

}  // namespace heirloom::term
