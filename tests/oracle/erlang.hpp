// SPDX-License-Identifier: Apache-2.0
//
// Real Erlang as a child process that answers requests (erlang.escript).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "heirloom/external.hpp"

namespace heirloom::oracle {

class Erlang {
 public:
  Erlang();
  ~Erlang();
  Erlang(const Erlang&) = delete;
  Erlang& operator=(const Erlang&) = delete;

  // Throws std::runtime_error when the child is gone.
  Term ask(const Term& request);

  // Of OTP: 25, 26 ...
  [[nodiscard]] int release() const noexcept { return release_; }

 private:
  void write_all(std::string_view bytes) const;
  [[nodiscard]] std::string read_exactly(std::size_t count) const;

  pid_t process_ = -1;
  int requests_ = -1;
  int answers_ = -1;
  int release_ = 0;
};

// Terms as a list of binaries, in the external term format; and back.
Term as_binaries(const std::vector<Term>& terms);

}  // namespace heirloom::oracle
