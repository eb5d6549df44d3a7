// SPDX-License-Identifier: Apache-2.0
//
// The values of an external term that hold no others; each function reads what comes behind the tag, which began at `begin`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "heirloom/term.hpp"

#include "term/external_atoms.hpp"
#include "term/external_bytes.hpp"
#include "term/external_tags.hpp"
#include "term/word.hpp"

namespace heirloom::term {

class ExternalLeaves {
 public:
  // Both must outlive it.
  ExternalLeaves(ExternalBytes& bytes, ExternalAtoms& atoms) noexcept : bytes_(bytes), atoms_(atoms) {}

  [[nodiscard]] static bool is_number(ExternalTag tag) noexcept;
  [[nodiscard]] static bool is_bitstring(ExternalTag tag) noexcept;
  [[nodiscard]] static std::optional<Kind> kind_of_identifier(ExternalTag tag) noexcept;

  Term read_number(ExternalTag tag, std::size_t begin);
  Term read_bitstring(ExternalTag tag, std::size_t begin);
  Term read_identifier(Kind kind, ExternalTag tag, std::size_t begin);

  // These read the tag too, of a value that must be of one kind.
  Word read_atom(const char* what);
  Word read_small(const char* what, std::int64_t least, std::int64_t most);
  Term read_creator();

 private:
  Term read_large(std::size_t length, std::size_t begin);
  Term read_float_text(std::size_t begin);
  std::uint32_t read_count(Kind kind, ExternalTag tag, std::size_t begin);
  std::string read_node();
  std::uint32_t read_creation(ExternalTag tag, std::size_t begin);

  ExternalBytes& bytes_;
  ExternalAtoms& atoms_;
};

}  // namespace heirloom::term
