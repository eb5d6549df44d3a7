// SPDX-License-Identifier: Apache-2.0
//
// A program that tests start, drive and kill: it does what the lines of its standard input say, and answers each with one
// line, "ok ...", "none" or "error CODE: ...".
#include "node/node_helper.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "heirloom/node.hpp"
#include "heirloom/process.hpp"
#include "heirloom/serve.hpp"
#include "heirloom/watchdog.hpp"

#include "node/channel.hpp"
#include "node/directory.hpp"
#include "os/child_program.hpp"
#include "os/packet_socket.hpp"
#include "os/pidfd.hpp"
#include "shm/peers.hpp"
#include "wire/messages.hpp"
#include "wire/packets.hpp"

namespace {

using namespace heirloom;

using State = node::HelperState;

std::string text(const auto& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

NodeRole role_of(const std::string& name) {
  return name == "client" ? NodeRole::client : name == "observer" ? NodeRole::observer : NodeRole::any;
}

std::string open_node(State& state, std::istream& in) {
  std::string path;
  std::string role;
  int timeout_ms = 5000;
  in >> path >> role >> timeout_ms;
  state.node = Node::open(path, {.role = role_of(role), .timeout = std::chrono::milliseconds(timeout_ms)});
  return text(state.node->root()) + (state.node->is_manager() ? " manager" : " client");
}

// create NAME [HEIR [DATA]]: an ordinary table.
std::string create(State& state, std::istream& in) {
  std::string name;
  std::string heir;
  std::string data;
  in >> name >> heir >> data;
  TableOptions options;
  if (!heir.empty()) options.heir = Heir{Atom(heir), data.empty() ? std::nullopt : std::optional<Term>(parse(data))};
  state.tables.insert_or_assign(name, state.node->create(Atom(name), options));
  return "";
}

std::string open_or_create(State& state, std::istream& in) {
  std::string name;
  in >> name;
  state.tables.insert_or_assign(name, state.node->open_or_create(Atom(name)));
  return state.tables.at(name).info().owner == state.node->root() ? "owner" : "guest";
}

std::string find(State& state, std::istream& in) {
  std::string name;
  in >> name;
  const auto found = state.node->find_table(Atom(name));
  if (!found) return "none";
  state.tables.insert_or_assign(name, *found);
  const auto owner = found->info().owner;
  return owner ? text(*owner) : "node";
}

std::string insert(State& state, std::istream& in) {
  std::string name;
  std::string object;
  in >> name;
  std::getline(in, object);
  state.tables.at(name).insert(parse(object));
  return "";
}

// write_on NAME COUNT: from now on inserts so many objects at once, again and again, on a thread of its own.
std::string write_on(State& state, std::istream& in) {
  std::string name;
  int count = 0;
  in >> name >> count;
  std::thread([table = state.tables.at(name), count]() mutable {
    std::vector<Term> objects;
    for (std::int64_t round = 0;; ++round) {
      objects.clear();
      for (std::int64_t key = 0; key < count; ++key) objects.push_back({key, round});
      table.insert(objects);
    }
  }).detach();
  return "";
}

std::string lookup(State& state, std::istream& in) {
  std::string name;
  std::string key;
  in >> name;
  std::getline(in, key);
  const auto found = state.tables.at(name).lookup(parse(key)).one();
  return found ? text(*found) : "none";
}

std::string give_away(State& state, std::istream& in) {
  std::string name;
  std::string receiver;
  in >> name >> receiver;
  state.tables.at(name).give_away(Atom(receiver), "gift");
  return "";
}

std::string await_transfer(State& state, std::istream& in) {
  int timeout_ms = 5000;
  in >> timeout_ms;
  const auto transfer = receive_transfer(std::chrono::milliseconds(timeout_ms));
  if (!transfer) return "none";
  const std::string name(transfer->table.name().text());
  state.tables.insert_or_assign(name, transfer->table);
  return name + " from " + text(transfer->from) + " with " + text(transfer->gift_data);
}

std::string await_message(State&, std::istream& in) {
  int timeout_ms = 5000;
  in >> timeout_ms;
  const auto message = receive(std::chrono::milliseconds(timeout_ms));
  return message ? text(*message) : "none";
}

std::string whereis_name(State&, std::istream& in) {
  std::string name;
  in >> name;
  const auto pid = whereis(Atom(name));
  return pid ? text(*pid) : "none";
}

std::string monitor_name(State&, std::istream& in) {
  std::string name;
  in >> name;
  monitor(whereis(Atom(name)).value());
  return "";
}

std::string send_name(State&, std::istream& in) {
  std::string name;
  std::string message;
  in >> name;
  std::getline(in, message);
  send(Atom(name), parse(message));
  return "";
}

// Says it again to each next manager, until it is answered or was done by a call that lost its answer. Then the generation has changed;
// the owner may be this process again.
void give_to(Table& table, Atom partner) {
  const std::uint64_t mine = table.info().generation;
  while (table.info().generation == mine) {
    try {
      return table.give_away(partner, 0);
    } catch (const Error& error) {
      const bool passes = error.code() == ErrorCode::no_manager || error.code() == ErrorCode::noproc ||
                          error.code() == ErrorCode::not_owner;
      if (!passes) throw;
    }
  }
}

// play PARTNER COUNT: writes the next number whenever it gets the table, and gives it to the partner, until there are so many.
std::string play(State&, std::istream& in) {
  std::string partner;
  std::uint64_t count = 0;
  in >> partner >> count;
  std::uint64_t turns = 0;
  for (std::uint64_t size = 0; size < count;) {
    auto transfer = receive_transfer(std::chrono::seconds(60));
    if (!transfer) return "waits in vain after " + std::to_string(turns) + " turns";
    size = transfer->table.size() + 1;
    transfer->table.insert({size, turns++});
    give_to(transfer->table, Atom(partner));
  }
  return std::to_string(turns);
}

// hang MS: no answer comes, nor a beat.
std::string hang(State& state, std::istream& in) {
  int timeout_ms = 0;
  in >> timeout_ms;
  const Watchdog watchdog(*state.node, std::chrono::milliseconds(timeout_ms));
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// close_slowly MS: closes the node, which waits for a process that takes so long to end.
std::string close_slowly(State& state, std::istream& in) {
  int time_ms = 0;
  in >> time_ms;
  spawn([time_ms] { std::this_thread::sleep_for(std::chrono::milliseconds(time_ms)); });
  state = State();
  return "";
}

// claim_to_be DIRECTORY PROGRAM: says Hello for a program that is another's.
std::string claim_to_be(State&, std::istream& in) {
  std::string directory;
  wire::Hello hello;
  in >> directory >> hello.program;
  auto socket = os::connect_to(directory + "/manager.sock");
  if (!socket) return "no connection";
  const os::Fd pidfd = *os::open_pidfd(os::own_pid());
  node::Channel channel(*std::move(socket));
  if (!channel.send(wire::encode(wire::ToManager(hello)), pidfd.get())) return "closed";
  for (;;) {
    const auto incoming = channel.receive();
    if (incoming.kind == node::Channel::Incoming::Kind::closed) return "closed";
    if (incoming.kind != node::Channel::Incoming::Kind::message) continue;
    const auto answer = wire::decode<wire::ToProgram>(incoming.message);
    return answer && std::holds_alternative<wire::Refusal>(*answer) ? "refused" : "believed";
  }
}

// flood COUNT: asks so often, on a connection of its own, and never reads an answer.
std::string flood(State& state, std::istream& in) {
  int count = 0;
  in >> count;
  static os::Fd socket;
  socket = *os::connect_to(state.node->directory() / "manager.sock");
  wire::Hello hello;
  static const auto directory = *node::Directory::open(state.node->directory(), false);
  static const auto attachment = *shm::Attachment::attach(directory->descriptor(), false);
  attachment.process->hold_program_life();
  hello.program = attachment.process->number();
  const auto say = [](const wire::ToManager& message) {
    return os::send_packet(socket, wire::split(wire::encode(message)).front());
  };
  say(hello);
  int sent = 0;
  for (int i = 0; i < count && sent < count; ++i) {
    if (say(wire::ListTables{}) == os::Sent::whole) ++sent;
  }
  return std::to_string(sent);
}

// What a child of fork() gets when it uses the parent's table.
std::string fork_child(State& state, std::istream& in) {
  std::string name;
  in >> name;
  return os::in_forked_child([&]() -> std::string {
    try {
      state.tables.at(name).insert(parse("{child, 1}"));
    } catch (const Error& error) {
      return std::string(to_string(error.code()));
    }
    return "used it";
  });
}

const node::HelperCommands& commands() {
  static const node::HelperCommands all = [] {
    node::HelperCommands every = node::strange_commands();
    every.insert({
        {"open", open_node},
        {"close",
         [](State& state, std::istream&) {
           state = State();
           return "";
         }},
        {"close_slowly", close_slowly},
        {"manager", [](State& state, std::istream&) { return state.node->is_manager() ? "yes" : "no"; }},
        {"create", create},
        {"open_or_create", open_or_create},
        {"find", find},
        {"insert", insert},
        {"lookup", lookup},
        {"write_on", write_on},
        {"give_away", give_away},
        {"drop",
         [](State& state, std::istream& in) {
           std::string name;
           in >> name;
           state.tables.at(name).drop();
           return "";
         }},
        {"tables", [](State& state, std::istream&) { return std::to_string(state.node->tables().size()); }},
        {"await_transfer", await_transfer},
        {"await_message", await_message},
        {"register",
         [](State&, std::istream& in) {
           std::string name;
           in >> name;
           register_name(Atom(name));
           return "";
         }},
        {"whereis", whereis_name},
        {"monitor", monitor_name},
        {"send", send_name},
        {"fork", fork_child},
        {"hang", hang},
        {"play", play},
        {"claim_to_be", claim_to_be},
        {"flood", flood},
        {"exit", [](State&, std::istream&) -> std::string { std::exit(0); }},
    });
    return every;
  }();
  return all;
}

std::string obey(State& state, const std::string& line) {
  std::istringstream in(line);
  std::string command;
  in >> command;
  try {
    return "ok " + commands().at(command)(state, in);
  } catch (const Error& error) {
    return "error " + std::string(to_string(error.code())) + ": " + error.what();
  } catch (const std::exception& error) {
    return std::string("error ") + error.what();
  }
}

}  // namespace

int main(int count, char** arguments) {
  // A sanitizer's own handler would make a SIGBUS an exit and a report.
  std::signal(SIGBUS, SIG_DFL);
  // serve DIRECTORY [LOG]
  if (count >= 3 && std::string(arguments[1]) == "serve") {
    std::ofstream file(count > 3 ? arguments[3] : "/dev/stderr", std::ios::app);
    try {
      serve(arguments[2], {.ready = [] { std::cout << "ok ready" << std::endl; },
                           .log = [&](const std::string& text) { file << "manager: " << text << std::endl; }});
      return 0;
    } catch (const Error& error) {
      std::cout << "error " << to_string(error.code()) << ": " << error.what() << std::endl;
      return 1;
    }
  }
  State state;
  std::string line;
  while (std::getline(std::cin, line)) std::cout << obey(state, line) << std::endl;
  return 0;
}
