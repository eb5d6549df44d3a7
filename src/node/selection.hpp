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

  // Throws Error as the call. `caller` is who may or may not; `limit` how many matches there may be, of a select.
  Selection(const TableHandle& handle, SelectKind kind, const MatchSpec& spec, Pid caller,
            std::size_t limit = kNoLimit);
  // Goes on where a continuation says.
  Selection(const TableHandle& handle, const SelectState& state, Pid caller);

  // So much work, or less. True: that was all, or there are as many matches as there may be.
  bool go(std::size_t work_max);
  // Those that were not taken yet.
  [[nodiscard]] std::vector<Term> take_matches();
  [[nodiscard]] std::uint64_t count() const noexcept { return count_ + change_.changed; }
  // Goes to the end, and takes the rest of the matches. Nothing: there were none, and there will be none.
  [[nodiscard]] std::optional<Chunk> take_chunk();

 private:
  Selection(const TableHandle& handle, SelectKind kind, const MatchSpec& spec, Pid caller, std::size_t limit,
            table::SearchPosition position);

  class Collecting;
  class Counting;
  class Removing;
  class Replacing;
  [[nodiscard]] bool deletes_everything() const;
  [[nodiscard]] bool knows_end() const;
  [[nodiscard]] std::size_t wanted() const noexcept { return limit_ - taken_; }

  TableHandle handle_;
  SelectKind kind_;
  MatchSpec spec_;
  Pid caller_;
  matching::Machine machine_;
  term::KeyRange range_;
  table::SearchPosition position_;
  table::ChangeProgress change_;
  std::size_t limit_;
  std::size_t taken_ = 0;  // of so many
  // Matches of a former chunk, from `first_left_` on; and those of this one that were not taken, or more.
  std::shared_ptr<const std::vector<Term>> found_;
  std::size_t first_left_ = 0;
  std::vector<Term> matches_;
  std::uint64_t count_ = 0;
};

}  // namespace heirloom::node
