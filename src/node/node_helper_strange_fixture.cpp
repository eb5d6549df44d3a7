// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "heirloom/watchdog.hpp"

#include "node/node_helper.hpp"
#include "os/child_program.hpp"
#include "os/program.hpp"

namespace heirloom::node {

namespace {

constexpr int kKeys = 500;

// write_forever NAME THREADS: each thread overwrites and deletes objects of keys of its own, `{{Thread, N}, Text}`.
std::string write_forever(HelperState& state, std::istream& in) {
  std::string name;
  int threads = 1;
  in >> name >> threads;
  for (int thread = 0; thread < threads; ++thread) {
    std::thread([table = state.tables.at(name), thread]() mutable {
      for (int turn = 0;; turn = (turn + 1) % kKeys) {
        try {
          table.insert({Term{thread, turn}, std::string(200, 'x')});
          if (turn % 5 == 0) table.erase(Term{thread, turn});
        } catch (const Error& error) {
          if (error.code() != ErrorCode::full) throw;  // who is stopped may keep memory from being used again
        }
      }
    }).detach();
  }
  return "";
}

// rewrite_forever NAME KEY...: one thread a key overwrites and deletes its object.
std::string rewrite_forever(HelperState& state, std::istream& in) {
  std::string name;
  in >> name;
  for (std::int64_t key = 0; in >> key;) {
    std::thread([table = state.tables.at(name), key]() mutable {
      for (int turn = 0;; turn = (turn + 1) % kKeys) {
        try {
          table.insert({key, turn, std::string(2000, 'x')});
          if (turn % 5 == 0) table.erase(key);
        } catch (const Error& error) {
          if (error.code() != ErrorCode::full) throw;
        }
      }
    }).detach();
  }
  return "";
}

std::string read_forever(HelperState& state, std::istream& in) {
  std::string name;
  in >> name;
  std::thread([table = state.tables.at(name)] {
    for (;;) static_cast<void>(table.tab2list());
  }).detach();
  return "";
}

// create_public NAME MAX_BYTES [HEIR]: an ordinary table, to which everybody may write. The heir is told `data`.
std::string create_public(HelperState& state, std::istream& in) {
  std::string name;
  std::string heir;
  TableOptions options{.protection = Protection::public_access};
  in >> name >> options.max_bytes >> heir;
  if (!heir.empty()) options.heir = Heir{Atom(heir), Atom("data")};
  state.tables.insert_or_assign(name, state.node->create(Atom(name), options));
  return "";
}

// keep NAME: makes it a node table.
std::string keep(HelperState& state, std::istream& in) {
  std::string name;
  in >> name;
  state.tables.at(name).make_node_table(Atom(name));
  return "";
}

// overwrite NAME KEY BYTES COUNT: the object of a key, so often; how often, and the error that it ended with.
std::string overwrite(HelperState& state, std::istream& in) {
  std::string name;
  std::int64_t key = 0;
  std::size_t bytes = 0;
  int count = 0;
  in >> name >> key >> bytes >> count;
  for (int turn = 0; turn < count; ++turn) {
    try {
      state.tables.at(name).insert({key, turn, std::string(bytes, 'x')});
    } catch (const Error& error) {
      return std::to_string(turn) + ' ' + std::string(to_string(error.code()));
    }
  }
  return std::to_string(count);
}

// fill NAME FIRST BYTES: objects of so many bytes, from that key on, until there is an error.
std::string fill(HelperState& state, std::istream& in) {
  std::string name;
  std::int64_t key = 0;
  std::size_t bytes = 0;
  in >> name >> key >> bytes;
  const std::string value(bytes, 'x');
  for (Table& table = state.tables.at(name);; ++key) {
    try {
      table.insert({key, value});
    } catch (const Error& error) {
      return std::to_string(key) + ' ' + std::string(to_string(error.code()));
    }
  }
}

// atoms NAME: objects with new atoms, until there is an error.
std::string atoms(HelperState& state, std::istream& in) {
  std::string name;
  in >> name;
  for (int number = 0;; ++number) {
    try {
      state.tables.at(name).insert({1, Atom("atom" + std::string(200, 'x') + std::to_string(number))});
    } catch (const Error& error) {
      return std::string(to_string(error.code()));
    }
  }
}

// remove NAME FIRST COUNT
std::string remove(HelperState& state, std::istream& in) {
  std::string name;
  std::int64_t first = 0;
  std::int64_t count = 0;
  in >> name >> first >> count;
  for (std::int64_t key = first; key < first + count; ++key) state.tables.at(name).erase(key);
  return "";
}

std::string check(HelperState& state, std::istream& in) {
  std::string name;
  in >> name;
  const CheckReport report = state.tables.at(name).check();
  return report.ok ? "fine" : report.findings.front();
}

// How many of some calls are refused as `forked` in a child of fork(), which then opens the node itself.
std::string fork_and_open(HelperState& state, std::istream& in) {
  std::string name;
  in >> name;
  return os::in_forked_child([&]() -> std::string {
    Table& table = state.tables.at(name);
    int refused = 0;
    for (const std::function<void()>& use :
         {std::function<void()>([&] {
            table.insert({1, 2});
          }),
          std::function<void()>([&] { static_cast<void>(table.lookup(1)); }),
          std::function<void()>([&] { static_cast<void>(table.size()); }),
          std::function<void()>([&] { static_cast<void>(table.info()); }),
          std::function<void()>([&] { static_cast<void>(table.info(Atom("size"))); }),
          std::function<void()>([&] { static_cast<void>(state.node->tables()); })}) {
      try {
        use();
      } catch (const Error& error) {
        if (error.code() == ErrorCode::forked) ++refused;
      }
    }
    std::string answer = std::to_string(refused) + " of 6 refused, ";
    static const Node own = Node::open(state.node->directory());
    own.open_table(Atom(name)).insert({Atom("child"), own.is_manager()});
    return answer + "opened";
  });
}

// A child that is the first process of a pid namespace, and ends at once as programs end.
std::string fork_into_namespace(HelperState&, std::istream&) {
  if (::unshare(CLONE_NEWPID) != 0) return "not permitted";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getpid() != 1) ::_exit(2);
    std::exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return std::to_string(status);
}

// Children that share this program's memory until they are another program, or have ended.
std::string spawn_others(HelperState&, std::istream&) {
  auto program = os::Program::start({"true"}, {});
  if (!program || program->status() != 0) return "posix_spawn failed";
  const pid_t child = ::vfork();
  if (child == 0) ::_exit(0);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? "ended" : "killed";
}

std::string become_daemon(HelperState&, std::istream&) { return ::daemon(1, 1) == 0 ? "daemon" : "failed"; }

// dump_core DIRECTORY MIB: with so much on its heap.
std::string dump_core(HelperState&, std::istream& in) {
  std::string directory;
  std::size_t mib = 0;
  in >> directory >> mib;
  std::vector<char> heap(mib << 20, 'h');
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_CORE, &limit) != 0 || ::chdir(directory.c_str()) != 0) return "failed";
  std::ofstream("/proc/self/coredump_filter") << "0x7f";  // files that are mapped, too
  std::abort();
}

