// SPDX-License-Identifier: Apache-2.0
//
// Who made the pids, references and ports of a term: bytes in the external term format, of a term that is sound, with the version byte
// and not compressed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace heirloom_nif {

// As the external format names a VM: the name of its node, in UTF-8, and which of the VMs of that name it is.
struct Creator {
  std::string node;
  std::uint32_t creation;
  [[nodiscard]] bool is(std::string_view other_node, std::uint32_t other_creation) const noexcept {
    return creation == other_creation && node == other_node;
  }
};

// Of a term that is a reference.
[[nodiscard]] Creator creator_of(std::string_view reference);
// Another creator for what this one has made, or null: it stays. Asked of each identifier, wherever in the term.
using Renamed = std::function<const Creator*(std::string_view node, std::uint32_t creation)>;
void rename_creators(std::string& bytes, const Renamed& renamed);

}  // namespace heirloom_nif
