// SPDX-License-Identifier: Apache-2.0
//
// The public select and its sisters.
#include "heirloom/select.hpp"

#include <utility>

#include "heirloom/table.hpp"

#include "node/acting.hpp"
#include "node/selection.hpp"

namespace heirloom {

using namespace literals;

namespace {

constexpr std::size_t kNoLimit = node::Selection::kNoLimit;

node::Selection selection(const node::TableHandle& handle, SelectKind kind, const MatchSpec& spec,
                          std::size_t limit = kNoLimit) {
  return {handle, kind, spec, node::caller(handle), limit};
}

std::vector<Term> all_matches(const node::TableHandle& handle, SelectKind kind, const MatchSpec& spec) {
  node::Selection selected = selection(handle, kind, spec);
  selected.go(kNoLimit);
  return selected.take_matches();
}

std::uint64_t all_counted(const node::TableHandle& handle, SelectKind kind, const MatchSpec& spec) {
  node::Selection selected = selection(handle, kind, spec);
  selected.go(kNoLimit);
  return selected.count();
}

// -- continuations as terms: {TableId, Spec, Limit, Reverse, {AtEnd, Number, Order, [Last]}, Found} --

Term term_of(const table::SearchPosition& position) {
  return {Term(position.at_end), Term(position.number), Term(position.order),
          position.last ? list({*position.last}) : list({})};
}

table::SearchPosition position_of(TermView term) {
  table::SearchPosition position;
  if (term.size() != 4) throw Error(ErrorCode::type, "read a position", "it has four elements");
  position.at_end = term.element(1).as_bool();
  position.number = term.element(2).as_uint64();
  position.order = term.element(3).as_uint64();
  if (term.element(4).size() != 0) position.last = Term(term.element(4)[0]);
  return position;
}

node::SelectState state_of(TermView term) {
  if (term.size() != 6) throw Error(ErrorCode::type, "read a continuation", "it has six elements");
  node::SelectState state{.table = std::string(term.element(1).as_binary()),
                          .spec = MatchSpec(Term(term.element(2))),
                          .limit = term.element(3).as_uint64(),
                          .reverse = term.element(4).as_bool(),
                          .position = position_of(term.element(5))};
  if (state.limit == 0) throw Error(ErrorCode::type, "read a continuation", "its limit is 1 at least");
  std::vector<Term> found;
  for (const TermView match : term.element(6).elements()) found.emplace_back(match);
  if (!found.empty()) state.found = std::make_shared<const std::vector<Term>>(std::move(found));
  return state;
}

}  // namespace

// -- Table --

std::vector<Term> Table::select(const MatchSpec& spec) const { return all_matches(*handle_, SelectKind::select, spec); }
std::vector<Term> Table::select_reverse(const MatchSpec& spec) const {
  return all_matches(*handle_, SelectKind::reverse, spec);
}
std::optional<Chunk> Table::select(const MatchSpec& spec, std::size_t limit) const {
  return selection(*handle_, SelectKind::select, spec, limit).take_chunk();
}
std::optional<Chunk> Table::select_reverse(const MatchSpec& spec, std::size_t limit) const {
  return selection(*handle_, SelectKind::reverse, spec, limit).take_chunk();
}
std::optional<Chunk> Table::select(const Continuation& continuation) const {
  return node::Selection(*handle_, continuation.state(), node::caller(*handle_)).take_chunk();
}

std::uint64_t Table::select_count(const MatchSpec& spec) const {
  return all_counted(*handle_, SelectKind::count, spec);
}
std::uint64_t Table::select_delete(const MatchSpec& spec) { return all_counted(*handle_, SelectKind::remove, spec); }
std::uint64_t Table::select_replace(const MatchSpec& spec) { return all_counted(*handle_, SelectKind::replace, spec); }

std::vector<Term> Table::match(const Term& pattern) const { return select(match_pattern(pattern)); }
std::vector<Term> Table::match_object(const Term& pattern) const { return select(match_object_pattern(pattern)); }
void Table::match_delete(const Term& pattern) { select_delete(match_delete_pattern(pattern)); }

SelectSteps Table::select_in_steps(SelectKind kind, const MatchSpec& spec) const {
  return select_in_steps(kind, spec, kNoLimit);
}
SelectSteps Table::select_in_steps(SelectKind kind, const MatchSpec& spec, std::size_t limit) const {
  return SelectSteps(std::make_unique<node::Selection>(*handle_, kind, spec, node::caller(*handle_), limit));
}
SelectSteps Table::select_in_steps(const Continuation& continuation) const {
  return SelectSteps(std::make_unique<node::Selection>(*handle_, continuation.state(), node::caller(*handle_)));
}

// -- Continuation --

Term Continuation::to_term() const {
  const std::size_t left = state_->found == nullptr ? 0 : state_->found->size() - state_->first_left;
  const Term found = left == 0 ? list({}) : list(std::span(*state_->found).subspan(state_->first_left));
  return {Term(state_->table),   state_->spec.term(),       Term(state_->limit),
          Term(state_->reverse), term_of(state_->position), found};
}

Continuation Continuation::from_term(const Term& term) try {
  return Continuation(std::make_shared<const node::SelectState>(state_of(term.view())));
} catch (const Error& error) {
  throw Error(ErrorCode::badarg, "make a continuation", "this term is none: " + std::string(error.what()));
}

const MatchSpec& Continuation::spec() const noexcept { return state_->spec; }
std::size_t Continuation::limit() const noexcept { return state_->limit; }
bool Continuation::is_reverse() const noexcept { return state_->reverse; }

// -- SelectSteps --

SelectSteps::SelectSteps(std::unique_ptr<node::Selection> selection) noexcept : selection_(std::move(selection)) {}
SelectSteps::SelectSteps(SelectSteps&& other) noexcept = default;
SelectSteps& SelectSteps::operator=(SelectSteps&& other) noexcept = default;
SelectSteps::~SelectSteps() = default;

bool SelectSteps::step(std::size_t objects_max) { return selection_->go(objects_max); }
std::vector<Term> SelectSteps::take_matches() { return selection_->take_matches(); }
std::optional<Chunk> SelectSteps::take_chunk() { return selection_->take_chunk(); }
std::uint64_t SelectSteps::count() const noexcept { return selection_->count(); }

}  // namespace heirloom
