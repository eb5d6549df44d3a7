// SPDX-License-Identifier: Apache-2.0
#include "storm/director.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "storm/footprint.hpp"

namespace heirloom::stress::storm {

namespace {

constexpr std::uint32_t kReaders = 2;
constexpr std::uint32_t kAuditor =
    kPlayersMax - 1;                         // and all others that are not killed at random: where their findings go
constexpr std::uint64_t kPauseMaxUs = 5000;  // between two kills
constexpr std::uint64_t kRoundMax = 100;     // kills from audit to audit
constexpr std::uint64_t kRounds = 8;         // at least
constexpr std::uint64_t kGoesOn = 100;       // writes or reads
constexpr auto kLookAround = std::chrono::microseconds(200);

Arena& new_arena() {
  void* const memory = ::mmap(nullptr, sizeof(Arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory to share");
  return *static_cast<Arena*>(memory);
}

std::string new_directory() {
  std::string path = "/dev/shm/heirloom-storm-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make a directory in /dev/shm");
  return path;
}

void write_finding(Player& player, Breach breach, const char* text) {
  std::strncpy(player.finding, text, sizeof(player.finding) - 1);
  player.breach.store(breach);
  player.has_found.store(true);
}

std::string describe(int status) {
  return WIFSIGNALED(status) ? "died of signal " + std::to_string(WTERMSIG(status))
                             : "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Director::Director(const Kind& kind, const Options& options)
    : kind_(kind),
      options_(options),
      arena_(new_arena()),
      directory_(new_directory()),
      scene_{kind_, options_, directory_, arena_},
      random_(options.seed),
      writers_(kind.has_one_writer() ? 2 : kWriters),
      players_(writers_ + kReaders),
      report_{.kind = kind, .seed = options.seed} {}

Director::~Director() {
  for (std::uint32_t player = 0; player < players_; ++player) {
    if (pids_[player] > 0) ::kill(pids_[player], SIGKILL);
    if (pids_[player] > 0) ::waitpid(pids_[player], nullptr, 0);
  }
  for (const pid_t pid : {keeper_, manager_}) {
    if (pid > 0) ::kill(pid, SIGKILL);
    if (pid > 0) ::waitpid(pid, nullptr, 0);
  }
  std::error_code error;
  std::filesystem::remove_all(directory_, error);
  ::munmap(&arena_, sizeof(Arena));
}

// ------------------------------------------------------------------------------------------------------------- processes

pid_t Director::start(const std::function<void()>& role, Player& player) {
  std::fflush(nullptr);
  player.has_found.store(false);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid > 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  try {
    role();
    ::_exit(0);
  } catch (const BreachFound& found) {
    write_finding(player, found.breach(), found.what());
  } catch (const std::exception& error) {
    write_finding(player, Breach::died, error.what());
  }
  ::_exit(1);
}

void Director::start_player(std::uint32_t player) {
  const std::uint64_t seed = options_.seed + 1000 * ++starts_ + player;
  arena_.players[player].reads_now.store(false);
  const auto role = !is_writer(player) ? read_on : kind_.has_one_writer() ? stand_by_and_write_on : write_on;
  pids_[player] = start([&] { role(scene_, player, seed); }, arena_.players[player]);
}

void Director::note(Breach breach, const std::string& text) { report_.findings.push_back({breach, text}); }

void Director::note_what_was_found(const Player& player) { note(player.breach.load(), player.finding); }

bool Director::bury(std::uint32_t player) {
  int status = 0;
  ::waitpid(pids_[player], &status, 0);
  pids_[player] = 0;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
  const char* const who = is_writer(player) ? "a writer " : "a reader ";
  if (arena_.players[player].has_found.load()) {
    note_what_was_found(arena_.players[player]);
  } else {
    note(Breach::died, who + describe(status));
  }
  return false;
}

bool Director::has_ended(std::uint32_t player) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pids_[player]), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

void Director::count_inside(std::uint32_t player) {
  if (!is_writer(player)) {
    if (arena_.players[player].reads_now.load()) ++report_.kills_inside_a_read;
    return;
  }
  std::uint32_t owner = player + 1;
  if (kind_.has_one_writer() && !arena_.owner.compare_exchange_strong(owner, 0)) return;  // it stood by
  const Operation operation = arena_.books[kind_.has_one_writer() ? 0 : player].operation();
  if (operation == Operation::none) return;
  ++report_.kills_inside_a_write;
  ++kills_by_operation_[static_cast<std::size_t>(operation)];
}

void Director::kill(std::uint32_t player) {
  if (is_writer(player)) {
    const std::int64_t now = nanoseconds_now();
    arena_.last_kill_ns.store(now);
    if (arena_.owner.load() == player + 1) arena_.owner_killed_at_ns.store(now);
  }
  ::kill(pids_[player], SIGKILL);
  if (!bury(player)) return;
  ++report_.kills;
  count_inside(player);
}

void Director::kill_all() {
  arena_.last_kill_ns.store(nanoseconds_now());
  for (std::uint32_t player = 0; player < players_; ++player) ::kill(pids_[player], SIGKILL);
  for (std::uint32_t player = 0; player < players_; ++player) {
    if (!bury(player)) continue;
    ++report_.kills;
    count_inside(player);
  }
  arena_.owner.store(0);
  arena_.owner_killed_at_ns.store(0);
}

bool Director::wait_for(const char* what, const std::function<bool()>& happened) {
  const auto deadline = std::chrono::steady_clock::now() + options_.patience;
  while (!happened()) {
    for (std::uint32_t player = 0; player < players_; ++player) {
      if (pids_[player] == 0 || !has_ended(player)) continue;
      if (bury(player)) note(Breach::died, "somebody else has killed a process of the storm");
      return false;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      note(Breach::blocked,
           std::string(what) + " did not happen in " + std::to_string(options_.patience.count()) + " ms");
      return false;
    }
    std::this_thread::sleep_for(kLookAround);
  }
  return true;
}

bool Director::run_to_the_end(const char* what, const std::function<void(const Scene&)>& role) {
  Player& player = arena_.players[kAuditor];
  const pid_t pid = start([&] { role(scene_); }, player);
  int status = 0;
  const bool in_time = wait_for(what, [&] { return ::waitpid(pid, &status, WNOHANG) != 0; });
  if (!in_time) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    return false;
  }
  if (player.has_found.load()) return note_what_was_found(player), false;
  if (status == 0) return true;
  note(Breach::died, std::string(what) + ": it " + describe(status));
  return false;
}

// ------------------------------------------------------------------------------------------------------------- the storm

void Director::found() {
  Player& others = arena_.players[kAuditor];
  manager_ = start([&] { serve_node(scene_); }, others);
  if (!wait_for("the start of the manager", [&] { return arena_.manager_serves.load(); })) return;
  if (kind_.has_one_writer()) {
    keeper_ = start([&] { keep_table(scene_); }, others);
    wait_for("the start of the table manager", [&] { return arena_.table_is_there.load(); });
  } else {
    run_to_the_end("making the table", found_table);
  }
}

std::uint32_t Director::some_victim() {
  if (random_() % 4 == 0) return writers_ + static_cast<std::uint32_t>(random_() % kReaders);
  const std::uint32_t owner = arena_.owner.load();
  if (owner != 0 && random_() % 4 != 0) return owner - 1;
  return static_cast<std::uint32_t>(random_() % writers_);
}

void Director::let_all_go_on() {
  const auto done = [&](std::uint32_t player) { return arena_.players[player].done.load(); };
  const auto done_by_workers = [&] { return done(0) + done(1); };  // of a protected table, one of whom stands by
  std::array<std::uint64_t, kPlayersMax> before{};
  for (std::uint32_t player = 0; player < players_; ++player) before[player] = done(player);
  const std::uint64_t before_of_workers = done_by_workers();
  const auto goes_on = [&](std::uint32_t player) {
    if (!is_writer(player) || !kind_.has_one_writer()) return done(player) >= before[player] + kGoesOn;
    return done_by_workers() >= before_of_workers + kGoesOn;
  };
  const auto all = [&] {
    for (std::uint32_t player = 0; player < players_; ++player) {
      if (!goes_on(player)) return false;
    }
    return true;
  };
  if (wait_for("going on after a kill", all) || report_.findings.back().breach != Breach::blocked) return;
  for (std::uint32_t player = 0; player < players_; ++player) {
    if (goes_on(player)) continue;
    const Operation operation = arena_.books[kind_.has_one_writer() ? 0 : player % kWriters].operation();
    report_.findings.back().text +=
        is_writer(player) ? ", a writer (under way: " + std::string(to_string(operation)) + ')' : ", a reader";
  }
}

void Director::play_round(std::uint64_t kills) {
  for (std::uint32_t player = 0; player < players_; ++player) start_player(player);
  for (std::uint64_t i = 0; i < kills && !is_over(); ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % kPauseMaxUs));
    const std::uint32_t victim = some_victim();
    kill(victim);
    if (!report_.findings.empty()) return;
    start_player(victim);
    // At other times whoever comes next is killed, too, before it has repaired anything.
    if (i % 4 == 0) let_all_go_on();
    look_at_waits();
    show_progress(false);
  }
  if (report_.findings.empty()) let_all_go_on();
}

