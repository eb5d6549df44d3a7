// SPDX-License-Identifier: Apache-2.0
//
// Node: the tables and processes that share one directory and one manager.
//
//   Node node = Node::open("/dev/shm/myapp");
//   Table users = node.open_or_create("users"_atom, {.keypos = 1});
//
// The first program of the directory's user to open it becomes its manager, on a thread; others are connected to that one.
// When the manager dies, its tables and the programs that use them go on; the next program to open the node, or one that
// has it open already, takes over.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/process.hpp"
#include "heirloom/table.hpp"

namespace heirloom {

namespace node {
class Runtime;
}

enum class NodeRole {
  any,      // become the manager when there is none, now or later
  client,   // never become the manager: Error{no_manager} when there is none
  observer  // only look: needs no manager, may read tables, owns nothing, settles no death
};

struct NodeOptions {
  NodeRole role = NodeRole::any;
  bool create = true;                       // make the directory when it is missing (mode 0700); else Error{not_found}
  std::chrono::milliseconds timeout{5000};  // of calls to the manager
};

class Node {
 public:
  // Opening a directory that this program has open already gives the same node. Errors: not_found, not_permitted (another
  // user's, a symbolic link, read-only), layout, corrupt, full, no_manager.
  static Node open(const std::filesystem::path& directory, const NodeOptions& options = {});

  // ets:new/2: the calling process owns the table, and the table goes with it unless it has an heir. Errors: already_exists,
  // badarg (which option and why), full.
  Table create(Atom name, const TableOptions& options = {});
  // A *node table*, which outlives every owner until it is deleted: made if it does not exist. When nobody alive owns it, the
  // caller becomes its owner; else it is opened with the rights that its protection gives. Error{badarg} when it exists with
  // another type or keypos.
  Table open_or_create(Atom name, const TableOptions& options = {});
  // The same, but Error{already_exists} when there is a table of that name.
  Table create_node_table(Atom name, const TableOptions& options = {});
  // A planned hand-over: asks the owner of the table to give it away, and waits until the caller owns it. The owner finishes first
  // and goes on reading; whoever reads sees no gap. A GenServer gives it away by itself, and a TableManager; others find the message
  // in their mailbox (as_table_request()). If the owner dies meanwhile, the next one is asked. A table that nobody owns is
  // claimed. Errors: id (no such table), timed_out (the owner did not give it away; it may do so later), quarantined, no_manager.
  Table request_table(Atom name, std::chrono::milliseconds timeout = std::chrono::milliseconds(5000),
                      const Term& data = Atom("ok"));
  // Error{id} when there is none.
  [[nodiscard]] Table open_table(Atom name) const;
  [[nodiscard]] std::optional<Table> find_table(Atom name) const;
  // Of all tables of the node, in the order of their names.
  [[nodiscard]] std::vector<TableInfo> tables() const;

  // The root process of this program.
  [[nodiscard]] Pid root() const;
  [[nodiscard]] const std::filesystem::path& directory() const;
  [[nodiscard]] bool is_manager() const;

  // For the lineage: how a child of this program ended, as waitpid() told it. It may have used the node, or not.
  void report_exit(std::int32_t process, std::int32_t wait_status) const;

  explicit Node(std::shared_ptr<node::Runtime> runtime) : runtime_(std::move(runtime)) {}
  [[nodiscard]] const std::shared_ptr<node::Runtime>& runtime() const noexcept { return runtime_; }

 private:
  std::shared_ptr<node::Runtime> runtime_;
};

}  // namespace heirloom
