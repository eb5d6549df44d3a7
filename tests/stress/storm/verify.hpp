// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storm/book.hpp"

namespace heirloom::stress::storm {

// Compares the table with what a writer's book says, once the writer is dead. Throws BreachFound.
void verify(const Table& table, const Kind& kind, std::uint32_t writer, const Book& book);
// The same by the writer's successor: from now on the book knows what happened of the write that was under way.
void verify_and_settle(const Table& table, const Kind& kind, std::uint32_t writer, Arena& arena);

// While nobody writes: all books, all sums, all tokens, no object that nobody wrote, and the table's own proof. Throws BreachFound.
// Notes the table's bytes and repairs in the arena.
void audit(Table& table, const Kind& kind, Arena& arena);

}  // namespace heirloom::stress::storm
