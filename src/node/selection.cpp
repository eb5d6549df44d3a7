// SPDX-License-Identifier: Apache-2.0
#include "node/selection.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "match/keeps_key.hpp"
#include "match/key_range.hpp"
#include "node/runtime.hpp"

namespace heirloom::node {

using namespace literals;

namespace {

matching::Surroundings surroundings_of(const table::Table& table, Pid caller) {
  return {.self = caller, .atoms = table.atoms(), .id_of = [&table](Atom atom) { return table.find_atom(atom); }};
}

// What a specification says of an object, as a term of its own.
Term result_of(const TermView& result, const table::Seen& object) {
  const TermView& whole = object.view();
  const bool is_whole = result.base() == whole.base() && result.word() == whole.word();
  return is_whole ? object.copy() : Term(result);
}

void refuse_changed_keys(const table::Table& table, const MatchSpec& spec) {
  if (table.type() == TableType::bag)
    throw Error(ErrorCode::table_type, "select_replace",
                "the table is a bag, whose objects would have to stay different");
  if (matching::keeps_key(*spec.program(), static_cast<std::size_t>(table.keypos()))) return;
  throw Error(ErrorCode::badarg, "select_replace",
              "each body must be '$_', or a tuple {{...}} in which element " + std::to_string(table.keypos()) +
                  " is the key as the head has it, or {element," + std::to_string(table.keypos()) + ",'$_'}");
}

}  // namespace

class Selection::Collecting final : public table::Visitor {
 public:
  Collecting(matching::Machine& machine, std::vector<Term>& matches, std::size_t matches_max)
      : machine_(machine), matches_(matches), matches_max_(matches_max) {}

  bool wants(const table::Seen& object) override {
    const TermView* const result = machine_.run(object.view());
    if (result == nullptr) return false;
    match_ = result_of(*result, object);
    return true;
  }
  bool take() override {
    // Memory that is not used yet costs nothing, and moving what is there does.
    if (matches_.size() == matches_.capacity()) matches_.reserve(std::max<std::size_t>(16, 4 * matches_.size()));
    matches_.push_back(std::move(match_));
    return matches_.size() < matches_max_;
  }

 private:
  matching::Machine& machine_;
  std::vector<Term>& matches_;
  std::size_t matches_max_;
  Term match_;
};

class Selection::Counting final : public table::Visitor {
 public:
  Counting(matching::Machine& machine, std::uint64_t& count) : machine_(machine), count_(count) {}
  bool wants(const table::Seen& object) override { return machine_.says_true(object.view()); }
  bool take() override { return ++count_ != 0; }

 private:
  matching::Machine& machine_;
  std::uint64_t& count_;
};

class Selection::Removing final : public table::Judge {
 public:
  explicit Removing(matching::Machine& machine) : machine_(machine) {}
  [[nodiscard]] Operation operation() const noexcept override { return Operation::select_delete; }
  Verdict judge(const table::Seen& object) override {
    return machine_.says_true(object.view()) ? Verdict::remove : Verdict::keep;
  }
  Term replacement() override { return {}; }

 private:
  matching::Machine& machine_;
};

class Selection::Replacing final : public table::Judge {
 public:
  explicit Replacing(matching::Machine& machine) : machine_(machine) {}
  [[nodiscard]] Operation operation() const noexcept override { return Operation::select_replace; }
  Verdict judge(const table::Seen& object) override {
    const TermView* const result = machine_.run(object.view());
    if (result == nullptr) return Verdict::keep;
    replacement_ = result_of(*result, object);
    return Verdict::replace;
  }
  Term replacement() override { return std::move(replacement_); }

