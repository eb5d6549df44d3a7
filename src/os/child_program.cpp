// SPDX-License-Identifier: Apache-2.0
#include "os/child_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace heirloom::os {

namespace {

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{-1, -1};
  static_cast<void>(::pipe2(ends.data(), O_CLOEXEC));
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

ChildProgram::ChildProgram(const std::string& path, const std::vector<std::string>& arguments) {
  Pipe to_child = make_pipe();
  Pipe from_child = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_child.read.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, from_child.write.get(), 1);
  std::vector<std::string> words{path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  started_ = ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  in_ = std::move(to_child.write);
  out_ = std::move(from_child.read);
}

ChildProgram::~ChildProgram() {
  if (!started_ || pid_ <= 0) return;
  signal(SIGKILL);
  wait();
}

bool ChildProgram::write_line(const std::string& line) {
  const std::string bytes = line + '\n';
  return ::write(in_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

std::string ChildProgram::read_line() {
  std::string line;
  for (char byte = 0; ::read(out_.get(), &byte, 1) == 1 && byte != '\n';) line += byte;
  return line;
}

bool ChildProgram::says_something_within(std::chrono::milliseconds time) const {
  pollfd wanted{out_.get(), POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(time.count())) == 1;
}

void ChildProgram::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);  // -1 would be everybody
}

void ChildProgram::stop() const {
  signal(SIGSTOP);
  int status = 0;
  ::waitpid(pid_, &status, WUNTRACED);
}

int ChildProgram::wait() {
  if (pid_ <= 0) return 0;  // -1 would be anybody
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

std::string in_forked_child(const std::function<std::string()>& body) {
  const Pipe answers = make_pipe();
  if (::fork() == 0) {
    const std::string answer = body();
    if (::write(answers.write.get(), answer.data(), answer.size()) < 0) ::_exit(1);
    for (const int descriptor : {0, 1, 2}) ::close(descriptor);
    ::sleep(10);
    ::_exit(0);
  }
  char answer[64] = {};
  const ssize_t bytes = ::read(answers.read.get(), answer, sizeof(answer));
  return {answer, static_cast<std::size_t>(bytes > 0 ? bytes : 0)};
}

}  // namespace heirloom::os
