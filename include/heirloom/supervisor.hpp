// SPDX-License-Identifier: Apache-2.0
//
// Supervisor: starts processes in order and restarts those that die, after OTP's supervisor.
//
//   Supervisor supervisor(node, {.strategy = Strategy::one_for_one}, {
//       TableManager::child_spec({.table_id = "sessions"_atom, .find_me = &SessionServer::find_me}),
//       server_child<SessionServer>("session_server"_atom)});
//   supervisor.wait();
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "heirloom/gen_server.hpp"
#include "heirloom/node.hpp"

namespace heirloom {

enum class Strategy { one_for_one };  // one_for_all and rest_for_one come later
enum class Restart { permanent, transient, temporary };

struct ChildSpec {
  Atom id;
  std::function<Pid()> start;  // starts a process linked to the caller
  Restart restart = Restart::permanent;
  std::chrono::milliseconds shutdown{5000};  // how long a child may take to end; then it is killed
};

template <typename Server, typename... Args>
ChildSpec server_child(Atom name, Args... args) {
  return {.id = name, .start = [name, args...] {
            return start_server([args...] { return std::make_unique<Server>(args...); }, name, true);
          }};
}

struct SupervisorOptions {
  Strategy strategy = Strategy::one_for_one;
  int intensity = 3;  // more than `intensity` restarts within `period`: it gives up
  std::chrono::milliseconds period{5000};
};

class Supervisor {
 public:
  // Starts the children in order. Throws what a child's start threw, after ending those started before it.
  Supervisor(const Node& node, const SupervisorOptions& options, std::vector<ChildSpec> children);
  // Ends the children in reverse order.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Waits until the supervisor has ended (too many restarts, or stop()); the reason.
  Term wait();
  void stop();
  [[nodiscard]] Pid pid() const;
  [[nodiscard]] std::vector<std::pair<Atom, std::optional<Pid>>> which_children() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom
