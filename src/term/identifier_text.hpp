// SPDX-License-Identifier: Apache-2.0
//
// Pids, references and ports as text.
//
//   <0.3.7>  #Ref<0.1.2.3>  #Port<0.5>                of this node, as Erlang prints its own
//   <'b@host'/1700000000.3.7>  #Ref<b@host/4.1.2.3>    of another one: its name and its creation
//
// The numbers of a reference are written from the last one to the first, as Erlang does. Erlang prints a number instead of the
// name of another node, which means something only in the VM that printed it.
#pragma once

#include <string>

#include "heirloom/term.hpp"

namespace heirloom::term {

// Requires an identifier.
void append_identifier(std::string& out, TermView identifier);

}  // namespace heirloom::term
