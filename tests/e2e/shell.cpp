// SPDX-License-Identifier: Apache-2.0
#include "shell.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace heirloom::e2e {

namespace {

int as_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return as_status(status);
}

// posix_spawn, since a test that has a node open has threads.
pid_t spawn_shell(const std::string& line) {
  const char* arguments[] = {"sh", "-c", line.c_str(), nullptr};
  pid_t process = 0;
  EXPECT_EQ(::posix_spawn(&process, "/bin/sh", nullptr, nullptr, const_cast<char**>(arguments), environ), 0);
  return process;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << "status " << outcome.status << "\n-- standard output\n"
             << outcome.out << "-- standard error\n"
             << outcome.err;
}

Shell::Shell() {
  std::string path = ::testing::TempDir() + "heirloom-e2e.XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp " + path);
  directory_ = path;
  node_ = directory_ / "node";
}

Shell::~Shell() {
  while (!started_.empty()) end(*started_.begin(), SIGTERM);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

// $TMPDIR, too, so that a test can see whether something is left there.
std::string Shell::in_directory(const std::string& command) const {
  const std::string programs = std::filesystem::path(HEIRLOOM_PROGRAM).parent_path().string();
  return "cd '" + directory_.string() + "' && export HEIRLOOM_NODE='" + node_.string() + "' TMPDIR='" +
         directory_.string() + "' PATH='" + programs + "':\"$PATH\" && exec " + command;
}

Outcome Shell::run(const std::string& line) {
  write_file(".line", line);
  const int status = wait_for(spawn_shell(in_directory("timeout -k 5 120 sh .line > .out 2> .err < /dev/null")));
  return {status, read_file(".out"), read_file(".err")};
}

pid_t Shell::start(const std::string& command) { return *started_.insert(spawn_shell(in_directory(command))).first; }

int Shell::end(pid_t process, int signal) {
  started_.erase(process);
  ::kill(process, signal);
  return wait_for(process);
}

void Shell::wait_until(const std::string& line) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    if (run(line).status == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ADD_FAILURE() << "never came true: " << line;
}

void Shell::make_table(const std::string& name, const std::vector<Term>& objects, const TableOptions& options) {
  Node node = Node::open(node_);
  node.open_or_create(Atom(name), options).insert(objects);
}

void Shell::write_file(const std::string& name, const std::string& bytes) {
  std::ofstream(directory_ / name, std::ios::binary) << bytes;
}

std::string Shell::read_file(const std::string& name) const {
  std::ifstream in(directory_ / name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace heirloom::e2e
