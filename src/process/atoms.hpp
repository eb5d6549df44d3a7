// SPDX-License-Identifier: Apache-2.0
//
// The atoms that processes speak with, made once.
#pragma once

#include "heirloom/atom.hpp"

namespace heirloom::process {

struct Atoms {
  const Atom normal{"normal"}, kill{"kill"}, killed{"killed"}, shutdown{"shutdown"}, noproc{"noproc"}, error{"error"};
  const Atom down{"DOWN"}, exit{"EXIT"}, process{"process"};
  const Atom table_request{"ETS-REQUEST"};
  const Atom stop_server{"$stop_server"}, change_code{"$change_code"}, ok{"ok"};
  const Atom gen_call{"$gen_call"}, gen_cast{"$gen_cast"}, bad_call{"bad_call"};
  const Atom names_changed{"names_changed"}, started{"$started"}, stop_supervisor{"$stop_supervisor"};
  const Atom supervisor_request{"$supervisor_request"}, try_again{"$try_again"}, wake{"$wake"}, timeout{"timeout"};
};

inline const Atoms& atoms() {
  static const Atoms all;
  return all;
}

}  // namespace heirloom::process
