// SPDX-License-Identifier: Apache-2.0
#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>

#include <link.h>

#include "image.hpp"

namespace heirloom::crash {

namespace {

pid_t fork_child() {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
  }
  return pid;
}

std::string ending(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return "it was blocked for " + std::to_string(kHangSeconds) + " s";
  if (WIFSIGNALED(status)) return std::string("it died: ") + ::strsignal(WTERMSIG(status));
  return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

std::uint64_t program_base() {
  std::uint64_t base = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<std::uint64_t*>(result) = info->dlpi_addr;
        return 1;  // the first one is the program itself
      },
      &base);
  return base;
}

// A stop of a thread as waitpid() tells it.
int event_of(int status) { return status >> 16; }

// The child has this program's text where it has it itself, but for what either has loaded since.
struct Code {
  std::uint64_t begin;
  std::uint64_t end;
};
const std::vector<Code>& code_of_this_program() {
  static const std::vector<Code> all = [] {
    std::vector<Code> found;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* result) {
          for (const ElfW(Phdr) & part : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
            if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0 || (part.p_flags & PF_R) == 0) continue;
            const std::uint64_t begin = info->dlpi_addr + part.p_vaddr;
            static_cast<std::vector<Code>*>(result)->push_back({begin, begin + part.p_memsz - 1});
          }
          return 0;
        },
        &found);
    return found;
  }();
  return all;
}

bool is_system_call(pid_t thread, std::uint64_t address) {
  constexpr std::uint16_t kSyscall = 0x050f;
  for (const Code& code : code_of_this_program()) {
    if (address < code.begin || address >= code.end) continue;
    std::uint16_t instruction = 0;
    std::memcpy(&instruction, reinterpret_cast<const void*>(address), sizeof instruction);
    return instruction == kSyscall;
  }
  return (::ptrace(PTRACE_PEEKTEXT, thread, address, nullptr) & 0xffff) == kSyscall;
}

std::uint64_t next_instruction_of(pid_t thread) {
  return static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKUSER, thread, sizeof(long) * RIP, nullptr));
}

// Whether it waits in the kernel for something that others do.
bool sleeps(pid_t process, pid_t thread) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/task/%d/stat", process, thread);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  char text[512] = {};
  const ssize_t bytes = file < 0 ? -1 : ::read(file, text, sizeof text - 1);
  ::close(file);
  // "tid (name) state ...", and a name may have parentheses.
  const char* const name_end = bytes <= 0 ? nullptr : std::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' && name_end[2] == 'S';
}

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    threads.push_back(std::stoi(entry.path().filename().string()));
  }
  return threads;
}

}  // namespace

SteppedChild::SteppedChild(const std::function<void(const std::function<void()>& mark)>& run)
    : request_(PTRACE_SINGLESTEP) {
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = fork_child();
  if (pid_ == 0) {
    char byte = 0;
    if (::read(go[0], &byte, 1) != 1) ::_exit(1);
    try {
      run([] { ::raise(SIGSTOP); });
    } catch (const std::exception& error) {
      std::fprintf(stderr, "stepped child: %s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  ::close(go[0]);
  seize(pid_);
  if (failure_.empty() && ::write(go[1], "!", 1) != 1) failure_ = "cannot start the stepped process";
  ::close(go[1]);
  if (failure_.empty() && run_to_the_mark()) static_cast<void>(stop_the_others());
}

SteppedChild::SteppedChild(pid_t program, Follow) : pid_(program), own_(false), request_(PTRACE_SYSCALL), began_(true) {
  // Until a look finds none that is new: they may start others meanwhile.
  for (std::size_t known = 0; failure_.empty();) {
    for (const pid_t thread : threads_of(program)) {
      if (!threads_.contains(thread)) seize(thread);
    }
    if (threads_.size() == known) break;
    known = threads_.size();
    if (!stop_the_others()) break;
  }
}

SteppedChild::~SteppedChild() { kill(); }

void SteppedChild::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  // Their tracer must have heard of the end of each thread before anybody hears of that of the process.
  for (const auto& [thread, state] : threads_) {
    if (thread == pid_) continue;
    int status = 0;
    while (::waitpid(thread, &status, __WALL) == thread && !WIFEXITED(status) && !WIFSIGNALED(status)) continue;
  }
  if (own_) ::waitpid(pid_, nullptr, __WALL);
  pid_ = 0;
}

void SteppedChild::seize(pid_t thread) {
  const long options = PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, options) != 0) {
    if (errno == ESRCH) return;
    failure_ = std::string("ptrace: this machine does not let a test step its child: ") + std::strerror(errno);
    return;
  }
  threads_[thread] = State::waiting;
}

