// SPDX-License-Identifier: Apache-2.0
//
// Real Erlang as a child process that answers requests (erlang.escript).
#pragma once

#include <sys/types.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "heirloom/external.hpp"

namespace heirloom::oracle {

struct ErlangIsGone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Erlang {
 public:
  Erlang();
  ~Erlang();
  Erlang(const Erlang&) = delete;
  Erlang& operator=(const Erlang&) = delete;

  // Throws ErlangIsGone, which says how the child ended.
  Term ask(const Term& request);

  // Of OTP: 25, 26 ...
  [[nodiscard]] int release() const noexcept { return release_; }

 private:
  void start();
  void close();
  void write_all(std::string_view bytes);
  [[nodiscard]] std::string read_exactly(std::size_t count);
  [[noreturn]] void throw_that_it_is_gone(const char* what);
  int wait_for_end();

  pid_t process_ = -1;  // -1: waited for
  int requests_ = -1;
  int answers_ = -1;
  int release_ = 0;
};

// Terms as a list of binaries, in the external term format; and back.
Term as_binaries(const std::vector<Term>& terms);

}  // namespace heirloom::oracle
