// SPDX-License-Identifier: Apache-2.0
//
// A term as bytes for another process of the same machine (byte order and alignment are the machine's).
//
// **Layout.**
//   0: "HLT" and the version, one byte
//   4: number of atoms (4 bytes)
//   8: number of words (8 bytes)
//  16: the texts of the atoms, each as its length (2 bytes) and its bytes
//   .: the words of the block, the ids of their atoms replaced by numbers: 0 for the atom that occurs first, and so on
#pragma once

#include <string>
#include <string_view>

#include "heirloom/term.hpp"

#include "base/result.hpp"

namespace heirloom::term {

[[nodiscard]] std::string serialize(TermView view);

// Takes nothing for granted: whatever the bytes are, the result is a well-formed term or a Failure (ErrorCode::syntax), in
// time and memory bounded by their number. Atoms are made only once all of it has proved right.
[[nodiscard]] Result<Term> deserialize(std::string_view bytes);

}  // namespace heirloom::term
