// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "heirloom/external.hpp"

namespace heirloom::oracle {

using namespace literals;

namespace {

void send_to(int descriptor, const Term& message) {
  const std::string bytes = to_external(message);
  const std::uint64_t length = bytes.size();
  std::string packet(reinterpret_cast<const char*>(&length), sizeof length);
  packet += bytes;
  for (std::size_t done = 0; done < packet.size();) {
    const ssize_t written = ::write(descriptor, packet.data() + done, packet.size() - done);
    if (written < 0 && errno != EINTR) throw std::runtime_error("the other program is gone");
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

// False at the end.
bool read_whole(int descriptor, void* to, std::size_t bytes) {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t got = ::read(descriptor, static_cast<char*>(to) + done, bytes - done);
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<Term> receive_from(int descriptor) {
  std::uint64_t length = 0;
  if (!read_whole(descriptor, &length, sizeof length)) return std::nullopt;
  std::string bytes(length, '\0');
  if (!read_whole(descriptor, bytes.data(), length)) return std::nullopt;
  return from_external(bytes);
}

// {Directory, Table} opens a table, {Function, Arguments} calls it.
void serve(int calls, int answers) {
  std::optional<Ets> ets;
  std::optional<Table> table;
  while (const auto message = receive_from(calls)) {
    if (message->element(1).is_binary()) {
      table.reset();
      if (!ets) ets.emplace(Node::open(std::string(message->element(1).as_binary()), {.role = NodeRole::client}));
      table.emplace(ets->node().open_table(message->element(2).as_atom()));
      send_to(answers, "ok"_atom);
      continue;
    }
    TableCall call{message->element(1).as_atom(), {}};
    for (const TermView argument : message->element(2).elements()) call.arguments.emplace_back(argument);
    send_to(answers, perform(*ets, *table, call));
  }
}

}  // namespace

Program::Program() {
  int calls[2];
  int answers[2];
  if (::pipe2(calls, O_CLOEXEC) != 0 || ::pipe2(answers, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(calls[1]);
    ::close(answers[0]);
    try {
      serve(calls[0], answers[1]);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "another program: %s\n", error.what());
    }
    ::_exit(0);
  }
  ::close(calls[0]);
  ::close(answers[1]);
  calls_ = calls[1];
  answers_ = answers[0];
}

Program::~Program() {
  ::close(calls_);
  ::close(answers_);
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);  // programs that were forked later have its pipe, too: it would not see the end
  ::waitpid(process_, nullptr, 0);
}

void Program::send(const Term& message) const { send_to(calls_, message); }
std::optional<Term> Program::receive() const { return receive_from(answers_); }

void Program::open(const std::string& directory, const std::string& table) {
  send({directory, Atom(table)});
  if (!receive()) throw std::runtime_error("the other program cannot open the table");
}

Term Program::make(const TableCall& call) {
  send(call.term());
  const auto answer = receive();
  if (!answer) throw std::runtime_error("the other program is gone");
  return *answer;
}

std::optional<Term> Program::make_and_be_killed(const TableCall& call, std::chrono::nanoseconds after) {
  send(call.term());
  // A sleep would be longer than most calls.
  const auto then = std::chrono::steady_clock::now() + after;
  while (std::chrono::steady_clock::now() < then) continue;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
  return receive();
}

}  // namespace heirloom::oracle
