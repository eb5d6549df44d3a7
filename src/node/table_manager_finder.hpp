// SPDX-License-Identifier: Apache-2.0
//
// TableFinder: runs a table manager's find_me, which may block, throw or return the dead, in a process of its own: while one
// call hangs there is never a second, and the table manager goes on receiving.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

namespace heirloom::node {

class TableFinder {
 public:
  using FindMe = std::function<std::optional<Pid>()>;
  struct Nobody {};
  struct Failed {
    std::string why;
  };
  using Answer = std::variant<Pid, Nobody, Failed>;

  explicit TableFinder(FindMe find_me) : find_me_(std::move(find_me)) {}

  // Lets find_me be called; the answer arrives as a message. While a call is under way it changes nothing.
  void ask();
  [[nodiscard]] bool is_asked() const noexcept { return asked_; }
  // What a message answers to ask(), if it does: that, or the 'EXIT' of the finder's process.
  std::optional<Answer> answer(const Term& message);

 private:
  const FindMe find_me_;
  std::optional<Pid> process_;  // linked to the table manager, which traps exits
  bool asked_ = false;
};

}  // namespace heirloom::node
