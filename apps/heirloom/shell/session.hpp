// SPDX-License-Identifier: Apache-2.0
//
// Session: what a shell knows and does, without a terminal: statements in, and what they are on standard output.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <heirloom/ets.hpp>
#include <heirloom/evaluator.hpp>
#include <heirloom/heirloom.hpp>

namespace heirloom::cli::shell {

class Session {
 public:
  explicit Session(Node node);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Evaluates one statement and prints what it is. Throws Error.
  void run(std::string_view statement);
  // Somebody said q().
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  // Of the next statement, from 1.
  [[nodiscard]] std::size_t number() const noexcept { return count_ + 1; }
  // What a word that begins so may become: functions, modules, tables, variables.
  [[nodiscard]] std::vector<std::string> completions(std::string_view beginning) const;

 private:
  using Value = Evaluator::Value;
  using Call = Evaluator::Call;
  friend struct Functions;

  Value call(const Call& call);
  Value call_ets(const Call& call);
  [[nodiscard]] std::optional<Value> call_of(std::string_view module, const Call& call);
  [[nodiscard]] bool forget(std::string_view statement);

  Ets ets_;
  Evaluator evaluator_;
  std::deque<Value> results_;  // the last ones
  std::size_t count_ = 0;      // of all there were
  bool ended_ = false;
};

}  // namespace heirloom::cli::shell
