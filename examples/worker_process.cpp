// SPDX-License-Identifier: Apache-2.0
//
// A worker that is a program of its own and claims its table from a running node. In one terminal, the table manager:
//
//   worker_process /dev/shm/work manage
//
// In another, a worker; kill it as you like (`kill -9`), start it again, and it goes on where the one before was:
//
//   worker_process /dev/shm/work
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <thread>

#include <heirloom/heirloom.hpp>

using namespace heirloom;
using namespace heirloom::literals;

namespace {

// Holds the table whenever no worker does, until its standard input ends.
void manage(const Node& node) {
  Supervisor supervisor(node, {}, {TableManager::child_spec({.table_id = "work"_atom, .find_me = "worker"_atom})});
  std::cout << "managing; end the input to stop\n" << std::flush;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
}

// Counts up to the next full ten, slowly enough to be killed in between.
void work(const Node& /*node*/) {
  register_name("worker"_atom);               // the manager finds it by this name...
  EtsTransfer transfer = receive_transfer();  // ...and from here on the table may be written
  Table& table = transfer.table;
  std::cout << "got the table from " << transfer.from << " with gift " << transfer.gift_data << '\n';

  for (;;) {
    const Term count = table.update_counter("count"_atom, {.position = 2, .increment = 1}, Term{"count"_atom, 0});
    std::cout << "counted " << count << '\n' << std::flush;
    if (count.as_int64() % 10 == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "usage: worker_process DIRECTORY [manage]\n";
    return EXIT_FAILURE;
  }
  const Node node = Node::open(argv[1]);
  const bool is_manager = argc > 2 && std::string_view(argv[2]) == "manage";
  is_manager ? manage(node) : work(node);
} catch (const std::exception& error) {
  std::cerr << "worker_process: " << error.what() << '\n';
  return EXIT_FAILURE;
}
