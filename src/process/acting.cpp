// SPDX-License-Identifier: Apache-2.0
#include "process/acting.hpp"

#include <mutex>
#include <vector>

#include "heirloom/error.hpp"

namespace heirloom::process {

namespace {

struct Hosts {
  std::mutex mutex;
  std::vector<std::weak_ptr<Host>> opened;  // in the order of their opening
};

// Never destroyed: threads of processes may outlive the end of main().
Hosts& hosts() {
  static auto& all = *new Hosts;
  return all;
}

bool is_open(const std::weak_ptr<Host>& host) {
  const std::shared_ptr<Host> alive = host.lock();
  return alive != nullptr && !alive->is_closed();
}

}  // namespace

void set_default_host(const std::shared_ptr<Host>& host) {
  const std::lock_guard lock(hosts().mutex);
  std::erase_if(hosts().opened, [](const auto& opened) { return !is_open(opened); });
  hosts().opened.push_back(host);
}

Acting acting() {
  if (Process* running = running_process()) {
    const std::shared_ptr<Host> host = running->host().shared_from_this();
    return {host, running->shared_from_this()};
  }
  const std::lock_guard lock(hosts().mutex);
  for (auto opened = hosts().opened.rbegin(); opened != hosts().opened.rend(); ++opened) {
    const std::shared_ptr<Host> host = opened->lock();
    if (host != nullptr && !host->is_closed()) return {host, host->root_process()};
  }
  throw Error(ErrorCode::badarg, "act as a process", "no node is open in this program: call Node::open() first");
}

Acting acting_in(const std::shared_ptr<Host>& host) {
  Process* running = running_process();
  if (running != nullptr && &running->host() == host.get()) return {host, running->shared_from_this()};
  return {host, host->root_process()};
}

}  // namespace heirloom::process