// At full speed.
bool SteppedChild::run_to_the_mark() {
  for (;;) {
    for (auto thread = threads_.begin(); thread != threads_.end();) {
      int status = 0;
      const auto [id, state] = *thread++;
      if (::waitpid(id, &status, __WALL | (threads_.size() > 1 ? WNOHANG : 0)) != id) continue;
      if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP && event_of(status) == 0 && id == pid_) {
        threads_[id] = State::ready;
        began_ = true;
        return true;
      }
      const bool signal = WIFSTOPPED(status) && event_of(status) == 0;
      if (signal) {
        ::ptrace(PTRACE_CONT, id, nullptr, static_cast<long>(WSTOPSIG(status)));
        continue;
      }
      static_cast<void>(take_stop(id, status));
      if (!failure_.empty()) return false;
      if (!threads_.contains(id)) continue;
      ::ptrace(PTRACE_CONT, id, nullptr, 0L);
      threads_[id] = State::waiting;
    }
    if (threads_.size() > 1) ::usleep(100);
  }
}

bool SteppedChild::stop_the_others() {
  Threads waiting = threads_;
  for (const auto& [thread, state] : waiting) {
    if (state != State::waiting) continue;
    ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
    int status = 0;
    if (::waitpid(thread, &status, __WALL) == thread) static_cast<void>(take_stop(thread, status));
  }
  return failure_.empty();
}

// Returns whether the thread has made its step: another stop says something else.
bool SteppedChild::take_stop(pid_t thread, int status) {
  if (!WIFSTOPPED(status)) {
    threads_.erase(thread);
    if (thread == pid_) {
      failure_ = "the stepped process: " + ending(status);
      pid_ = 0;
    }
    return true;  // the kernel has marked its life word
  }
  threads_[thread] = event_of(status) == PTRACE_EVENT_STOP ? State::interrupted : State::ready;
  if (event_of(status) == PTRACE_EVENT_CLONE) {
    unsigned long started = 0;
    ::ptrace(PTRACE_GETEVENTMSG, thread, nullptr, &started);
    const auto id = static_cast<pid_t>(started);
    int first = 0;
    if (::waitpid(id, &first, __WALL) == id) static_cast<void>(take_stop(id, first));
    if (!began_) {
      ::ptrace(PTRACE_CONT, id, nullptr, 0L);
      threads_[id] = State::waiting;
      return false;
    }
    return finish(thread);
  }
  if (event_of(status) != 0) return false;  // a new thread's first stop, or one that we asked for
  const int signal = WSTOPSIG(status);
  if (signal == SIGTRAP) return true;
  if (signal == (SIGTRAP | 0x80)) {
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
    return info.op == PTRACE_SYSCALL_INFO_ENTRY ? finish(thread) : true;
  }
  if (signal == SIGSTOP && thread == pid_ && own_) {
    threads_[thread] = State::over;
    return false;
  }
  failure_ = std::string("the operation met a signal: ") + ::strsignal(signal);
  return false;
}

// Lets a stopped thread go to its next stop. Returns whether it has made a step; if it waits for others, it has not.
bool SteppedChild::finish(pid_t thread) {
  threads_[thread] = State::waiting;
  if (::ptrace(static_cast<__ptrace_request>(request_), thread, nullptr, 0L) != 0) {
    failure_ = std::string("ptrace: ") + std::strerror(errno);
    return false;
  }
  int status = 0;
  if (request_ == PTRACE_SINGLESTEP && !was_system_call_) {
    ::waitpid(thread, &status, __WALL);
  } else if (!wait_or_leave(thread, status)) {
    return false;
  }
  return take_stop(thread, status);
}

bool SteppedChild::wait_or_leave(pid_t thread, int& status) {
  constexpr int kLooksBetween = 16;
  int asleep = 0;
  for (int looks = 1;; ++looks) {
    const pid_t came = ::waitpid(thread, &status, __WALL | WNOHANG);
    if (came != 0) return came == thread;
    if (asleep == 2) return false;
    if (looks % kLooksBetween == 0) asleep = sleeps(pid_, thread) ? asleep + 1 : 0;
    ::sched_yield();
  }
}

// Of the threads that wait. Returns whether one has made its step.
bool SteppedChild::take_what_came(bool wait) {
  for (int looks = 0;; ++looks) {
    const Threads before = threads_;
    for (const auto& [thread, state] : before) {
      int status = 0;
      if (state != State::waiting || ::waitpid(thread, &status, __WALL | WNOHANG) != thread) continue;
      was_system_call_ = true;
      if (!take_stop(thread, status)) return false;
      if (threads_.contains(thread)) instruction_ = next_instruction_of(thread);
      return true;
    }
    if (!wait) return false;
    if (looks == static_cast<int>(kHangSeconds) * 10'000) {
      failure_ = "all its threads have waited for " + std::to_string(kHangSeconds) + " s";
      return false;
    }
    ::usleep(100);
  }
}

