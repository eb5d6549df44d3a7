// SPDX-License-Identifier: Apache-2.0
#include "heirloom/process.hpp"

#include "process/atoms.hpp"

namespace heirloom {

std::optional<TableRequest> as_table_request(const Term& message) {
  if (!message.is_tuple() || message.size() != 4 || message.element(1) != Term(process::atoms().table_request))
    return std::nullopt;
  if (!message.element(2).is_atom() || !message.element(3).is_pid() || message.element(3).is_foreign())
    return std::nullopt;
  return TableRequest{message.element(2).as_atom(), message.element(3).as_pid(), Term(message.element(4))};
}

}  // namespace heirloom
