// SPDX-License-Identifier: Apache-2.0
//
// The director of a storm: starts the others, kills them, and looks after each round what is left. It has no node open, and so may
// fork.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <random>

#include "storm/roles.hpp"

namespace heirloom::stress::storm {

class Director {
 public:
  Director(const Kind& kind, const Options& options);
  ~Director();
  Director(const Director&) = delete;
  Director& operator=(const Director&) = delete;

  Report direct();

 private:
  using Time = std::chrono::steady_clock::time_point;

  // -- processes --
  static pid_t start(const std::function<void()>& role, Player& player);
  void start_player(std::uint32_t player);
  // Waits for its end; false, and a finding, when it did not die of SIGKILL.
  bool bury(std::uint32_t player);
  void kill(std::uint32_t player);
  void kill_all();
  // Something that must happen soon; false, and a finding, if it does not.
  bool wait_for(const char* what, const std::function<bool()>& happened);
  bool run_to_the_end(const char* what, const std::function<void(const Scene&)>& role);

  // -- the storm --
  void found();
  void play_round(std::uint64_t kills);
  void take_stock();
  [[nodiscard]] std::uint32_t some_victim();
  // Until all who live have done something since.
  void let_all_go_on();
  [[nodiscard]] bool has_ended(std::uint32_t player);
  void note(Breach breach, const std::string& text);
  void note_what_was_found(const Player& player);
  void count_inside(std::uint32_t player);
  void look_at_waits();
  void show_progress(bool last);
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] bool is_writer(std::uint32_t player) const { return player < writers_; }
  [[nodiscard]] Report report() const;

  Kind kind_;
  Options options_;
  Arena& arena_;
  std::string directory_;
  Scene scene_;
  std::mt19937_64 random_;
  std::uint32_t writers_;
  std::uint32_t players_;
  Time begun_ = std::chrono::steady_clock::now();
  Time shown_ = begun_;
  std::uint64_t starts_ = 0;
  pid_t manager_ = 0;
  pid_t keeper_ = 0;
  pid_t pids_[kPlayersMax] = {};
  Report report_;
  std::uint64_t kills_by_operation_[kOperations] = {};
};

}  // namespace heirloom::stress::storm
