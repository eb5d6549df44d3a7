// SPDX-License-Identifier: Apache-2.0
#include "process/fake_node.hpp"

#include <future>
#include <sstream>
#include <utility>
#include <vector>

#include "process/atoms.hpp"

namespace heirloom::process {

// Runs `call` on the manager's thread and waits for its result.
template <typename Call>
auto FakeNode::ask(Call call) {
  const auto task = std::make_shared<std::packaged_task<decltype(call())()>>(std::move(call));
  auto result = task->get_future();
  post([task] { (*task)(); });
  return result.get();
}

class FakeNode::Connection final : public Uplink {
 public:
  Connection(FakeNode& node, std::uint32_t program) : node_(node), program_(program) {}

  void process_started(std::uint32_t index) override {
    post([this, index] { me().processes.insert(index); });
  }
  void process_exited(std::uint32_t index, const Term& reason) override {
    node_.ask([&] {
      if (me().alive) node_.ended({program_, index}, reason);
    });
  }
  void send(const Signal& signal) override {
    post([this, signal] {
      if (me().alive && node_.is_alive(signal.to)) node_.programs_.at(signal.to.program).host->deliver(signal);
    });
  }
  void watch(Pid pid) override {
    post([this, pid] { node_.watch(program_, pid); });
  }
  void unwatch(Pid pid) override {
    post([this, pid] { me().watched.erase(pid); });
  }
  Result<bool> is_alive(Pid pid) override {
    return node_.ask([&] { return node_.is_alive(pid); });
  }
  Status register_name(Atom name, Pid pid) override {
    return node_.ask([&] { return node_.register_name(name, pid); });
  }
  Status unregister_name(Atom name) override {
    return node_.ask([&] { return node_.unregister_name(name); });
  }
  void report_exit(std::int32_t /*os_process*/, std::int32_t /*status*/) override {}
  Status give_away(Atom /*table*/, Pid /*owner*/, Pid /*receiver*/, const Term& /*gift*/) override {
    return fail(ErrorCode::id, "there are no tables here");
  }
  Result<std::optional<Pid>> whereis(Atom name) override {
    return node_.ask([&] {
      const auto found = node_.names_.find(name);
      return found == node_.names_.end() ? std::optional<Pid>() : std::optional(found->second);
    });
  }
  void watch_names() override {
    post([this] { me().watches_names = true; });
  }

 private:
  Program& me() { return node_.programs_.at(program_); }
  void post(std::function<void()> task) { node_.post(std::move(task)); }

  FakeNode& node_;
  const std::uint32_t program_;
};

FakeNode::FakeNode() : manager_([this] { work(); }) {}

FakeNode::~FakeNode() {
  std::vector<std::shared_ptr<Host>> hosts = ask([this] {
    std::vector<std::shared_ptr<Host>> all;
    for (const auto& [number, program] : programs_) all.push_back(program.host);
    return all;
  });
  for (const auto& host : hosts) host->close(std::chrono::hours(1));
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_all();
  manager_.join();
}

std::shared_ptr<Host> FakeNode::open_program() {
  return ask([this] {
    const auto number = static_cast<std::uint32_t>(programs_.size() + 1);
    Program& program = programs_[number];
    program.uplink = std::make_unique<Connection>(*this, number);
    program.host = Host::open(number, *program.uplink);
    return program.host;
  });
}

void FakeNode::kill_program(std::uint32_t number) {
  ask([&] {
    Program& program = programs_.at(number);
    program.alive = false;
    const std::set<std::uint32_t> processes = program.processes;
    for (const std::uint32_t index : processes) ended({number, index}, atoms().killed);
  });
}

void FakeNode::when_exited(std::function<void(Pid, const Term&)> move_tables) {
  ask([&] { move_tables_ = std::move(move_tables); });
}

void FakeNode::settle() {
  ask([] {});
}

void FakeNode::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    posted_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void FakeNode::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  posted_.notify_all();
}

bool FakeNode::is_alive(Pid pid) const {
  const auto program = programs_.find(pid.program);
  return program != programs_.end() && program->second.processes.contains(pid.index);
}

void FakeNode::watch(std::uint32_t program, Pid pid) {
  if (is_alive(pid)) {
    programs_.at(program).watched.insert(pid);
  } else {
    programs_.at(program).host->process_died(pid, atoms().noproc);
  }
}

void FakeNode::ended(Pid pid, const Term& reason) {
  programs_.at(pid.program).processes.erase(pid.index);
  if (move_tables_) move_tables_(pid, reason);
  if (std::erase_if(names_, [&](const auto& entry) { return entry.second == pid; }) > 0) names_changed();
  for (auto& [number, program] : programs_) {
    if (program.watched.erase(pid) == 1) program.host->process_died(pid, reason);
  }
}

void FakeNode::names_changed() {
  for (auto& [number, program] : programs_) {
    if (program.watches_names) program.host->names_changed();
  }
}

Status FakeNode::register_name(Atom name, Pid pid) {
  if (!is_alive(pid)) return fail(ErrorCode::noproc, "no such process");
  const auto [entry, is_new] = names_.emplace(name, pid);
  if (!is_new) {
    std::ostringstream detail;
    detail << entry->second << " has it";
    return fail(ErrorCode::already_exists, detail.str());
  }
  names_changed();
  return {};
}

Status FakeNode::unregister_name(Atom name) {
  if (names_.erase(name) == 0) return fail(ErrorCode::badarg, "no process has this name");
  names_changed();
  return {};
}

}  // namespace heirloom::process
