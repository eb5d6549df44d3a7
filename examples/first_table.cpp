// SPDX-License-Identifier: Apache-2.0
//
// A table that outlives its program: run it twice, and the second run goes on counting where the first one ended.
#include <cstdlib>
#include <exception>
#include <iostream>

#include <heirloom/heirloom.hpp>

using namespace heirloom;
using namespace heirloom::literals;

namespace {

void count_a_birthday(const char* directory) {
  Node node = Node::open(directory);
  Table users = node.open_or_create("users"_atom, {.type = TableType::set});

  const bool is_new = users.insert_new({"alice"_atom, 41, "Berlin"});  // a literal is a binary
  std::cout << (is_new ? "a new table\n" : "the table was there already\n");

  users.update_counter("alice"_atom, {.position = 2, .increment = 1});
  for (const Term& object : users.lookup("alice"_atom)) std::cout << object << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  try {
    count_a_birthday(argc > 1 ? argv[1] : "/dev/shm/quickstart");
  } catch (const std::exception& error) {
    std::cerr << "first_table: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
