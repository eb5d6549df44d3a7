// SPDX-License-Identifier: Apache-2.0
//
// What in a term makes it differ between Erlang and Heirloom on purpose, by the names under which docs/values.md lists it.
#pragma once

#include <optional>

#include "heirloom/term.hpp"

namespace heirloom::oracle {

struct Traits {
  bool own_identifiers = false;  // pids, references and ports of Heirloom: ordered before those of other nodes
  bool no_text = false;          // other identifiers and funs: Erlang prints numbers of its VM, or less than there is
  bool large_maps = false;       // more than 32 keys: Erlang's order is that of its hash
};

Traits traits_of(const Term& term);

// *signed zeros*: before OTP 27, 0.0 =:= -0.0. The term without -0.0; nothing where that changes the order of a map's keys.
std::optional<Term> without_signed_zeros(const Term& term);

}  // namespace heirloom::oracle
