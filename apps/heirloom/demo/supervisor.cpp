// SPDX-License-Identifier: Apache-2.0
//
// The supervisor: has the table manager, starts workers, and kills each in the middle of its work. For half of the kills a
// standby waits for the table already; for the others the replacement is started when the death is noticed.
//
// Tells the director: `kill waiting|started NANOSECONDS REPAIRS` for each kill, `trouble TEXT`, `finishing` (the pass), and
// `finished`.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "demo/demo.hpp"
#include "demo/worker_process.hpp"

namespace heirloom::cli::demo {

namespace {

constexpr std::int64_t kWorkMaxNs = 20'000'000;  // before a kill
constexpr int kFailuresMax = 5;                  // of workers in a row, until the supervisor gives up

class GaveUp : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Killing {
 public:
  explicit Killing(const Task& task) : task_(task), random_(task.seed), worker_(start_holding()) {}

  void kill_all() {
    // Half of each kind, in an order of chance.
    std::vector<bool> waits(task_.kills);
    for (std::size_t index = 0; index < waits.size(); ++index) waits[index] = index % 2 == 0;
    std::shuffle(waits.begin(), waits.end(), random_);
    for (const bool with_standby : waits) kill_one(with_standby);
  }

  // The last worker finishes its pass.
  void finish() {
    tell("finishing");
    for (;;) {
      worker_.process().signal(SIGTERM);
      if (worker_.finishes()) return;
      note_failure();
      worker_ = start_holding();
    }
  }

 private:
  // The name that the worker does not have.
  const char* free_name() { return kWorkerNames[++started_ % 2]; }

  void kill_one(bool with_standby) {
    std::optional<WorkerProcess> standby;
    if (with_standby) standby.emplace(task_, free_name());
    if (standby && !standby->waits()) return replace_failed("a standby");

    std::this_thread::sleep_for(
        std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(0, kWorkMaxNs)(random_)));
    const std::int64_t killed_at = nanoseconds_now();
    worker_.process().signal(SIGKILL);
    const int status = worker_.process().wait();
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) note_failure();

    if (!standby) standby.emplace(task_, free_name());
    worker_ = *std::move(standby);
    const auto held = worker_.holds();
    if (!held) return replace_failed("the replacement");
    failures_ = 0;
    const std::uint64_t repairs = held->repairs - std::exchange(repairs_, held->repairs);
    tell("kill", with_standby ? "waiting" : "started", held->since - killed_at, repairs);
  }

  WorkerProcess start_holding() {
    for (;;) {
      WorkerProcess worker(task_, free_name());
      if (const auto held = worker.holds()) {
        repairs_ = held->repairs;
        return worker;
      }
      note_failure(worker, "a worker");
    }
  }

  void replace_failed(const char* who) {
    note_failure(worker_, who);
    worker_ = start_holding();
  }

  void note_failure() { note_failure(worker_, "the worker"); }
  void note_failure(WorkerProcess& worker, const char* who) {
    tell("trouble", fmt::format("{} {}", who, worker.what_happened()));
    if (++failures_ >= kFailuresMax) throw GaveUp(fmt::format("gave up: {} workers failed in a row", failures_));
  }

  const Task& task_;
  std::mt19937_64 random_;
  unsigned started_ = 0;
  int failures_ = 0;
  std::uint64_t repairs_ = 0;  // of the table, as the last worker found it
  WorkerProcess worker_;
};

}  // namespace

int supervise(const Task& task) {
  die_with_parent();
  const Node node = Node::open(task.node, {.role = NodeRole::client, .create = false});
  TableManager::Options options{.table_id = Atom(kTable)};
  // Two workers at most live at a time, one under each name; the table is for the one that does not have it yet.
  options.find_me = {Atom(kWorkerNames[0]), Atom(kWorkerNames[1])};
  options.crashes.deaths = 0;  // they are killed, and nobody needs to wonder why
  Supervisor supervisor(node, {}, {TableManager::child_spec(options)});
  try {
    Killing killing(task);
    killing.kill_all();
    killing.finish();
    tell("finished");
  } catch (const GaveUp& reason) {
    tell("trouble", reason.what());
  }
  // The director ends this process when it has seen all, and the table is the table manager's until then.
  for (;;) ::pause();
}

}  // namespace heirloom::cli::demo
