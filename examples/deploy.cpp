// SPDX-License-Identifier: Apache-2.0
//
// A deploy without losing state: the next version of a worker takes the table over from the one that runs, which finishes what it has
// under way first. Start it under a manager that starts the next version when it is told so:
//
//   heirloom run --node /dev/shm/shop -- ./deploy
//   kill -HUP $(pgrep -f 'heirloom run')       # each time a new version is installed
#include <chrono>
#include <cstdlib>
#include <iostream>

#include <heirloom/heirloom.hpp>

using namespace heirloom;
using namespace heirloom::literals;

namespace {

// The table is this program's: claimed when nobody has it, asked for when the version before has.
Table take_over(Node& node) {
  const Atom name("orders");
  Table table = node.open_or_create(name);
  if (table.owner() == self()) return table;
  return node.request_table(name, std::chrono::seconds(30));
}

// Takes orders, until the next version asks for the table.
void work(Table& orders) {
  for (;;) {
    if (const auto message = receive(std::chrono::milliseconds(10))) {
      if (const auto request = as_table_request(*message)) {
        orders.give_away(request->from, request->data);  // nothing is half done here
        return;
      }
    }
    orders.update_counter("orders"_atom, {.position = 2, .increment = 1}, Term{"orders"_atom, 0});
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const char* const directory = argc > 1 ? argv[1] : std::getenv("HEIRLOOM_NODE");
  if (directory == nullptr) {
    std::cerr << "usage: deploy DIRECTORY, or under `heirloom run`\n";
    return EXIT_FAILURE;
  }
  Node node = Node::open(directory);
  Table orders = take_over(node);
  std::cout << "version " << orders.info().generation << " goes on with " << orders.tab2list().size() << " counters\n"
            << std::flush;
  work(orders);
  std::cout << "gave the table away with " << orders.lookup_element("orders"_atom, 2) << " orders\n" << std::flush;
  receive();  // may go on to read; ended by `heirloom run`
} catch (const std::exception& error) {
  std::cerr << "deploy: " << error.what() << '\n';
  return EXIT_FAILURE;
}
