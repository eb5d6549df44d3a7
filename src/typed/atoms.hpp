// SPDX-License-Identifier: Apache-2.0
//
// The atom by which Erlang's records say that a field has no value.
#pragma once

#include "heirloom/atom.hpp"

namespace heirloom::typed {

inline Atom undefined_atom() {
  static const Atom atom("undefined");
  return atom;
}

}  // namespace heirloom::typed
