// SPDX-License-Identifier: Apache-2.0
//
// Supervisor: starts processes in order and restarts those that die, after OTP's supervisor.
//
//   Supervisor supervisor(node, {.strategy = Strategy::rest_for_one}, {
//       TableManager::child_spec({.table_id = "sessions"_atom, .find_me = &SessionServer::find_me}),
//       server_child<SessionServer>("session_server"_atom)});
//   supervisor.wait();
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "heirloom/gen_server.hpp"
#include "heirloom/node.hpp"

namespace heirloom {

// Who is restarted when a child is: it alone; all children; or it and those started after it. The others are ended first, in
// reverse order, and all are started again in order.
enum class Strategy { one_for_one, one_for_all, rest_for_one };

// Which ends of a child it is restarted after: all; all but those that were meant - normal, shutdown, {shutdown, Term} -; none.
// A temporary child that has ended is no child any more.
enum class Restart { permanent, transient, temporary };

enum class ChildType { worker, supervisor };

// How long a child may take to end; then it is killed. A nested supervisor should have kInfinity, since it waits for its own.
inline constexpr std::chrono::milliseconds kInfinity = std::chrono::milliseconds::max();
inline constexpr std::chrono::milliseconds kBrutalKill{-1};  // it is killed at once

struct ChildSpec {
  Atom id;
  std::function<Pid()> start;  // starts a process linked to the caller
  Restart restart = Restart::permanent;
  std::chrono::milliseconds shutdown{5000};
  ChildType type = ChildType::worker;
};

template <typename Server, typename... Args>
ChildSpec server_child(Atom name, Args... args) {
  return {.id = name, .start = [name, args...] {
            return start_server([args...] { return std::make_unique<Server>(args...); }, name, true);
          }};
}

struct SupervisorOptions {
  Strategy strategy = Strategy::one_for_one;
  int intensity =
      3;  // more than `intensity` restarts within `period`: it ends its children and itself, with reason shutdown
  std::chrono::milliseconds period{5000};
};

// How many children there are: in the list; running; and by type, running or not.
struct ChildCount {
  std::size_t specs = 0, active = 0, supervisors = 0, workers = 0;
};

class Supervisor {
 public:
  // Starts the children in order. Throws what a child's start threw, after ending those started before it, and Error{badarg}
  // for two children of one id.
  Supervisor(const Node& node, const SupervisorOptions& options, std::vector<ChildSpec> children);
  // Ends the children in reverse order.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // A supervisor as the child of another.
  static ChildSpec child_spec(Atom id, const SupervisorOptions& options, std::vector<ChildSpec> children);

  // Waits until the supervisor has ended (too many restarts, or stop()); the reason.
  Term wait();
  void stop();
  [[nodiscard]] Pid pid() const;

  // In the order in which they are started. No pid: it has ended, or could not be started again yet.
  [[nodiscard]] std::vector<std::pair<Atom, std::optional<Pid>>> which_children() const;
  [[nodiscard]] ChildCount count_children() const;

  // Children that come and go while the supervisor runs. All wait for it, so that none may be called by a child that is being
  // started or ended. Errors: noproc when the supervisor has ended.
  // Also throws what the start threw; the child is then not in the list. Error{already_exists}: the id is in the list.
  Pid start_child(ChildSpec child);
  // Ends it, and leaves it in the list unless it is temporary. Error{not_found}: no child has the id.
  void terminate_child(Atom id);
  // Starts one that has ended. Error{already_exists}: it runs, or is about to; not_found; what the start threw.
  Pid restart_child(Atom id);
  // Takes one that has ended from the list. Error{already_exists}: it runs, or is about to; not_found.
  void delete_child(Atom id);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom
