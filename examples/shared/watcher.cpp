// SPDX-License-Identifier: Apache-2.0
//
// A C++ program that reads the table of an Erlang VM while that writes it, as structs: watcher DIRECTORY.
#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include <heirloom/heirloom.hpp>
#include <heirloom/typed_table.hpp>

#include "session.hpp"

using namespace heirloom;
using namespace heirloom::literals;

namespace {

int watch(const char* directory) {
  Node node = Node::open(directory);
  while (!node.find_table("sessions"_atom)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const TypedTable<session> sessions(node.open_table("sessions"_atom));
  const Table here = node.create("shared_watcher"_atom);  // says that somebody watches, as long as this program lives
  std::map<std::string, std::int64_t> before;
  std::uint64_t reads = 0;
  while (!sessions.member("the end")) {
    for (const session& now : sessions) {
      if (now.twice != 2 * now.hits || now.hits < before[now.user])
        throw std::runtime_error("half of a write was seen, or an old one, of " + now.user);
      before[now.user] = now.hits;
      ++reads;
    }
  }
  std::cout << "the C++ program has read " << reads << " sessions; none was torn or went back" << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count == 2) return watch(arguments[1]);
  std::cerr << "usage: watcher DIRECTORY\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << "watcher: " << error.what() << '\n';
  return 1;
}
