// SPDX-License-Identifier: Apache-2.0
#include "erlang.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

namespace heirloom::oracle {

using namespace literals;

namespace {

struct Pipe {
  int out = -1;
  int in = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {ends[0], ends[1]};
}

// With `in` as descriptor 3 and `out` as descriptor 4.
pid_t spawn_escript(int in, int out) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // Neither may stand in the other's place before it is copied.
  ::posix_spawn_file_actions_adddup2(&actions, in, 103);
  ::posix_spawn_file_actions_adddup2(&actions, out, 104);
  ::posix_spawn_file_actions_adddup2(&actions, 103, 3);
  ::posix_spawn_file_actions_adddup2(&actions, 104, 4);
  ::posix_spawn_file_actions_addclose(&actions, 103);
  ::posix_spawn_file_actions_addclose(&actions, 104);
  const char* arguments[] = {HEIRLOOM_ESCRIPT, HEIRLOOM_ORACLE_SCRIPT, nullptr};
  pid_t process = -1;
  const int error =
      ::posix_spawn(&process, HEIRLOOM_ESCRIPT, &actions, nullptr, const_cast<char**>(arguments), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), HEIRLOOM_ESCRIPT);
  return process;
}

}  // namespace

// A virtual machine that does not start says nothing of us: it is told, and tried once more.
Erlang::Erlang() {
  std::signal(SIGPIPE, SIG_IGN);  // a child that is gone shows as an error of write()
  try {
    start();
  } catch (const ErlangIsGone& gone) {
    std::fprintf(stderr, "at its start: %s; once more\n", gone.what());
    close();
    start();
  }
}

Erlang::~Erlang() {
  close();
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);  // programs that were forked later have its pipes, too: it would not see the end
  wait_for_end();
}

void Erlang::start() {
  const Pipe requests = make_pipe();
  const Pipe answers = make_pipe();
  process_ = spawn_escript(requests.out, answers.in);
  ::close(requests.out);
  ::close(answers.in);
  requests_ = requests.in;
  answers_ = answers.out;
  release_ = static_cast<int>(ask("release"_atom).as_int64());
}

void Erlang::close() {
  ::close(requests_);
  ::close(answers_);
}

int Erlang::wait_for_end() {
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return status;
}

void Erlang::throw_that_it_is_gone(const char* what) {
  if (process_ < 0) throw ErlangIsGone(std::string("Erlang is gone: ") + what);
  const int status = wait_for_end();
  const std::string how = WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status))
                                              : "exited with status " + std::to_string(WEXITSTATUS(status));
  throw ErlangIsGone("Erlang is gone (" + how + "): " + what);
}

void Erlang::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(requests_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_that_it_is_gone("it takes no more requests");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string Erlang::read_exactly(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t at = 0; at < count;) {
    const ssize_t read = ::read(answers_, bytes.data() + at, count - at);
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) throw_that_it_is_gone("it gives no answer");
    at += static_cast<std::size_t>(read);
  }
  return bytes;
}

Term Erlang::ask(const Term& request) {
  const std::string bytes = to_external(request);
  std::string packet;
  for (std::size_t i = 4; i-- > 0;) packet += static_cast<char>(bytes.size() >> (8 * i));
  write_all(packet + bytes);
  std::size_t length = 0;
  for (const char byte : read_exactly(4)) length = length << 8 | static_cast<unsigned char>(byte);
  return from_external(read_exactly(length), {.memory_bytes_max = std::size_t{1} << 30});
}

Term as_binaries(const std::vector<Term>& terms) {
  std::vector<Term> binaries;
  binaries.reserve(terms.size());
  for (const Term& term : terms) binaries.emplace_back(to_external(term));
  return list(binaries);
}

}  // namespace heirloom::oracle