 private:
  matching::Machine& machine_;
  Term replacement_;
};

Selection::Selection(const TableHandle& handle, SelectKind kind, const MatchSpec& spec, Pid caller, std::size_t limit,
                     table::SearchPosition position)
    : handle_(handle),
      kind_(kind == SelectKind::reverse && handle.table->type() != TableType::ordered_set ? SelectKind::select : kind),
      spec_(spec),
      caller_(caller),
      machine_(spec.program(), surroundings_of(*handle.table, caller)),
      range_(matching::key_range_of(*spec.program(), static_cast<std::size_t>(handle.table->keypos()),
                                    handle.table->type() == TableType::ordered_set)),
      position_(std::move(position)),
      limit_(limit) {
  handle.table->check_access(caller, kind == SelectKind::remove || kind == SelectKind::replace);
}

Selection::Selection(const TableHandle& handle, SelectKind kind, const MatchSpec& spec, Pid caller, std::size_t limit)
    : Selection(handle, kind, spec, caller, limit, table::SearchPosition{}) {
  if (limit == 0) throw Error(ErrorCode::badarg, "select", "the limit must be 1 at least");
  if (limit != kNoLimit && kind != SelectKind::select && kind != SelectKind::reverse)
    throw Error(ErrorCode::badarg, "select", "only what selects matches has a limit");
  if (kind == SelectKind::replace && !spec.program()->clauses.empty()) refuse_changed_keys(*handle.table, spec);
}

Selection::Selection(const TableHandle& handle, const SelectState& state, Pid caller)
    : Selection(handle, state.reverse ? SelectKind::reverse : SelectKind::select, state.spec, caller, state.limit,
                state.position) {
  if (state.table != handle.id)
    throw Error(ErrorCode::badarg, "select", "the continuation is of the table " + state.table + ", not " + handle.id);
  if (state.found == nullptr) return;
  const auto begin = state.found->begin() + static_cast<std::ptrdiff_t>(state.first_left);
  const std::size_t count = std::min(limit_, state.found->size() - state.first_left);
  matches_.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  first_left_ = state.first_left + count;
  if (first_left_ != state.found->size()) found_ = state.found;
}

// In one step, and so the only one of its kind that is.
bool Selection::deletes_everything() const {
  static const Term everything = list({{"_"_atom, list({}), list({Term(true)})}});
  return kind_ == SelectKind::remove && spec_.term() == everything;
}

bool Selection::go(std::size_t work_max) {
  table::Table& table = *handle_.table;
  const table::SearchStep step{work_max, kind_ == SelectKind::reverse ? table::Direction::down : table::Direction::up};
  switch (kind_) {
    case SelectKind::select:
    case SelectKind::reverse: {
      if (matches_.size() >= wanted()) return true;
      Collecting collecting(machine_, matches_, wanted());
      table.search(caller_, range_, position_, step, collecting);
      return position_.at_end || matches_.size() >= wanted();
    }
    case SelectKind::count: {
      Counting counting(machine_, count_);
      table.search(caller_, range_, position_, step, counting);
      break;
    }
    case SelectKind::remove: {
      if (deletes_everything()) {
        if (!position_.at_end) count_ = table.delete_all_objects(caller_);
        position_.at_end = true;
        break;
      }
      Removing removing(machine_);
      table.change(caller_, range_, change_, step, removing);
      return change_.at_end();
    }
    case SelectKind::replace: {
      Replacing replacing(machine_);
      table.change(caller_, range_, change_, step, replacing);
      return change_.at_end();
    }
  }
  return position_.at_end;
}

std::vector<Term> Selection::take_matches() {
  std::vector<Term> taken;
  if (matches_.size() > wanted()) {
    const auto end = matches_.begin() + static_cast<std::ptrdiff_t>(wanted());
    taken.assign(std::make_move_iterator(matches_.begin()), std::make_move_iterator(end));
    matches_.erase(matches_.begin(), end);
  } else {
    taken.swap(matches_);
  }
  taken_ += taken.size();
  return taken;
}

// Whether it is certain that nothing is behind what was found: keys that are known are looked up at once. (Those of an ordered_set
// are, in ets, the least and the greatest of a range.)
bool Selection::knows_end() const {
  return position_.at_end && found_ == nullptr && range_.kind == term::KeyRange::Kind::keys &&
         (range_.keys.size() <= 1 || handle_.table->type() != TableType::ordered_set);
}

// As many as were asked for come with a continuation, also when nothing is behind them.
std::optional<Chunk> Selection::take_chunk() {
  while (!go(table::SearchStep::kUnbounded)) {
  }
  std::vector<Term> last = take_matches();
  if (taken_ == 0) return std::nullopt;
  if (!matches_.empty()) {
    found_ = std::make_shared<const std::vector<Term>>(std::exchange(matches_, {}));
    first_left_ = 0;
  }
  if (taken_ < limit_ || knows_end()) return Chunk{std::move(last), std::nullopt};
  return Chunk{std::move(last),
               Continuation(std::make_shared<const SelectState>(SelectState{.table = handle_.id,
                                                                            .spec = spec_,
                                                                            .limit = limit_,
                                                                            .reverse = kind_ == SelectKind::reverse,
                                                                            .position = position_,
                                                                            .found = found_,
                                                                            .first_left = first_left_}))};
}

}  // namespace heirloom::node