void Director::take_stock() {
  kill_all();
  if (!report_.findings.empty()) return;
  const std::uint64_t at_rest = kind_.has_one_writer() ? 2 : 1;
  const auto are_gone = [&] { return process_files_of(directory_) == at_rest; };
  if (!run_to_the_end("the audit", audit_once) || !wait_for("removing the files of the dead", are_gone)) return;
  Footprint footprint = arena_.footprint;
  look_at_node(directory_, manager_, keeper_, footprint);
  report_.footprints.push_back(footprint);
}

void Director::look_at_waits() {
  const Report now = report();
  const std::int64_t bound = std::chrono::nanoseconds(options_.wait_bound).count();
  if (now.waits.longest_ns > bound) {
    note(Breach::blocked, "a writer waited " + std::to_string(now.waits.longest_ns / 1000) + " us across a kill");
  }
  if (now.hand_overs.longest_ns > bound) {
    note(Breach::blocked, "a standby waited " + std::to_string(now.hand_overs.longest_ns / 1000) + " us for the table");
  }
}

bool Director::is_over() const {
  return !report_.findings.empty() || report_.kills >= options_.kills ||
         std::chrono::steady_clock::now() - begun_ >= options_.time_limit;
}

void Director::show_progress(bool last) {
  if (!options_.shows_progress) return;
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const auto now = std::chrono::steady_clock::now();
  if (!last && now - shown_ < (terminal ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000))) return;
  shown_ = now;
  const char* const end = !terminal || last ? "\n" : "";
  std::fprintf(stderr, "%s%s%s%s", terminal ? "\r" : "", progress_line(report(), options_).c_str(),
               terminal ? "\x1b[K" : "", end);
  std::fflush(stderr);
}

