// SPDX-License-Identifier: Apache-2.0
//
// Another program that uses the table of a test: makes the calls that it is sent, and may be killed in the middle of one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include "table_call.hpp"

namespace heirloom::oracle {

class Program {
 public:
  // To be made before this program has threads, since it forks.
  Program();
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void open(const std::string& directory, const std::string& table);
  // Its answer.
  Term make(const TableCall& call);
  // Sends it the call, and kills it so long after. What it had answered by then, if it had.
  std::optional<Term> make_and_be_killed(const TableCall& call, std::chrono::nanoseconds after);
  [[nodiscard]] bool is_alive() const noexcept { return process_ > 0; }

 private:
  void send(const Term& message) const;
  std::optional<Term> receive() const;

  pid_t process_ = -1;
  int calls_ = -1;
  int answers_ = -1;
};

}  // namespace heirloom::oracle
