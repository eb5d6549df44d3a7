// SPDX-License-Identifier: Apache-2.0
//
// The public form of what the ledger keeps of a table and its owners.
#pragma once

#include <vector>

#include "heirloom/lineage.hpp"
#include "heirloom/table.hpp"

#include "wire/messages.hpp"

namespace heirloom::node {

// Adds to what the segment tells what the manager alone knows.
void complete(TableInfo& info, const wire::TableFacts& facts);

[[nodiscard]] std::vector<Tenure> from_wire(const std::vector<wire::Tenure>& lineage);

}  // namespace heirloom::node
