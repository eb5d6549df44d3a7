// SPDX-License-Identifier: Apache-2.0
#include "process/receiving.hpp"

#include <exception>
#include <utility>

#include "heirloom/error.hpp"

#include "process/atoms.hpp"
#include "process/process_exit.hpp"

namespace heirloom::process {

std::optional<Message> take(Process& process, const Wanted& wanted, const Deadline& deadline) {
  try {
    return process.mailbox().take(wanted, deadline);
  } catch (const ProcessExit&) {
    if (process.is_root()) throw Error(ErrorCode::no_manager, "receive", "the node was closed");
    throw;
  }
}

std::optional<Term> take_term(Process& process, const std::function<bool(const Term&)>& wanted,
                              const Deadline& deadline) {
  const auto wanted_term = [&](const Message& message) {
    const Term* term = std::get_if<Term>(&message);
    return term != nullptr && (!wanted || wanted(*term));
  };
  std::optional<Message> message = take(process, wanted_term, deadline);
  if (!message) return std::nullopt;
  return std::get<Term>(*std::move(message));
}

void end_if_interrupted(Process& process) {
  if (!process.is_root() && std::uncaught_exceptions() == 0) process.mailbox().throw_if_interrupted();
}

bool is_down(const Term& message, const Term& reference) {
  return message.is_tuple() && message.size() == 5 && message.element(1) == Term(atoms().down) &&
         message.element(2) == reference;
}

bool is_exit(const Term& message) {
  return message.is_tuple() && message.size() == 3 && message.element(1) == Term(atoms().exit) &&
         message.element(2).is_pid() && !message.element(2).is_foreign();
}

}  // namespace heirloom::process
