// SPDX-License-Identifier: Apache-2.0
//
// Who made the pids, references and ports of a term: bytes in the external term format, of a term that is sound, with the version byte
// and not compressed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heirloom_nif {

// As the external format names a VM.
struct Creator {
  std::string node;
  std::uint32_t creation;
  friend bool operator==(const Creator&, const Creator&) = default;
};

// Whether any of them is in the term.
[[nodiscard]] bool has_identifiers(std::string_view bytes);
// Of a term that is a reference.
[[nodiscard]] Creator creator_of(std::string_view reference);
// What `from` has made is `to`'s then, wherever in the term.
void replace_creator(std::string& bytes, const Creator& from, const Creator& to);

}  // namespace heirloom_nif
