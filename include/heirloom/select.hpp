// SPDX-License-Identifier: Apache-2.0
//
// What comes with select and its sisters (table.hpp): chunks of matches, and calls that are made in steps.
//
//   std::optional<Chunk> chunk = table.select(spec, 100);
//   while (chunk) {
//     for (const Term& match : chunk->matches) std::cout << match << '\n';
//     chunk = chunk->rest ? table.select(*chunk->rest) : std::nullopt;
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "heirloom/match_spec.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

namespace node {
class Selection;
struct SelectState;
}  // namespace node

// Where a select goes on. A value: it may be kept, used more than once, and by every process that may read the table. It keeps the
// table from nothing: what is inserted or deleted meanwhile is found or not, as in a traversal.
class Continuation {
 public:
  // As a term, which may be stored and sent; and back. Error{badarg}: it is none, or its specification is wrong.
  [[nodiscard]] Term to_term() const;
  static Continuation from_term(const Term& term);

  [[nodiscard]] const MatchSpec& spec() const noexcept;
  [[nodiscard]] std::size_t limit() const noexcept;
  [[nodiscard]] bool is_reverse() const noexcept;

  explicit Continuation(std::shared_ptr<const node::SelectState> state) noexcept : state_(std::move(state)) {}
  [[nodiscard]] const node::SelectState& state() const noexcept { return *state_; }

 private:
  std::shared_ptr<const node::SelectState> state_;
};

// As many matches as were asked for, and where the next ones are; or fewer, the last ones: then there is no rest. Where there is one,
// it may lead to no matches.
struct Chunk {
  std::vector<Term> matches;
  std::optional<Continuation> rest;
};

enum class SelectKind { select, reverse, count, remove, replace };

// A call of select or one of its sisters, step by step, for programs that must not be away for long. The table is not fixed in
// between, and need not be: see the traversal functions of Table.
//
//   SelectSteps steps = table.select_in_steps(SelectKind::remove, spec);
//   while (!steps.step(10'000)) event_loop.poll();
//   std::cout << steps.count() << " deleted\n";
class SelectSteps {
 public:
  // Looks at so many objects, and some more. True: that was the last step. Errors: as the call. After Error{busy} (no_wait.hpp) the
  // next step goes on: nothing is left out, and nothing done twice. After Error{full} it does, too, but for what replaces objects of a
  // duplicate_bag: of the key where it was full some may be replaced.
  bool step(std::size_t objects_max);
  // What was selected so far, and not taken yet.
  [[nodiscard]] std::vector<Term> take_matches();
  // How many objects were counted, deleted or replaced so far.
  [[nodiscard]] std::uint64_t count() const noexcept;
  // Does the steps that are left, and returns what was not taken of the matches, and where the next ones are, if there may be only so
  // many: as select() of a limit or a continuation. Nothing: there were none, and will be none. Once.
  [[nodiscard]] std::optional<Chunk> take_chunk();

  explicit SelectSteps(std::unique_ptr<node::Selection> selection) noexcept;
  SelectSteps(SelectSteps&& other) noexcept;
  SelectSteps& operator=(SelectSteps&& other) noexcept;
  ~SelectSteps();

 private:
  std::unique_ptr<node::Selection> selection_;
};

}  // namespace heirloom
