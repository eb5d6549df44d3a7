// SPDX-License-Identifier: Apache-2.0
//
// The atoms of an external term, in each of their four forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "term/external_bytes.hpp"
#include "term/external_tags.hpp"
#include "term/pending_atoms.hpp"

namespace heirloom::term {

class ExternalAtoms {
 public:
  explicit ExternalAtoms(std::size_t new_max) noexcept : new_max_(new_max) {}

  [[nodiscard]] static bool is_atom(ExternalTag tag) noexcept;

  // The text, in UTF-8, of the atom behind its tag. Valid until the next call.
  std::string_view read_text(ExternalBytes& bytes, ExternalTag tag);
  // Its id among pending().
  std::uint32_t read(ExternalBytes& bytes, ExternalTag tag);

  [[nodiscard]] const PendingAtoms& pending() const noexcept { return pending_; }

 private:
  PendingAtoms pending_;
  std::size_t new_max_;
  std::string from_latin1_;
};

}  // namespace heirloom::term
