// SPDX-License-Identifier: Apache-2.0
//
// What this program has repaired in a table, told to the manager: by any call, of the owner or of somebody else, for a lock is taken
// over by whoever wants it.
#include <algorithm>
#include <exception>

#include "node/lineage.hpp"
#include "node/runtime.hpp"
#include "process/log.hpp"

namespace heirloom::node {

namespace {

wire::Repair to_wire(const table::RepairRecord& record, shm::Peers& peers) {
  const auto program = static_cast<std::uint32_t>(record.dead >> 32);
  return {.at = std::chrono::nanoseconds(record.at.time_since_epoch()).count(),
          .took = static_cast<std::uint64_t>(record.took.count()),
          .program = program,
          .thread = static_cast<std::uint32_t>(record.dead),
          .name = {},
          .os_process = static_cast<std::int32_t>(peers.os_pid(program)),
          .status = {},
          .operation = record.operation,
          .key = record.key,
          .keys = record.keys,
          .outcome = record.outcome,
          .locks = record.locks};
}

// One for each dead thread.
std::vector<wire::Repair> to_wire(const table::RepairRecords& records, shm::Peers& peers) {
  std::vector<wire::Repair> repairs;
  for (const table::RepairRecord& record : records) {
    const wire::Repair repair = to_wire(record, peers);
    const bool known =
        std::any_of(repairs.begin(), repairs.end(), [&](wire::Repair& other) { return merge(other, repair); });
    if (!known && repairs.size() < kRepairsMax) repairs.push_back(repair);
  }
  return repairs;
}

}  // namespace

// Not the runtime itself: it keeps tables that it expects, and lives as long as its handles.
table::RepairListener Runtime::listener_of(const std::string& id) {
  return [runtime = weak_from_this(), id](const table::RepairRecords& found) {
    if (const auto self = runtime.lock()) self->tell_repairs(id, found);
  };
}

void Runtime::tell_repairs(const std::string& id, const table::RepairRecords& found) noexcept {
  try {
    wire::Repaired message{id, to_wire(found, *attachment_.peers)};
    if (client_) return client_->post(message, Client::Post::kept);
    // Who only looks has nobody to tell it to.
    for (const wire::Repair& repair : message.repairs) process::log_line(repair_line(id, repair));
  } catch (const std::exception&) {
    // The write goes on: what it repaired is repaired, whether that is told or not.
  }
}

}  // namespace heirloom::node