// beat TIMEOUT EVERY COUNT (milliseconds): a watchdog, which is told so often that all is well.
std::string beat(HelperState& state, std::istream& in) {
  int timeout_ms = 0;
  int every_ms = 0;
  int count = 0;
  in >> timeout_ms >> every_ms >> count;
  Watchdog watchdog(*state.node, std::chrono::milliseconds(timeout_ms));
  for (; count > 0; --count) {
    std::this_thread::sleep_for(std::chrono::milliseconds(every_ms));
    watchdog.beat();
  }
  return "";
}

std::string os_pid(HelperState&, std::istream&) { return std::to_string(::getpid()); }

}  // namespace

HelperCommands strange_commands() {
  return {{"write_forever", write_forever},
          {"rewrite_forever", rewrite_forever},
          {"read_forever", read_forever},
          {"fill", fill},
          {"atoms", atoms},
          {"remove", remove},
          {"check", check},
          {"fork_and_open", fork_and_open},
          {"spawn_others", spawn_others},
          {"daemon", become_daemon},
          {"dump_core", dump_core},
          {"beat", beat},
          {"fork_into_namespace", fork_into_namespace},
          {"create_public", create_public},
          {"overwrite", overwrite},
          {"keep", keep},
          {"os_pid", os_pid}};
}

}  // namespace heirloom::node
