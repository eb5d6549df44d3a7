// SPDX-License-Identifier: Apache-2.0
//
// The pattern this project is named for: a server that dies in the middle of its work and is replaced; its table goes back to
// the table manager, which hands it to the replacement, with every session in it.
#include <chrono>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <heirloom/heirloom.hpp>

using namespace heirloom;
using namespace heirloom::literals;

namespace {

template <typename... Parts>
void say(const Parts&... parts) {  // a line at once, since two threads speak
  std::ostringstream line;
  (line << ... << parts) << '\n';
  std::cout << line.str() << std::flush;
}

class SessionServer : public GenServer {
 public:
  static Atom table_id() { return "sessions"_atom; }  // define the table's properties
  static TableOptions table_options() { return {}; }  // see ets:new/2
  static std::optional<Pid> find_me() { return whereis("session_server"_atom); }
  static Term gift_data() { return "ok"_atom; }

  void handle_transfer(const EtsTransfer& transfer) override {  // now it may write
    table_ = transfer.table;
    say("server ", self(), " has the table, with ", table_->size(), " sessions");
  }
  Term handle_call(const Term& request, Pid /*from*/) override {
    if (!table_) return "no_table_yet"_atom;
    if (request == Term("count"_atom)) return table_->size();
    table_->insert({request, "logged in"});
    if (request == Term("mallory"_atom)) throw std::runtime_error("mallory found a bug");
    return "ok"_atom;
  }

 private:
  std::optional<Table> table_;
};

// Asks until a server answers that has the table: there may be none just now.
Term ask(const Term& request) {
  for (;; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    try {
      if (Term reply = call("session_server"_atom, request); reply != Term("no_table_yet"_atom)) return reply;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::noproc) throw;
      if (request == Term("mallory"_atom)) return error.what();
    }
  }
}

void serve(const char* directory) {
  Node node = Node::open(directory);
  Supervisor supervisor(node, {.strategy = Strategy::one_for_one},
                        {// start the manager, then the server
                         TableManager::child_spec({.table_id = SessionServer::table_id(),
                                                   .table_options = SessionServer::table_options(),
                                                   .find_me = &SessionServer::find_me,
                                                   .gift_data = SessionServer::gift_data()}),
                         server_child<SessionServer>("session_server"_atom)});

  for (const Atom user : {"alice"_atom, "bob"_atom, "mallory"_atom, "carol"_atom}) say(user, " logs in: ", ask(user));
  say("the server counts ", ask("count"_atom), " sessions");                             // a read through the server
  for (const Term& session : node.open_table("sessions"_atom).tab2list()) say(session);  // and one that asks nobody
}

}  // namespace

int main(int argc, char** argv) try {
  serve(argc > 1 ? argv[1] : "/dev/shm/session_server");
} catch (const std::exception& error) {
  std::cerr << "session_server: " << error.what() << '\n';
  return 1;
}
