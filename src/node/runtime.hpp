// SPDX-License-Identifier: Apache-2.0
//
// Runtime: one node, as one program has it open. It ties together the directory, the program's place in it, the connection
// to the manager, the manager itself when it runs in this program, and the program's processes.
//
// The embedded manager is the same as any other: this program is connected to it by a socket too, so there is one path.
//
// **Lifetime.** Handles (Node, Table) keep it; when the last one goes, it says Bye and the program's tables move. At the
// program's exit whatever is still open says Bye (registry.hpp).
// **fork().** The child's copy is never used and never destroyed: every call says ErrorCode::forked.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "heirloom/node.hpp"

#include "base/result.hpp"
#include "node/client.hpp"
#include "node/directory.hpp"
#include "node/held_back.hpp"
#include "node/manager.hpp"
#include "node/manager_lock.hpp"
#include "process/host.hpp"
#include "process/uplink.hpp"
#include "shm/peers.hpp"
#include "table/table.hpp"

namespace heirloom::node {

class TableHandle;

// Of a call that an observer cannot make.
inline Failure looks_only() {
  return fail(ErrorCode::no_manager, "the node was opened only to look (NodeRole::observer)");
}

// What is to happen when the heir inherits, as in wire::HeirSpec.
struct Succession {
  std::span<const Atom> names;
  bool quiet = false;
  std::optional<wire::CrashLimit> crash_limit = {};
};

class Runtime final : public process::Uplink, private Client::Owner, public std::enable_shared_from_this<Runtime> {
 public:
  // The same for the same directory (not the same path) as long as anybody has it open.
  static Result<std::shared_ptr<Runtime>> open(const std::filesystem::path& path, const NodeOptions& options);
  ~Runtime() override;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_->path(); }
  [[nodiscard]] bool is_manager() const;
  [[nodiscard]] bool is_observer() const noexcept { return observer_; }
  [[nodiscard]] Pid root() const;
  // As which process the calling thread acts.
  [[nodiscard]] Pid current_process() const;
  [[nodiscard]] const std::shared_ptr<process::Host>& host() const noexcept { return host_; }
  [[nodiscard]] const shm::Attachment& attachment() const noexcept { return attachment_; }
  // Every public call asks this first.
  [[nodiscard]] Status usable() const;
  [[nodiscard]] bool forked() const noexcept { return forked_.load(std::memory_order_relaxed); }

  // -- tables --
  enum class IfThere { refuse, open };
  Result<std::shared_ptr<TableHandle>> make_table(Atom name, const TableOptions& options, bool node_table,
                                                  IfThere if_there, const Succession& succession = {});
  Result<std::shared_ptr<TableHandle>> find_table(Atom name);  // nullptr: none
  Result<std::vector<std::shared_ptr<TableHandle>>> tables();  // those that can be opened
  Status give_away(const std::string& id, Pid from, const std::variant<Pid, Atom>& to, const std::optional<Term>& gift);
  Status set_heir(const std::string& id, Pid caller, const std::optional<Heir>& heir,
                  const Succession& succession = {});
  Status rename(const std::string& id, Pid caller, Atom name, bool keep = false);
  Status protect(const std::string& id, Pid caller, Protection protection);
  Status fix(const std::string& id, Pid caller, bool fix);
  Status drop_table(const std::string& id, Pid caller);
  // As the manager knows it, or the journal; nothing when it was deleted.
  Result<std::optional<wire::TableFacts>> facts(const std::string& id);

  Status reclaim(const std::string& id);
  Status quarantine(const std::string& id, const std::string& cause, bool keep_name);
  Status release(const std::string& id, bool replace);
  Result<std::vector<Tenure>> lineage(const std::string& id);
  // Of a child of this program, as waitpid() told it.
  void report_exit(std::int32_t os_process, std::int32_t status) override;

  // A beat of this program's process file, for a watchdog, which then announces itself.
  Result<shm::Beat*> start_watchdog(std::chrono::nanoseconds timeout);
  void announce_watchdog();

