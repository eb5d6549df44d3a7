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
    TableOptions table_options = TableOptions();  // `heir` is the manager's own affair
    std::function<std::optional<Pid>()> find_me;
    Term gift_data = Atom("ok");  // of each 'ETS-TRANSFER', to the user and back
  };

  // A process of the node of the calling process that manages one table, under the name `table_manager:TABLE`. What it does:
  //   - it makes the table (a node table) or claims it; where a living process owns it, it waits for that one's end;
  //   - it calls find_me on a thread of its own, one call at a time, whenever names of the node change and after growing
  //     pauses of at most a second. find_me may block, throw (one line on standard error) or return the dead: the table
  //     waits with the manager;
  //   - it gives the table away, inherits it again when that process ends for whatever reason, and goes on looking;
  //   - if it dies itself while another process has the table, its replacement inherits; while it holds the table, the node
  //     keeps it for the replacement.
  // Errors of the start: already_exists (another one manages the table), those of Node::open_or_create(), badarg (no find_me).
  static ChildSpec child_spec(const Options& options);
  static Pid start(const Options& options, bool linked = false);
};

}  // namespace heirloom