Report Director::report() const {
  Report report = report_;
  for (std::size_t operation = 1; operation < kOperations; ++operation) {
    if (kills_by_operation_[operation] == 0) continue;
    report.kills_by_operation.emplace(to_string(static_cast<Operation>(operation)), kills_by_operation_[operation]);
  }
  for (const Book& book : arena_.books) {
    report.writes += book.writes.load();
    book.operations.add_to(report.operations);
    book.sleeps.add_to(report.sleeps);
    book.waits.add_to(report.waits);
    book.hand_overs.add_to(report.hand_overs);
  }
  for (std::uint32_t player = writers_; player < players_; ++player) report.reads += arena_.players[player].done.load();
  report.repairs_finished = arena_.repairs_finished;
  report.repairs_undone = arena_.repairs_undone;
  report.audits = arena_.audits.load();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  return report;
}

Report Director::direct() {
  found();
  const std::uint64_t round = std::clamp<std::uint64_t>(options_.kills / kRounds, 1, kRoundMax);
  while (!is_over()) {
    play_round(round);
    if (report_.findings.empty()) take_stock();
  }
  if (report_.findings.empty()) report_.findings = growth(report_.footprints, report_.kills);
  show_progress(true);
  return report();
}

Report run(const Kind& kind, const Options& options) { return Director(kind, options).direct(); }

}  // namespace heirloom::stress::storm
