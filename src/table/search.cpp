// SPDX-License-Identifier: Apache-2.0
#include "table/search.hpp"

#include <algorithm>
#include <vector>

#include "table/cursor.hpp"
#include "table/stripe_guard.hpp"
#include "table/table.hpp"
#include "table/tree.hpp"
#include "term/order_prefix.hpp"

namespace heirloom::table {

namespace {

constexpr std::size_t kWorkAnEpoch = 1000;

// ThreadSanitizer knows of no reads that are void when they met a store: under it nobody looks at what may change.
#if defined(__SANITIZE_THREAD__)
constexpr bool kLooksAtCopies = true;
#else
constexpr bool kLooksAtCopies = false;
#endif

Key edge_of(const Term& term, term::Edge kind) {
  const TermView view = term.view();
  return {.hash = 0,
          .word = 0,
          .base = view.base(),
          .root = view.word(),
          .atoms = nullptr,
          .prefix = term::order_prefix_of_edge(view, kind),
          .edge = kind};
}

}  // namespace

Term Seen::copy() const { return stored_ != nullptr ? table_.copy_out(*stored_) : Term(view_); }

// A counter may change while the visitor looks at the object, and then it may have seen several states of it: of a word that is a small
// integer in each of them, so that it comes to no harm. That it has is told by the object's root, which says that there is a counter
// before any is stored: then it looks at a copy.
bool Table::show(const StoredObject& object, Visitor& visitor) const {
  const auto show_view = [&](const Seen& seen) { return !visitor.wants(seen) || visitor.take(); };
  if (compressed_) {
    const Term whole = copy_out(object);
    return show_view({*this, whole.view()});
  }
  if (object.counter() == 0 && !kLooksAtCopies) {
    const bool wanted = visitor.wants({*this, object, view(object)});
    std::atomic_thread_fence(std::memory_order_acquire);  // pairs with the store of a counter
    if (stored_counter(load_word(*object.block())) == 0) return !wanted || visitor.take();
  }
  Term copy = Term::uninitialized(object.words());
  std::uint64_t* const words = copy.writable_block().data();
  term::copy_words(words, object.block(), object.words());
  words[0] = plain_root(object.root());
  if (!term::is_sound_tuple(words, object.arity(), object.words(), object.atoms())) refuse_object(object);
  return show_view({*this, TermView(words, words[0], &dictionary_)});
}

class Table::Search {
 public:
  Search(const Table& table, const term::KeyRange& range, SearchPosition& position, const SearchStep& step,
         Visitor& visitor)
      : table_(table), range_(range), position_(position), step_(step), visitor_(visitor), left_(step.work_max) {}

  // Returns the work that it was.
  std::size_t run(Pid caller) {
    while (!position_.at_end && !enough_ && left_ != 0) {
      table_.check_access(caller, false);
      const std::size_t granted = std::min(left_, kWorkAnEpoch);
      left_in_epoch_ = granted;
      const shm::ReadEpoch epoch = table_.read_epoch();
      if (range_.kind == term::KeyRange::Kind::keys) {
        look_up_keys();
      } else if (table_.is_ordered()) {
        go_along_tree();
      } else {
        go_through_buckets();
      }
      left_ -= granted - left_in_epoch_;
    }
    return step_.work_max - left_;
  }

 private:
  void work(std::size_t amount) noexcept { left_in_epoch_ -= std::min(left_in_epoch_, amount); }
  void show(const StoredObject& object) {
    if (!table_.show(object, visitor_)) enough_ = true;
    work(1);
  }
  void show_all(std::uint64_t slot) {
    const Members members(table_.segment_->window(), slot);
    for (std::uint64_t i = 0; i < members.count(); ++i) show(members[i]);
  }

  void look_up_keys() {
    const std::size_t count = range_.keys.size();
    while (position_.number < count && left_in_epoch_ != 0 && !enough_) {
      const std::uint64_t number = position_.number++;
      look_up(range_.keys[step_.direction == Direction::up ? number : count - 1 - number]);
      work(1);
    }
    position_.at_end = position_.number >= count;
  }
  void look_up(const Term& key) {
    Key prepared;
    if (!table_.find_key(key, prepared)) return;
    if (!table_.is_bag()) {
      if (const StoredObject object = table_.find_prepared(prepared)) show(object);
    } else if (const std::uint64_t slot = table_.find_slot(prepared); slot != 0) {
      show_all(slot);
    }
  }

  // A key that was met in a bucket. Why not a Visited? Its key is looked at only where two of them have the same hash.
  struct Met {
    std::uint64_t order;  // the reversed hash
    std::uint64_t slot;
    StoredObject object;  // the first of them
  };
  // As Table::put_in_order().
  void put_in_order() {
    std::sort(met_.begin(), met_.end(), [&](const Met& left, const Met& right) {
      if (left.order != right.order) return left.order < right.order;
      return compare(table_.key_view(left.object), table_.key_view(right.object)) < 0;
    });
    const auto last = std::unique(met_.begin(), met_.end(), [&](const Met& left, const Met& right) {
      return left.order == right.order && table_.key_view(left.object) == table_.key_view(right.object);
    });
    met_.erase(last, met_.end());
  }

  void go_through_buckets() {
    Cursor cursor{static_cast<std::uint32_t>(position_.number), position_.order};
    const std::uint32_t stripes = table_.segment_->stripe_count();
    const bool bag = table_.is_bag();
    for (int round = 0; left_in_epoch_ != 0 && !enough_ && cursor.stripe < stripes; ++round) {
      if (round % kBucketsAhead == 0) table_.fetch_ahead(cursor);
      met_.clear();
      table_.visit_bucket_with(cursor, met_, [](std::uint64_t order, std::uint64_t slot, const StoredObject& object) {
        return Met{order, slot, object};
      });
      put_in_order();
      for (const Met& met : met_) bag ? show_all(met.slot) : show(met.object);
      work(1);
    }
    position_.number = cursor.stripe;
    position_.order = cursor.from;
    position_.at_end = cursor.stripe >= stripes;
  }

