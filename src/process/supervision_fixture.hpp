// SPDX-License-Identifier: Apache-2.0
//
// Supervisors: children that tell the test's process of their starts and ends.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "process/process_fixture.hpp"
#include "process/supervision.hpp"

namespace heirloom::process {

inline constexpr std::chrono::milliseconds kLong = std::chrono::hours(1);

// Tells the observer of its start and its end, and stops with whatever it is cast.
class Child : public GenServer {
 public:
  Child(Atom id, Pid observer) : id_(id), observer_(observer) {}
  void init() override {
    trap_exit(true);
    send(observer_, Term{Atom("started"), id_, self()});
  }
  void handle_cast(const Term& request) override {
    if (request == Term(Atom("crash"))) throw std::runtime_error("crashed");
    stop(request);
  }
  void terminate(const Term& reason) override { send(observer_, Term{Atom("ended"), id_, reason}); }

 private:
  const Atom id_;
  const Pid observer_;
};

class Supervisors : public ProcessTest {
 protected:
  static ChildSpec child(Atom id, Restart restart = Restart::permanent) {
    ChildSpec spec = server_child<Child>(id, id, self());
    spec.restart = restart;
    spec.shutdown = kLong;
    return spec;
  }
  // The next thing a child told: "started a", "ended a".
  static std::string next() {
    const Term event = receive();
    return std::string(event.element(1).as_atom().text()) + ' ' + std::string(event.element(2).as_atom().text());
  }
  static std::vector<std::string> next(std::size_t count) {
    std::vector<std::string> events;
    while (events.size() < count) events.push_back(next());
    return events;
  }
};

}  // namespace heirloom::process