  // -- process::Uplink --
  void process_started(std::uint32_t index) override;
  void process_exited(std::uint32_t index, const Term& reason) override;
  void send(const process::Signal& signal) override;
  void watch(Pid pid) override;
  void unwatch(Pid pid) override;
  Result<bool> is_alive(Pid pid) override;
  Status register_name(Atom name, Pid pid) override;
  Status unregister_name(Atom name) override;
  Result<std::optional<Pid>> whereis(Atom name) override;
  Status give_away(Atom table, Pid owner, Pid receiver, const Term& gift) override;
  void watch_names() override;

  // -- for the registry --
  struct Key {
    std::uint64_t device;
    std::uint64_t inode;
    bool observer;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  // The program ends, or nobody has the node open any more.
  void close();
  void before_fork();
  void after_fork_in_parent();
  void after_fork_in_child() noexcept;

 private:
  Runtime(std::shared_ptr<const Directory> directory, const NodeOptions& options);
  Status start();
  Status wait_for_this_boot();

  // -- Client::Owner --
  void thread_started() override;
  void thread_ending() override;
  wire::Hello hello() override;
  void received(wire::ToProgram message) override;
  std::optional<std::chrono::milliseconds> try_again() override;
  Result<Found> find_manager() override;

  // False when it cannot be taken in now.
  bool receive(const wire::ToProgram& message);
  void receive(const wire::Forward& forward);
  bool receive(const wire::Transfer& transfer);
  void receive(const wire::ProcessDied& died);
  bool cannot_open(const wire::Transfer& transfer, const Failure& why);
  void deliver(const wire::Transfer& transfer, std::shared_ptr<TableHandle> handle);
  static void fence(const TableHandle& handle) noexcept;
  static void fence_aside(std::shared_ptr<TableHandle> handle);

  // Tells the manager what this program has repaired in the table, and waits for nothing.
  void tell_repairs(const std::string& id, const table::RepairRecords& found) noexcept;
  [[nodiscard]] table::RepairListener listener_of(const std::string& id);
  Result<std::shared_ptr<TableHandle>> open_handle(const wire::TableFacts& facts);
  Result<std::shared_ptr<table::Table>> open_table_locked(const std::string& id);
  Result<std::shared_ptr<table::Table>> open_in_quarantine(const std::string& id);
  void watch_for_damage(table::Table& table, const std::string& id);
  void report_damage(const std::string& id, const std::string& what) noexcept;
  void forget_damage(const std::string& id);
  void expect(const std::vector<wire::TableFacts>& tables);
  Result<std::optional<wire::TableFacts>> facts_of_name(const std::string& name);
  Result<std::vector<wire::TableFacts>> all_facts();
  template <typename Call>
  Status command(Call call, Client::Again again, const char* operation);

  const std::shared_ptr<const Directory> directory_;
  const NodeOptions options_;
  const bool observer_;
  std::atomic<bool> forked_{false};
  shm::Attachment attachment_;

  mutable std::mutex manager_mutex_;
  std::optional<ManagerLock> lock_;  // taken, and not used yet
  std::unique_ptr<node::Manager> manager_;
  bool closed_ = false;

  std::mutex tables_mutex_;
  std::map<std::string, std::weak_ptr<TableHandle>> handles_;  // by id, and whether in quarantine
  // Tables that may be transferred to this program at any moment, kept open without a handle, which would keep the node.
  std::map<std::string, std::shared_ptr<table::Table>> expected_;
  std::mutex damaged_mutex_;
  std::set<std::string> damaged_;  // tables whose damage the manager was told of since they were opened

  // On the client's thread only:
  std::map<std::string, std::uint64_t> transfers_seen_;  // table to generation
  HeldBack held_back_;

  std::atomic<bool> has_watchdogs_{false};

  std::mutex exited_mutex_;
  std::set<std::uint32_t> exited_;  // processes whose end is being announced

  std::shared_ptr<process::Host> host_;
  std::unique_ptr<Client> client_;
};

}  // namespace heirloom::node