  void go_along_tree() {
    const bool up = step_.direction == Direction::up;
    const auto edge = [](const std::optional<Term>& term, term::Edge kind) {
      return term ? std::optional(edge_of(*term, kind)) : std::nullopt;
    };
    const std::optional<Key> from = edge(range_.from, term::Edge::below);
    const std::optional<Key> to = edge(range_.to, term::Edge::above);
    std::optional<Key> begin = up ? from : to;
    const std::optional<Key>& end = up ? to : from;
    if (position_.last) static_cast<void>(table_.find_key(*position_.last, begin.emplace()));
    const std::size_t limit = left_in_epoch_;
    std::size_t shown = 0;
    bool beyond = false;
    StoredObject last;
    Tree(table_).collect(begin ? &*begin : nullptr, {.limit = limit, .direction = step_.direction},
                         [&](StoredObject object) {
                           if (end) beyond = (Tree::compare(table_.key_view(object), *end) > 0) == up;
                           if (beyond) return false;
                           last = object;
                           ++shown;
                           show(object);
                           return !enough_;
                         });
    position_.at_end = beyond || (shown < limit && !enough_);
    if (last && !position_.at_end) position_.last = table_.copy_key(last);
  }

  const Table& table_;
  const term::KeyRange& range_;
  SearchPosition& position_;
  const SearchStep& step_;
  Visitor& visitor_;
  std::size_t left_;
  std::size_t left_in_epoch_ = 0;
  bool enough_ = false;
  std::vector<Met> met_;
};

std::size_t Table::search(Pid caller, const term::KeyRange& range, SearchPosition& position, const SearchStep& step,
                          Visitor& visitor) const {
  check_access(caller, false);
  return Search(*this, range, position, step, visitor).run(caller);
}

namespace {

// The keys of the objects that a judge wants to change.
class Wanted final : public Visitor {
 public:
  Wanted(Judge& judge, std::size_t keypos) : judge_(judge), keypos_(keypos) {}

  bool wants(const Seen& object) override {
    if (judge_.judge(object) == Judge::Verdict::keep) return false;
    key_ = Term(object.view().element(keypos_));
    return true;
  }
  bool take() override {
    if (keys_.empty() || !(keys_.back() == key_)) keys_.push_back(std::move(key_));
    return true;
  }
  [[nodiscard]] std::vector<Term> keys_last_first() {
    std::reverse(keys_.begin(), keys_.end());
    return std::move(keys_);
  }

 private:
  Judge& judge_;
  std::size_t keypos_;
  Term key_;
  std::vector<Term> keys_;
};

}  // namespace

void Table::change(Pid caller, const term::KeyRange& range, ChangeProgress& progress, const SearchStep& step,
                   Judge& judge) {
  const shm::Holder me = prepare_write(caller, judge.operation());
  for (std::size_t left = step.work_max;;) {
    while (!progress.found.empty()) {
      progress.changed += change_key(caller, me, progress.found.back(), judge);
      progress.found.pop_back();
    }
    if (progress.at_end() || left == 0) return;
    Wanted wanted(judge, keypos_);
    SearchPosition behind = progress.position;
    left -= std::min(left, search(caller, range, behind, {std::min(left, kWorkAnEpoch), step.direction}, wanted));
    progress.found = wanted.keys_last_first();
    progress.position = std::move(behind);
  }
}

// Under its lock an object is judged again: it is this state of it that is changed, or kept.
std::uint64_t Table::change_key(Pid caller, shm::Holder me, const TermView& key, Judge& judge) {
  Key prepared;
  if (!find_key(key, prepared)) return 0;
  StripeGuard guard(*this, stripe_of(prepared.hash), me, {.operation = judge.operation()});
  check_access(caller, true);
  if (header_.grave.load(std::memory_order_relaxed) != 0) [[unlikely]]
    bury(guard);
  StripeGuard::Place place = guard.find(prepared);
  if (place.value == 0) return 0;
  const auto verdict_of = [&](const StoredObject& object) {
    if (!compressed_) return judge.judge({*this, object, view(object)});
    const Term whole = copy_out(object);
    return judge.judge({*this, whole.view()});
  };
  const auto replace = [&](std::uint64_t index) {
    const Term object = judge.replacement();
    const EncodedObject encoded = encode(object);
    if (!(encoded.key.view() == prepared.view()))
      throw Error(ErrorCode::badarg, "replace an object", "its key would change to " + to_string(encoded.key.view()));
    guard.replace_member(place, index, encoded);
  };
  // Looked for anew each time: what was there before a replacement is retired, and this thread may use it again itself.
  const auto members = [&] { return Members(segment_->window(), place.value); };
  std::vector<bool> goes(members().count());
  std::uint64_t replaced = 0;
  std::optional<shm::Waiting> waiting;
  for (std::uint64_t i = 0; i < goes.size(); ++i) {
    const Judge::Verdict verdict = verdict_of(members()[i]);
    goes[i] = verdict == Judge::Verdict::remove;
    if (verdict != Judge::Verdict::replace) continue;
    replace(i);
    ++replaced;
    waiting.emplace(true);  // who had to come again would replace it again
    place = guard.find(prepared);
  }
  return replaced + guard.remove_members(place, [&](std::uint64_t index) { return goes[index]; });
}

}  // namespace heirloom::table
