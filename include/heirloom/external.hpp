// SPDX-License-Identifier: Apache-2.0
//
// Erlang's external term format, both ways: what term_to_binary/2 writes and binary_to_term/1 reads.
//
//   std::string bytes = to_external(Term{"alice"_atom, 41});
//   try {
//     Term term = from_external(bytes_of_a_stranger);
//   } catch (const Error& error) {
//     // syntax: "byte 17: the binary claims 4294967295 bytes, and 3 are left"
//   }
//
// Written are the bytes of term_to_binary(T, [{minor_version, 2}]). Where Erlang leaves an order open - that of maps of more
// than 32 keys, and since OTP 26 of any - keys are in Erlang's order of keys. Read is every tag that OTP 25 to 28 write, the
// old ones that they still read, and compressed terms. docs/values.md tells the rest: what becomes of pids, and what is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "heirloom/term.hpp"

namespace heirloom {

struct ToExternal {
  // As term_to_binary's {compressed, Level}: 0 does not compress, 9 most. Compressed bytes are used where they are no more.
  int compression = 0;
};

// Throws Error{badarg} for a level that there is not, and Error{system_limit} for a binary of 4 GiB or more, which the format
// cannot express.
std::string to_external(TermView term, const ToExternal& options = {});

// The one term that `bytes` hold. Throws Error{syntax} that names the byte, counted from 0, where they are no term or go on
// behind it, and Error{system_limit} beyond the limits. Takes nothing for granted: time and memory are bounded by the number
// of bytes and by the limits, however deep the term is and whatever lengths the bytes claim.
Term from_external(std::string_view bytes, const InputLimits& limits = {});

}  // namespace heirloom
