// SPDX-License-Identifier: Apache-2.0
//
// TableUsers: what the tables of one table manager share - who has a name, asked once for all of them, and who has died.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "heirloom/atom.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/term.hpp"

namespace heirloom::node {

class TableUsers {
 public:
  // Who has the name now; asked of the node once a round, that is while one message is handled. Throws as whereis().
  std::optional<Pid> find(Atom name);
  void begin_round() { found_.clear(); }

  // One monitor for each process, however many tables it has.
  void follow(Pid owner, Atom table);
  void leave(Pid owner, Atom table);
  // Those that followed the process whose 'DOWN' this is; they follow it no more. Nothing: it is another message.
  std::optional<std::set<Atom>> died(const Term& message);

 private:
  struct Followed {
    Term monitor;
    std::set<Atom> tables;
  };
  std::map<Atom, std::optional<Pid>> found_;
  std::map<Pid, Followed> followed_;
};

}  // namespace heirloom::node
