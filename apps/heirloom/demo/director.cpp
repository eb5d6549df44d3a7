// SPDX-License-Identifier: Apache-2.0
//
// The director: starts the processes of the demo, hears what they tell, and cleans up behind them, however it ends.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "demo/demo.hpp"
#include "demo/input.hpp"
#include "demo/report.hpp"
#include "demo/temporary.hpp"
#include "interrupts.hpp"
#include "line_reader.hpp"
#include "progress.hpp"
#include "subprocess.hpp"

namespace heirloom::cli::demo {

namespace {

constexpr std::chrono::seconds kAuditPatience{120};

// Workers are children of the supervisor: when that one ends they are killed too, and this process is told when they are
// gone. Before, one of them might still make a file in the directory that is to be removed.
class OrphansWaitedFor {
 public:
  OrphansWaitedFor() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~OrphansWaitedFor() {
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
  }
  OrphansWaitedFor(const OrphansWaitedFor&) = delete;
  OrphansWaitedFor& operator=(const OrphansWaitedFor&) = delete;
};

// One of the processes, with its lines.
class Player {
 public:
  Player(std::string name, std::vector<std::string> arguments, const Interrupts& interrupts)
      : name_(std::move(name)),
        process_(Subprocess::start_heirloom(std::move(arguments), Subprocess::Output::captured)),
        lines_(process_.output()),
        interrupts_(interrupts) {}

  [[nodiscard]] Subprocess& process() { return process_; }

  // Nothing: it ended, or said nothing for so long.
  std::optional<std::string> next(std::chrono::steady_clock::duration patience) {
    constexpr std::chrono::milliseconds kLookAround{50};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      interrupts_.throw_if_any();
      const auto now = std::chrono::steady_clock::now();
      if (auto line = lines_.next(std::min<std::chrono::steady_clock::time_point>(deadline, now + kLookAround)))
        return line;
      if (lines_.ended() || now >= deadline) return std::nullopt;
    }
  }

  // What is wrong with it, once next() gave nothing.
  std::string what_happened() {
    if (!lines_.ended()) return name_ + " hangs";
    return name_ + " ended with " + describe_status(process_.wait());
  }
  bool ended_well() { return lines_.ended() && process_.wait() == 0; }

 private:
  std::string name_;
  Subprocess process_;
  LineReader lines_;
  const Interrupts& interrupts_;
};

std::vector<std::string> arguments_of(const char* command, const Task& task) {
  std::vector<std::string> arguments = {command,
                                        "--node",
                                        task.node,
                                        "--input",
                                        task.input,
                                        "--kills",
                                        std::to_string(task.kills),
                                        "--seed",
                                        std::to_string(task.seed)};
  if (task.split_insert) arguments.emplace_back("--split-insert");
  return arguments;
}

class Performance {
 public:
  Performance(const Task& task, const Interrupts& interrupts)
      : task_(task),
        interrupts_(interrupts),
        // Quiet: it is the demonstration that counts the repairs.
        manager_("the manager", {"serve", "--quiet", "--die-with-parent", "--node", task.node}, interrupts) {}

  Report play(bool shows_progress) {
    if (!manager_.next(kPatience)) throw Error(ErrorCode::no_manager, "start the manager", manager_.what_happened());
    Player supervisor("the supervisor", arguments_of("demo-supervisor", task_), interrupts_);
    Player reader("the reader", arguments_of("demo-reader", task_), interrupts_);
    hear_supervisor(supervisor, shows_progress);
    hear_reader(reader);
    hear_audit();
    if (manager_.process().status_if_ended()) report_.note_trouble(manager_.what_happened());
    return std::move(report_);
  }

 private:
  void hear_supervisor(Player& supervisor, bool shows_progress) {
    Progress progress({.unit = "kills", .shown = shows_progress, .command = "demo"});
    // The supervisor's own patience ends first: five workers may hang in a row.
    while (const auto line = supervisor.next(10 * kPatience)) {
      if (*line == "finished" || line->rfind("trouble gave up", 0) == 0) {
        if (*line != "finished") report_.hear(*line);
        return;
      }
      if (*line == "finishing") progress.say("the last worker finishes its pass over the input");
      report_.hear(*line);
      progress.show(report_.kills(), task_.kills);
    }
    report_.note_trouble(supervisor.what_happened());
  }

  void hear_reader(Player& reader) {
    reader.process().signal(SIGTERM);
    while (const auto line = reader.next(kPatience)) report_.hear(*line);
    if (!reader.ended_well()) report_.note_trouble(reader.what_happened());
  }

  void hear_audit() {
    Player audit("the audit", arguments_of("demo-audit", task_), interrupts_);
    while (const auto line = audit.next(kAuditPatience)) report_.hear(*line);
    if (!audit.ended_well()) report_.note_trouble(audit.what_happened());
  }

  const Task& task_;
  const Interrupts& interrupts_;
  Player manager_;
  Report report_;
};

void introduce(const Options& options, const Input& input, const Task& task) {
  print(fmt::format("heirloom demo: a word counter, killed {} times (seed {})\n", task.kills, task.seed));
  print(fmt::format("input     {} files, {} bytes, {} words\n", input.files(), input.bytes(), input.words()));
  if (options.sabotage != Sabotage::none) {
    print(fmt::format("sabotage  {}\n", options.sabotage == Sabotage::no_repair ? "no-repair" : "split-insert"));
  }
  flush_output();
}

std::uint64_t random_seed() { return std::random_device()() % 1'000'000; }

int perform(const Options& options, const Input& input, const Interrupts& interrupts) {
  const NodePlace place(options.node, options.keep);
  const OrphansWaitedFor orphans;
  const Task task{.node = place.path(),
                  .input = input.path(),
                  .kills = options.kills,
                  .seed = options.seed ? *options.seed : random_seed(),
                  .name = {},
                  .split_insert = options.sabotage == Sabotage::split_insert};
  // Of every program that opens the node from now on.
  if (options.sabotage == Sabotage::no_repair) ::setenv("HEIRLOOM_SABOTAGE", "no-repair", 1);
  introduce(options, input, task);
  const Report report = Performance(task, interrupts).play(!options.no_progress);
  print(report.text());
  if (options.keep) print(fmt::format("kept      heirloom dump {} --node {}\n", kTable, place.path()));
  return report.is_good(options.kills) ? kOk : kNo;
}

}  // namespace

void tell_line(const std::string& line) {
  print(line + '\n');
  flush_output();
}

int direct(const Options& options) {
  const Input input = Input::copy_of(options.inputs);
  const Interrupts interrupts;
  return perform(options, input, interrupts);
}

}  // namespace heirloom::cli::demo