SteppedChild::Threads::iterator SteppedChild::next_ready() {
  constexpr int kTurns = 2000;  // of one thread, when others are ready too
  const auto is_ready = [](const auto& entry) {
    return entry.second == State::ready || entry.second == State::interrupted;
  };
  const auto present = threads_.find(current_);
  if (present != threads_.end() && is_ready(*present) && ++turns_ < kTurns) return present;
  turns_ = 0;
  auto found = std::find_if(threads_.upper_bound(current_), threads_.end(), is_ready);
  if (found == threads_.end()) found = std::find_if(threads_.begin(), threads_.end(), is_ready);
  return found;
}

bool SteppedChild::step() {
  constexpr int kLookEvery = 64;
  while (failure_.empty()) {
    if (threads_.size() > 1 && (was_system_call_ || turns_ % kLookEvery == 0) && take_what_came(false)) return true;
    const auto next = next_ready();
    if (next == threads_.end()) {
      const auto leader = threads_.find(pid_);
      if (!own_ || leader == threads_.end() || leader->second == State::over) return false;
      if (take_what_came(true)) return true;
      continue;
    }
    current_ = next->first;
    instruction_ = next_instruction_of(current_);
    was_system_call_ = !own_ || next->second == State::interrupted || is_system_call(current_, instruction_);
    if (finish(current_)) return failure_.empty();
  }
  return false;
}

namespace {

std::string source_of(std::uint64_t address) {
  char command[128];
  char program[4096] = {};
  if (::readlink("/proc/self/exe", program, sizeof program - 1) < 0) return "?";
  std::snprintf(command, sizeof command, " 0x%llx 2>/dev/null",
                static_cast<unsigned long long>(address - program_base()));
  std::string text;
  if (std::FILE* output = ::popen((std::string("addr2line -pCfsi -e '") + program + "'" + command).c_str(), "r")) {
    char line[512];
    // Functions that were inlined come first: up to the first one of ours.
    while (text.find("heirloom") == std::string::npos && std::fgets(line, sizeof line, output) != nullptr) text += line;
    ::pclose(output);
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "?" : text;
}

}  // namespace

// Looked up once: a program is started for it.
const std::string& describe_instruction(std::uint64_t address) {
  static std::map<std::uint64_t, std::string> known;
  const auto [found, fresh] = known.try_emplace(address);
  if (fresh) found->second = source_of(address);
  return found->second;
}

Helper::Helper(const std::function<std::string()>& run) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = fork_child();
  if (pid_ == 0) {
    ::alarm(kHangSeconds);
    std::string result;
    try {
      result = run();
    } catch (const std::exception& error) {
      result = std::string("! it threw: ") + error.what();
    }
    for (std::size_t done = 0; done < result.size();) {
      const ssize_t written = ::write(ends[1], result.data() + done, result.size() - done);
      if (written <= 0) ::_exit(1);
      done += static_cast<std::size_t>(written);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

Helper::~Helper() {
  if (pid_ != 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ScratchDirectory::remove_those_of(pid_);
  }
  ::close(pipe_);
}

bool Helper::ended_within(int milliseconds) {
  pollfd waited{pipe_, POLLIN, 0};
  return ::poll(&waited, 1, milliseconds) > 0;
}

void Helper::stop() const {
  int status = 0;
  ::kill(pid_, SIGSTOP);
  ::waitpid(pid_, &status, WUNTRACED);
  if (!WIFSTOPPED(status)) throw std::runtime_error("a helper ended: " + ending(status));
}

void Helper::go_on() const { ::kill(pid_, SIGCONT); }

std::string Helper::result() {
  std::string text;
  char buffer[4096];
  for (ssize_t bytes = 0; (bytes = ::read(pipe_, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(bytes));
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!good) ScratchDirectory::remove_those_of(pid_);
  pid_ = 0;
  if (!good) return "! " + ending(status);
  return text;
}

std::vector<std::string> gather(std::size_t jobs, const std::function<std::string(std::size_t)>& job) {
  const std::size_t at_once = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 2);
  std::vector<std::string> results;
  std::deque<std::unique_ptr<Helper>> running;
  for (std::size_t next = 0; next < jobs || !running.empty();) {
    while (next < jobs && running.size() < at_once) {
      running.push_back(std::make_unique<Helper>([&job, next] { return job(next); }));
      ++next;
    }
    results.push_back(running.front()->result());
    running.pop_front();
  }
  return results;
}

}  // namespace heirloom::crash
