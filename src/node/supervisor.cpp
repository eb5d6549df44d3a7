// SPDX-License-Identifier: Apache-2.0
//
// Supervisor: the Supervision of a node's processes.
#include "heirloom/supervisor.hpp"

#include <utility>

#include "node/runtime.hpp"
#include "process/supervision.hpp"

namespace heirloom {

struct Supervisor::State {
  process::Supervision supervision;
};

Supervisor::Supervisor(const Node& node, const SupervisorOptions& options, std::vector<ChildSpec> children)
    : state_(new State{{node.runtime()->host(), options, std::move(children)}}) {}

Supervisor::~Supervisor() = default;

Term Supervisor::wait() { return state_->supervision.wait(); }
void Supervisor::stop() { state_->supervision.stop(); }
Pid Supervisor::pid() const { return state_->supervision.pid(); }
std::vector<std::pair<Atom, std::optional<Pid>>> Supervisor::which_children() const {
  return state_->supervision.which_children();
}

ChildCount Supervisor::count_children() const { return state_->supervision.count_children(); }

ChildSpec Supervisor::child_spec(Atom id, const SupervisorOptions& options, std::vector<ChildSpec> children) {
  return process::Supervision::child_spec(id, options, std::move(children));
}

Pid Supervisor::start_child(ChildSpec child) { return state_->supervision.start_child(std::move(child)); }
void Supervisor::terminate_child(Atom id) { state_->supervision.terminate_child(id); }
Pid Supervisor::restart_child(Atom id) { return state_->supervision.restart_child(id); }
void Supervisor::delete_child(Atom id) { state_->supervision.delete_child(id); }

}  // namespace heirloom
