// SPDX-License-Identifier: Apache-2.0
//
// The public form of what the ledger keeps of a table and its owners.
#pragma once

#include <string>
#include <vector>

#include "heirloom/lineage.hpp"
#include "heirloom/table.hpp"

#include "wire/messages.hpp"

namespace heirloom::node {

class TableHandle;

// What the segment tells, and what the manager alone knows, if there is one. Of a table that is damaged, its `damage` too.
[[nodiscard]] TableInfo info_of(const TableHandle& handle);

// "table 'sessions': worker (program 7, process 812), killed, left ...": a line of a log.
[[nodiscard]] std::string repair_line(const std::string& table, const wire::Repair& repair);

[[nodiscard]] Repair from_wire(const wire::Repair& repair);
[[nodiscard]] std::vector<Tenure> from_wire(const std::vector<wire::Tenure>& lineage);

}  // namespace heirloom::node
