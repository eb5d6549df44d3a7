// SPDX-License-Identifier: Apache-2.0
//
// The side of a planned hand-over that wants the table.
#include <chrono>
#include <sstream>

#include "heirloom/node.hpp"
#include "heirloom/process.hpp"

#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/receiving.hpp"

namespace heirloom {

namespace {

// One owner, asked once.
class AskedOwner {
 public:
  AskedOwner(Pid owner, Atom table, const Term& data) : table_(table), monitor_(monitor(owner)) {
    send(owner, Term{process::atoms().table_request, table, self(), data});
  }
  ~AskedOwner() { demonitor(monitor_); }
  AskedOwner(const AskedOwner&) = delete;
  AskedOwner& operator=(const AskedOwner&) = delete;

  // The table; nothing when the owner has ended. Throws Error{timed_out}.
  std::optional<Table> wait(const process::Deadline& deadline, Pid owner) const {
    const auto answer = process::take(
        *process::acting().process, [this](const process::Message& message) { return is_answer(message); }, deadline);
    if (!answer) {
      std::ostringstream why;
      why << "its owner " << owner << " did not give it away in time; it still may";
      throw Error(ErrorCode::timed_out, "request table " + std::string(table_.text()), why.str());
    }
    if (const auto* transfer = std::get_if<EtsTransfer>(&*answer)) return transfer->table;
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool is_answer(const process::Message& message) const {
    if (const auto* transfer = std::get_if<EtsTransfer>(&message)) return transfer->table.name() == table_;
    return process::is_down(std::get<Term>(message), monitor_);
  }
  const Atom table_;
  const Term monitor_;
};

}  // namespace

Table Node::request_table(Atom name, std::chrono::milliseconds timeout, const Term& data) {
  const process::Deadline deadline = process::deadline_after(timeout);
  for (;;) {
    Table table = open_table(name);
    const TableInfo info = table.info();
    if (info.quarantine) {
      throw Error(ErrorCode::quarantined, "request table " + std::string(name.text()), info.quarantine->cause);
    }
    if (info.owner == self()) return table;
    if (!info.owner) {
      table = open_or_create(name, {.type = info.type, .protection = info.protection, .keypos = info.keypos});
      if (table.info().owner == self()) return table;
      continue;  // somebody else was faster
    }
    if (auto given = AskedOwner(*info.owner, name, data).wait(deadline, *info.owner)) return *std::move(given);
  }
}

}  // namespace heirloom
