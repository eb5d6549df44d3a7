// SPDX-License-Identifier: Apache-2.0
//
// From SIGKILL of a table's owner until a waiting successor, another program, holds the table: when its receive_transfer()
// returns, it may write. For a small table and a big one, all of whose pages the owner had mapped, and for both ways to tell a
// table manager who the successor is. See README.md for what the numbers mean.
//
//   heirloom_handover [KILLS] [MEGABYTES OF THE BIG TABLE]
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "heirloom/heirloom.hpp"

#include "directory.hpp"
#include "roles.hpp"

namespace heirloom::bench {
namespace {

using namespace literals;

constexpr const char* kNames[] = {"worker_1", "worker_2"};
constexpr std::uint64_t kObjectBytesMax = 32'000;

// -- the other roles --

int be_manager(const std::string& directory) {
  serve(directory, {.ready = [] { say("ready"); }});
  return 0;
}

// Waits for the table, has all of it in its memory, and writes until it is killed.
int be_worker(const std::string& directory, const std::string& name) {
  const Node node = Node::open(directory, {.role = NodeRole::client});
  register_name(Atom(name));
  say("waiting");
  Table table = receive_transfer().table;
  say("holding", nanoseconds_now());
  for (std::int64_t key = 0; !table.lookup(key).empty(); ++key) continue;
  say("working");
  for (;;) table.update_counter("count"_atom, {.position = 2, .increment = 1}, Term{"count"_atom, 0});
}

// -- the director --

std::optional<Pid> find_worker() {
  for (const char* name : kNames) {
    if (const auto pid = whereis(Atom(name))) return pid;
  }
  return std::nullopt;
}

void fill(Node& node, Atom name, std::uint64_t bytes) {
  Table table = node.open_or_create(name, {.max_bytes = std::uint64_t{16} << 30});
  const std::string text(std::min(bytes, kObjectBytesMax), 'x');
  for (std::uint64_t key = 0; key < bytes / text.size(); ++key) table.insert({key, text});
}

// The owner is killed so often; each time another worker waits already.
std::vector<std::int64_t> measure(const std::string& directory, int kills) {
  std::mt19937 random(42);
  const auto start = [&](int number) { return Child({"worker", directory, kNames[number % 2]}); };
  Child owner = start(0);
  owner.hear("waiting");
  owner.hear("holding");
  std::vector<std::int64_t> times;
  for (int kill = 1; kill <= kills; ++kill) {
    Child successor = start(kill);
    successor.hear("waiting");
    owner.hear("working");
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    const std::int64_t killed_at = nanoseconds_now();
    owner.signal(SIGKILL);
    times.push_back(successor.hear("holding") - killed_at);
    owner.kill();
    owner = std::move(successor);
  }
  return times;
}

void rows(int kills, std::uint64_t bytes, const std::string& size) {
  const Directory directory;
  Child manager({"manager", directory});
  manager.hear("ready");
  {
    Node node = Node::open(std::string(directory), {.role = NodeRole::client});
    fill(node, "table"_atom, bytes);
  }
  const Node node = Node::open(std::string(directory), {.role = NodeRole::client});
  const auto row = [&](const char* kind, const TableManager::FindMe& find_me) {
    const Supervisor supervisor(
        node, {}, {TableManager::child_spec({.table_id = "table"_atom, .find_me = find_me, .crashes = {.deaths = 0}})});
    report((size + ", find_me is " + kind).c_str(), measure(directory, kills));
  };
  row("two names", {Atom(kNames[0]), Atom(kNames[1])});
  row("a function", find_worker);
}

// What the kernel needs to tell a death: the least that any hand-over can take on this machine.
void floor_row(int kills) {
  auto* mutex = static_cast<pthread_mutex_t*>(
      ::mmap(nullptr, sizeof(pthread_mutex_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::vector<std::int64_t> times;
  for (int kill = 0; kill < kills; ++kill) {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    ::pthread_mutex_init(mutex, &attributes);
    const pid_t holder = ::fork();
    if (holder == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::pthread_mutex_lock(mutex);
      for (;;) ::getppid();
    }
    while (__atomic_load_n(&mutex->__data.__lock, __ATOMIC_ACQUIRE) == 0) std::this_thread::yield();
    std::int64_t told_at = 0;
    std::thread waiter([&] {
      ::pthread_mutex_lock(mutex);
      told_at = nanoseconds_now();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const std::int64_t killed_at = nanoseconds_now();
    ::kill(holder, SIGKILL);
    waiter.join();
    ::waitpid(holder, nullptr, 0);
    times.push_back(told_at - killed_at);
  }
  report("the kernel tells a death (robust mutex)", times);
}

}  // namespace
}  // namespace heirloom::bench

int main(int argc, char** argv) {
  using namespace heirloom::bench;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (!arguments.empty() && (arguments[0] == "manager" || arguments[0] == "worker")) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      return arguments[0] == "manager" ? be_manager(arguments.at(1)) : be_worker(arguments.at(1), arguments.at(2));
    }
    const int kills = arguments.empty() ? 100 : std::max(std::stoi(arguments[0]), 1);
    const std::uint64_t megabytes = arguments.size() < 2 ? 1000 : std::stoull(arguments[1]);
    std::printf("from SIGKILL of the owner until a waiting program holds the table, microseconds\n");
    std::printf("%-54s %9s %9s %9s %7s\n", "", "p50", "p99", "max", "kills");
    floor_row(kills);
    rows(kills, 1000, "1 KB");
    rows(kills, megabytes * 1000 * 1000, std::to_string(megabytes) + " MB");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heirloom_handover: %s\n", error.what());
    return 1;
  }
  return 0;
}
