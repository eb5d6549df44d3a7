// SPDX-License-Identifier: Apache-2.0
//
// TableManager: the ETS manager server. It makes a table that outlives its users, hands it to the process that
// `find_me` returns, gets it back when that process dies, and hands it to the replacement as soon as there is one.
//
// The four steps of the pattern:
//   1. define table_id, table_options, find_me (the pid to hand the table to, or nothing) and gift_data;
//   2. start the manager under a supervisor, before the server;
//   3. handle the transfer in the server (GenServer::handle_transfer, or receive_transfer());
//   4. from then on the server may write.
#pragma once

#include <functional>
#include <optional>

#include "heirloom/supervisor.hpp"

namespace heirloom {

class TableManager {
 public:
  struct Options {
    Atom table_id;
    TableOptions table_options = {};
    std::function<std::optional<Pid>()> find_me;   // runs on a thread of its own; may block, throw, or return the dead
    Term gift_data = Atom("ok");
  };

  // A process that manages one table. Error{already_exists} from its start when another one manages the table.
  static ChildSpec child_spec(Options options);
  static Pid start(Options options, bool linked = false);
};

}  // namespace heirloom
