// SPDX-License-Identifier: Apache-2.0
//
// The term that bytes begin with, whatever is behind it: what binary_to_term/1 reads, while from_external() takes nothing more
// than the term.
#pragma once

#include <cstddef>
#include <string_view>

#include "heirloom/external.hpp"

namespace heirloom::term {

struct ExternalPrefix {
  Term term;
  std::size_t new_atoms;  // that the program did not have before
};

// Throws as from_external().
[[nodiscard]] ExternalPrefix read_external_prefix(std::string_view bytes, const InputLimits& limits);

}  // namespace heirloom::term
