// SPDX-License-Identifier: Apache-2.0
//
// TableManager: the ETS manager server. It makes a table that outlives its users, hands it to the process that
// `find_me` tells, gets it back when that process dies, and hands it to the replacement as soon as there is one.
//
// The four steps of the pattern:
//   1. define table_id, table_options, find_me (whom to hand the table to) and gift_data;
//   2. start the manager under a supervisor, before the server;
//   3. handle the transfer in the server (GenServer::handle_transfer, or receive_transfer());
//   4. from then on the server may write.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "heirloom/supervisor.hpp"

namespace heirloom {

class TableManager {
 public:
  // Whom to hand the table to: whoever is registered under a name - of several names, the first that a living process has -,
  // or the process that a function returns, if any.
  //
  //   .find_me = "worker"_atom
  //   .find_me = {"worker_1"_atom, "worker_2"_atom}     // one works, the other waits for its death
  //   .find_me = [] { return whereis("worker"_atom); }
  //
  // Names are quicker: the node knows them, so a table whose user dies goes straight to one who waits under another name.
  class FindMe {
   public:
    using Function = std::function<std::optional<Pid>()>;
    FindMe() = default;
    FindMe(Atom registered_name) : names_{registered_name} {}
    FindMe(std::initializer_list<Atom> registered_names) : names_(registered_names) {}
    FindMe(std::vector<Atom> registered_names) : names_(std::move(registered_names)) {}
    template <std::convertible_to<Function> Callable>
    FindMe(Callable&& function) : function_(std::forward<Callable>(function)) {}

    [[nodiscard]] const std::vector<Atom>& names() const noexcept { return names_; }
    [[nodiscard]] const Function& function() const noexcept { return function_; }
    explicit operator bool() const noexcept { return !names_.empty() || function_ != nullptr; }

   private:
    std::vector<Atom> names_;
    Function function_;
  };

  // Data that kills who reads it kills every successor. What is done when `deaths` users of a table have crashed - an exception,
  // a signal, not an end that was meant - within `within`, the last ones counted:
  enum class OnCrashLoop {
    keep,  // hand it over again, after a pause that doubles from `pause_min` to `pause_max`; said on standard error
    quarantine,  // set it aside, whole, and hand over a fresh one (Table::quarantine())
    stop         // set it aside, and make no other: nobody gets it until an operator releases it
  };
  struct Crashes {
    OnCrashLoop then = OnCrashLoop::keep;
    std::uint32_t deaths = 10;  // at most 30; 0: none is a loop
    std::chrono::milliseconds within{10000};
    std::chrono::milliseconds pause_min{100};
    std::chrono::milliseconds pause_max{10000};
  };

  struct Options {
    Atom table_id;
    TableOptions table_options = TableOptions();  // `heir` is the manager's own affair
    FindMe find_me;
    Term gift_data = Atom("ok");  // of each 'ETS-TRANSFER', to the user and back
    bool quiet = false;           // the user gets the table without an 'ETS-TRANSFER'
    Crashes crashes = {};
  };

  // What the ETS managers of Erlang systems make: set, protected, keypos 2.
  static TableOptions default_table_options() { return {.keypos = 2}; }

  // A process of the node of the calling process that manages one table, under the name `table_manager:TABLE`; or several
  // tables, under the name `table_manager:ID`. What it does with each:
  //   - it makes the table (a node table) or claims it; where a living process owns it, it waits for that one's end;
  //   - while it has the table, it looks for the names of find_me whenever names of the node change. A function it calls
  //     then, and after growing pauses of at most a second, on a thread of its own, one call at a time; it may block, throw
  //     (one line on standard error) or return the dead: the table waits with the manager;
  //   - it gives the table away, inherits it again when that process ends for whatever reason, and goes on looking. To one who
  //     waits under a name of find_me already the table goes at once, as if the manager had given it;
  //   - a user that gave the table back, or lost it to an operator (Table::reclaim()), does not get it again unless it asks for it
  //     (Node::request_table());
  //   - if it dies itself while another process has the table, its replacement inherits; while it holds the table, the node
  //     keeps it for the replacement.
  // Errors of the start: already_exists (another one manages the table), those of Node::open_or_create(), badarg (no find_me,
  // two tables of one name, more deaths than are remembered).
  static ChildSpec child_spec(const Options& options);
  static ChildSpec child_spec(Atom id, std::vector<Options> tables);
  static Pid start(const Options& options, bool linked = false);
  static Pid start(Atom id, std::vector<Options> tables, bool linked = false);
};

}  // namespace heirloom
