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
  bool atom_keys = false;  // several atoms are keys of one map: since OTP 26 they come in an order of the VM's own
  bool made_funs = false;  // funs that are no exports: since OTP 27 they have no maker, and `init` is written for one
  bool reserved_words = false;  // maybe and else: reserved since OTP 27, and printed in quotation marks
  bool export_names = false;  // an export has a name that its text in Erlang writes otherwise than an atom, or garbles

  // Whether that release of Erlang writes the very bytes of the external term format that Heirloom writes.
  [[nodiscard]] bool same_bytes(int release) const noexcept {
    return same_order(release) && !own_identifiers && !(made_funs && release >= 27);
  }
  // Whether it prints the very text. Requires that there is one.
  [[nodiscard]] bool same_text(int release) const noexcept {
    return same_order(release) && !(reserved_words && release < 27) && !export_names;
  }

 private:
  [[nodiscard]] bool same_order(int release) const noexcept { return !large_maps && !(atom_keys && release >= 26); }
};

Traits traits_of(const Term& term);

// *signed zeros*: before OTP 27, 0.0 =:= -0.0. The term without -0.0; nothing where that changes the order of a map's keys.
std::optional<Term> without_signed_zeros(const Term& term);

}  // namespace heirloom::oracle
