// SPDX-License-Identifier: Apache-2.0
//
// One call of select or of a sister: a match specification (src/match), run over the objects that a table shows (src/table).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heirloom/select.hpp"

#include "match/machine.hpp"
#include "node/table_handle.hpp"
#include "table/search.hpp"
#include "term/key_range.hpp"

namespace heirloom::node {

// What a Continuation is.
struct SelectState {
  std::string table;  // its id
  MatchSpec spec;
  std::size_t limit;
  bool reverse;
  table::SearchPosition position;
  // Matches that were found already, from `first_left` on.
  std::shared_ptr<const std::vector<Term>> found;
  std::size_t first_left = 0;
};

class Selection {
 public:
  static constexpr std::size_t kNoLimit = table::SearchStep::kUnbounded;

  // Throws Error as the call. `caller` is who may or may not.
  Selection(const TableHandle& handle, SelectKind kind, const MatchSpec& spec, Pid caller);
  // Goes on where a continuation says.
  Selection(const TableHandle& handle, const SelectState& state, Pid caller);

  // Until there are so many matches, or that was so much work. True: that was all.
  bool go(std::size_t matches_max, std::size_t work_max);
  [[nodiscard]] std::vector<Term>& matches() noexcept { return matches_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // The next `limit` of them. Nothing: there are none, and there will be none.
  [[nodiscard]] std::optional<Chunk> chunk(std::size_t limit);

 private:
  Selection(const TableHandle& handle, SelectKind kind, const MatchSpec& spec, Pid caller,
            table::SearchPosition position);

  class Collecting;
  class Counting;
  class Removing;
  class Replacing;
  [[nodiscard]] bool deletes_everything() const;
  void take_found(std::size_t matches_max);
  [[nodiscard]] bool knows_end() const;

  TableHandle handle_;
  SelectKind kind_;
  MatchSpec spec_;
  Pid caller_;
  matching::Machine machine_;
  term::KeyRange range_;
  table::SearchPosition position_;
  // Matches of a former chunk, from `first_left_` on; and those of this one.
  std::shared_ptr<const std::vector<Term>> found_;
  std::size_t first_left_ = 0;
  std::vector<Term> matches_;
  std::uint64_t count_ = 0;
};

}  // namespace heirloom::node
