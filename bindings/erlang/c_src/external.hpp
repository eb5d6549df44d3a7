// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace heirloom_nif {

// Replaces the creation of every pid, reference and port of nonode@nohost that has the creation `from`, wherever in the term: bytes
// in the external term format, of a term that is sound, with the version byte and not compressed.
void replace_creation(unsigned char* bytes, std::size_t size, std::uint32_t from, std::uint32_t to) noexcept;

}  // namespace heirloom_nif
