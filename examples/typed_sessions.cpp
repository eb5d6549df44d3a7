// SPDX-License-Identifier: Apache-2.0
//
// A table of plain structs, which Erlang sees as records: {session, <<"alice">>, 1, ...}. Run it twice: the sessions of the
// first run are there in the second one. Needs <boost/pfr.hpp>, as everything that includes typed_table.hpp.
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <heirloom/heirloom.hpp>
#include <heirloom/typed_table.hpp>

using namespace heirloom;
using namespace heirloom::literals;

namespace {

enum class role { guest, member, admin };  // an atom

struct visit {  // a record in a record: {visit, <<"/index">>, 250}
  std::string page;
  std::chrono::milliseconds stayed;
};

struct session {     // -record(session, {user, hits, role, invited_by, visits, settings}).
  std::string user;  // the key
  std::int64_t hits = 0;
  role rights = role::guest;
  std::optional<std::string> invited_by;  // or the atom undefined
  std::vector<visit> visits;
  std::map<std::string, bool> settings;
};

void count_a_visit(TypedTable<session>& sessions, const std::string& user) {
  session current = sessions.lookup(user).value_or(session{.user = user});
  ++current.hits;
  current.visits.push_back({"/index", std::chrono::milliseconds(250)});
  current.settings["cookies"] = true;
  sessions.insert(current);
}

void visit_as(const char* directory, const std::string& user) {
  Node node = Node::open(directory);
  TypedTable<session> sessions(node.open_or_create("typed_sessions"_atom, {.keypos = 2}));
  count_a_visit(sessions, user);

  using namespace query;
  const std::uint64_t regulars = sessions.select_count(where(field<&session::hits> > 1));
  std::cout << regulars << " of " << sessions.size() << " came back\n";
  for (const session& each : sessions) {
    std::cout << each.user << ": " << each.hits << " hits, " << each.visits.size() << " visits\n";
  }
  std::cout << "as a term: " << sessions.table().lookup(user).front() << '\n';

  // What is no session is refused, and told where and why.
  sessions.table().insert({"session"_atom, "mallory", "many", "guest"_atom, "undefined"_atom, Term(), map({})});
  try {
    (void)sessions.take("mallory");
  } catch (const Error& error) {
    std::cout << error.what() << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    visit_as(argc > 1 ? argv[1] : "/dev/shm/typed_sessions", "alice");
  } catch (const std::exception& error) {
    std::cerr << "typed_sessions: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
