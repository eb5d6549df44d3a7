// SPDX-License-Identifier: Apache-2.0
#include "node/table_manager_finder.hpp"

#include <chrono>
#include <exception>

#include "heirloom/process.hpp"

#include "process/process_exit.hpp"
#include "process/receiving.hpp"

namespace heirloom::node {

namespace {

struct Words {
  const Atom find{"$find"}, found{"$found"}, nobody{"undefined"}, failed{"failed"};
};

const Words& words() {
  static const Words all;
  return all;
}

Term call(const TableFinder::FindMe& find_me) {
  try {
    const std::optional<Pid> pid = find_me();
    return pid ? Term(*pid) : Term(words().nobody);
  } catch (const process::ProcessExit&) {
    throw;
  } catch (const std::exception& error) {
    return Term{words().failed, error.what()};
  } catch (...) {
    return Term{words().failed, "an exception that is no std::exception"};
  }
}

// The body of the finder's process. find_me may receive for itself: only what is for the finder is taken here.
void serve(const TableFinder::FindMe& find_me, Pid manager) {
  const Term find(words().find);
  for (;;) {
    receive_if([&](const Term& message) { return message == find; }, std::chrono::milliseconds::max());
    send(manager, Term{words().found, self(), call(find_me)});
  }
}

}  // namespace

void TableFinder::ask() {
  if (asked_) return;
  asked_ = true;
  if (!process_) process_ = spawn_link([find_me = find_me_, manager = self()] { serve(find_me, manager); });
  send(*process_, words().find);
}

std::optional<TableFinder::Answer> TableFinder::answer(const Term& message) {
  if (!process_ || !message.is_tuple() || message.size() != 3 || message.element(2) != Term(*process_))
    return std::nullopt;
  if (process::is_exit(message)) {
    process_.reset();
    asked_ = false;
    return Failed{"it ended its process: " + to_string(message.element(3))};
  }
  if (message.element(1) != Term(words().found)) return std::nullopt;
  asked_ = false;
  const TermView found = message.element(3);
  if (found.is_pid()) return found.as_pid();
  if (found.is_tuple()) return Failed{std::string(found.element(2).as_binary())};
  return Nobody{};
}

}  // namespace heirloom::node
