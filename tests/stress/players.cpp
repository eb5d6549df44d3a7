// SPDX-License-Identifier: Apache-2.0
#include "players.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace heirloom::stress {

namespace {

constexpr std::size_t kPlayersMax = 8;
constexpr auto kPause = std::chrono::microseconds(200);

}  // namespace

struct Players::Shared {
  std::atomic<bool> begun;
  std::atomic<bool> over;
  std::atomic<std::size_t> count;
  std::atomic<std::size_t> ready;
  char directory[256];
  Counters counters;
  struct {
    std::atomic<std::uint64_t> rounds;
    char failure[512];
  } players[kPlayersMax];
};

Players::Players(std::vector<Role> roles) {
  void* const page = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || roles.size() > kPlayersMax) throw std::runtime_error("no place for so many players");
  shared_ = static_cast<Shared*>(page);
  shared_->count.store(roles.size());
  for (std::size_t player = 0; player < roles.size(); ++player) {
    const pid_t process = ::fork();
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      run(player, roles[player]);
      ::_exit(0);
    }
    processes_.push_back(process);
  }
}

Players::~Players() {
  for (std::size_t player = 0; player < processes_.size(); ++player) kill(player);
  ::munmap(shared_, sizeof(Shared));
}

void Players::kill(std::size_t player) {
  if (processes_[player] <= 0) return;
  ::kill(processes_[player], SIGKILL);
  ::waitpid(processes_[player], nullptr, 0);
  processes_[player] = -1;
}

void Players::run(std::size_t player, const Role& role) {
  try {
    while (!shared_->begun.load()) std::this_thread::sleep_for(kPause);
    std::mt19937_64 random(std::random_device{}());
    Node node = Node::open(shared_->directory, {.role = NodeRole::client, .create = false});
    Table table = node.open_table(Atom("table"));
    shared_->ready.fetch_add(1);
    while (shared_->ready.load() < shared_->count.load()) std::this_thread::sleep_for(kPause);
    Stage stage{node, table, random, shared_->counters};
    while (!shared_->over.load()) {
      role(stage);
      shared_->players[player].rounds.fetch_add(1);
    }
  } catch (const std::exception& error) {
    std::strncpy(shared_->players[player].failure, error.what(), sizeof(shared_->players[player].failure) - 1);
  }
}

void Players::play(const std::string& directory, double for_seconds, const std::function<void()>& meanwhile) {
  std::strncpy(shared_->directory, directory.c_str(), sizeof(shared_->directory) - 1);
  shared_->begun.store(true);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(for_seconds);
  const auto all_have_played = [&] {
    for (std::size_t player = 0; player < processes_.size(); ++player) {
      if (processes_[player] > 0 && rounds(player) == 0 && shared_->players[player].failure[0] == 0) return false;
    }
    return true;
  };
  while (std::chrono::steady_clock::now() < end || !all_have_played()) {
    if (meanwhile) meanwhile();
    std::this_thread::sleep_for(kPause);
  }
  shared_->over.store(true);
  for (pid_t& process : processes_) {
    if (process > 0) ::waitpid(process, nullptr, 0);
    process = -1;
  }
}

std::uint64_t Players::counted(std::size_t counter) const { return shared_->counters.values[counter].load(); }
std::uint64_t Players::rounds(std::size_t player) const { return shared_->players[player].rounds.load(); }

std::vector<std::string> Players::failures() const {
  std::vector<std::string> failures;
  for (const auto& player : shared_->players) {
    if (player.failure[0] != 0) failures.emplace_back(player.failure);
  }
  return failures;
}

}  // namespace heirloom::stress
