// SPDX-License-Identifier: Apache-2.0
//
// Table: a handle to one table of a node. The semantics are those of Erlang's module `ets`; each function names the one it
// follows where the name differs. Handles are cheap to copy and may be used from any thread: a call acts for the process
// that the calling thread runs (see process.hpp). Reads take no lock and wait for nobody; writes lock the stripe of their
// key. A write that returned survives the death of every process; one cut short by a death happened wholly or not at all.
//
//   Table users = node.open_or_create("users"_atom);
//   users.insert({"alice"_atom, 41, "Berlin"});
//   for (const Term& object : users.lookup("alice"_atom)) std::cout << object << '\n';
//
// Every function throws Error: `id` when the table was deleted, `access` when the process may not do it, `corrupt` when the
// shared bytes break their invariants, `forked` in a forked child; writes also `full`. Only further errors are listed. A call
// that fails changes nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "heirloom/atom.hpp"
#include "heirloom/lineage.hpp"
#include "heirloom/match_spec.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/select.hpp"
#include "heirloom/table_info.hpp"
#include "heirloom/table_options.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

// One operation of ets:update_counter: adds `increment` to the integer at `position`; where `threshold` is given and the
// result passes it, in the direction of the increment, the counter becomes `reset_to`.
struct CounterUpdate {
  std::int64_t position;
  Term increment;
  std::optional<Term> threshold = {};
  Term reset_to = 0;
};

// One operation of ets:update_element.
struct ElementUpdate {
  std::int64_t position;
  Term value;
};

// The objects that a lookup found, copied out. For a set: none or one. Of a temporary, as in table.lookup(key).front(), an
// object is given by value, so that it can be kept; `for (const Term& object : table.lookup(key))` keeps all of them.
class Objects {
 public:
  using iterator = const Term*;
  Objects() = default;
  explicit Objects(Term only) : count_(1), only_(std::move(only)) {}
  explicit Objects(std::vector<Term> many) : count_(many.size()), many_(std::move(many)) {}

  [[nodiscard]] iterator begin() const& noexcept { return many_.empty() ? &only_ : many_.data(); }
  [[nodiscard]] iterator end() const& noexcept { return begin() + count_; }
  iterator begin() const&& = delete;  // they would point to what is gone; a range-for of a temporary is fine
  iterator end() const&& = delete;
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  // Requires index < size().
  [[nodiscard]] const Term& operator[](std::size_t index) const& noexcept { return begin()[index]; }
  [[nodiscard]] Term operator[](std::size_t index) && noexcept {
    return std::move(many_.empty() ? only_ : many_[index]);
  }
  [[nodiscard]] const Term& front() const& noexcept { return *begin(); }
  [[nodiscard]] Term front() && noexcept { return std::move(*this)[0]; }
  // For Heirloom's own layers: makes it one object, to be filled in.
  Term& only() noexcept {
    count_ = 1;
    return only_;
  }
  // The object of a set, or nothing.
  [[nodiscard]] std::optional<Term> one() const& { return empty() ? std::nullopt : std::optional<Term>(front()); }
  [[nodiscard]] std::optional<Term> one() && {
    return empty() ? std::nullopt : std::optional<Term>(std::move(*this).front());
  }

 private:
  std::size_t count_ = 0;
  Term only_;
  std::vector<Term> many_;
};

// A key, and its objects at the same moment.
struct KeyObjects {
  Term key;
  Objects objects;
};

// The result of a full proof of a table's invariants.
struct CheckReport {
  bool ok = true;
  std::uint64_t objects = 0;
  // Bytes of blocks. live + retired + free + cached = allocated.
  std::uint64_t live_bytes = 0;     // reachable by readers: objects and index
  std::uint64_t retired_bytes = 0;  // unreachable, waiting until no reader can be in them
  std::uint64_t free_bytes = 0;     // ready for the next write
  std::uint64_t cached_bytes = 0;   // given to a stripe, in no list yet
  std::uint64_t allocated_bytes = 0;
  std::vector<std::string> findings;  // what is broken and where; empty when ok
};

namespace node {
class TableHandle;
}

class Table {
 public:
  [[nodiscard]] Atom name() const;
  [[nodiscard]] const std::string& id() const;  // as in TableInfo

  // -- insert: true, as in ets; objects are tuples of at least `keypos` elements (else Error{badarg}) --
  void insert(const Term& object);             // one tuple, or a list of tuples: all or nothing
  void insert(std::span<const Term> objects);  // all or nothing, for readers in other processes and in a crash
  bool insert_new(const Term& object);         // false, and nothing inserted, when any key is there
  bool insert_new(std::span<const Term> objects);

  // A bag and a duplicate_bag keep several objects of a key, in the order of insertion; a bag each but once. Calls on a key see
  // and change all of its objects in one step.

  // -- lookup --
  [[nodiscard]] Objects lookup(const Term& key) const;
  [[nodiscard]] bool member(const Term& key) const;
  // Error{badkey} when absent, Error{position} when the object is too short. With a default: for an absent key only. Of a bag it
  // is the list of the elements of all objects with the key.
  [[nodiscard]] Term lookup_element(const Term& key, std::int64_t position) const;
  [[nodiscard]] Term lookup_element(const Term& key, std::int64_t position, const Term& default_value) const;

  // -- delete --
  void erase(const Term& key);             // ets:delete/2
  void delete_object(const Term& object);  // those that are exactly this one: in a duplicate_bag, all copies
  void delete_all_objects();               // in one step for every reader
  Objects take(const Term& key);           // lookup and erase in one step

  // -- change in place --
  // The new value. Errors: badkey, keypos, position, badarg (the element is no integer). With a default object (its key
  // element is replaced by `key`), an absent key is inserted first. Of a bag: table_type.
  Term update_counter(const Term& key, std::int64_t increment);  // of the element behind the key
  Term update_counter(const Term& key, const CounterUpdate& update);
  Term update_counter(const Term& key, const CounterUpdate& update, const Term& default_object);
  std::vector<Term> update_counter(const Term& key, std::span<const CounterUpdate> updates);
  std::vector<Term> update_counter(const Term& key, std::span<const CounterUpdate> updates, const Term& default_object);
  // False when the key is absent. Errors: keypos, position; table_type for a bag.
  bool update_element(const Term& key, const ElementUpdate& update);
  bool update_element(const Term& key, std::span<const ElementUpdate> updates);
  // With a default object (its key element is replaced by `key`), an absent key is inserted first: always true.
  bool update_element(const Term& key, const ElementUpdate& update, const Term& default_object);
  bool update_element(const Term& key, std::span<const ElementUpdate> updates, const Term& default_object);

  // -- traverse: an ordered_set in the order of its keys, others in one of their own that growth does not disturb --
  // Whoever goes through a table while others write meets each object that is there all the time exactly once, whether the table
  // is fixed or not; one that comes or goes meanwhile, once or not at all. Nothing: '$end_of_table'. Error{badkey} when the key is
  // not there and the table is not fixed; but an ordered_set takes any key, and finds what is behind or before it. Without an
  // order, last() and prev() are first() and next(), as in ets.
  [[nodiscard]] std::optional<Term> first() const;
  [[nodiscard]] std::optional<Term> next(const Term& key) const;
  [[nodiscard]] std::optional<Term> last() const;
  [[nodiscard]] std::optional<Term> prev(const Term& key) const;
  [[nodiscard]] std::optional<KeyObjects> first_lookup() const;  // the key and its objects, in one step
  [[nodiscard]] std::optional<KeyObjects> next_lookup(const Term& key) const;
  [[nodiscard]] std::optional<KeyObjects> last_lookup() const;
  [[nodiscard]] std::optional<KeyObjects> prev_lookup(const Term& key) const;
  [[nodiscard]] std::vector<Term> tab2list() const;
  // for (const Term& object : table) ...: the same objects, some at a time. An input range; what begin() throws, * and == may throw, too.
  class Iterator;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  // Of an ordered_set, from the first key that is not below this one on; and from the first behind it. Error{table_type} for others.
  [[nodiscard]] Iterator lower_bound(const Term& key) const;
  [[nodiscard]] Iterator upper_bound(const Term& key) const;
  // function(object, accumulator) for each of them; the objects of one key, or all of an ordered_set, from the first to the last,
  // or back.
  template <typename Function, typename Accumulator>
  Accumulator foldl(Function function, Accumulator accumulator) const;
  template <typename Function, typename Accumulator>
  Accumulator foldr(Function function, Accumulator accumulator) const;
  // The objects of one slot, from 0, of the index as it is now (in an ordered_set, the object of that number); nothing for the
  // number of slots: the end. Error{badarg} beyond.
  [[nodiscard]] std::optional<std::vector<Term>> slot(std::uint64_t number) const;

  // -- select: what a match specification says of the objects (match_spec.hpp) --
  // Of an ordered_set in the order of its keys, of other tables in that of a traversal. Where all heads name the key, they are looked
  // up; in an ordered_set, where they name the beginning of a key that is a tuple or a list, what lies between is looked at. Each
  // object is judged at one moment.
  [[nodiscard]] std::vector<Term> select(const MatchSpec& spec) const;
  [[nodiscard]] std::vector<Term> select_reverse(const MatchSpec& spec) const;  // as select, where there is no order
  // Some at a time. Nothing: '$end_of_table'. Error{badarg}: the limit is 0, or the continuation is of another table.
  [[nodiscard]] std::optional<Chunk> select(const MatchSpec& spec, std::size_t limit) const;
  [[nodiscard]] std::optional<Chunk> select_reverse(const MatchSpec& spec, std::size_t limit) const;
  [[nodiscard]] std::optional<Chunk> select(const Continuation& continuation) const;
  // Those of which it says true.
  [[nodiscard]] std::uint64_t select_count(const MatchSpec& spec) const;
  std::uint64_t select_delete(const MatchSpec& spec);
  // Replaces each object by what the specification says of it; in the moment in which it says so. Error{badarg}: it is not plain
  // from the specification that it keeps the key; table_type for a bag; full. What was replaced before an error stays.
  std::uint64_t select_replace(const MatchSpec& spec);
  // The same of a single pattern, as {'_','$1',active}: what its variables stand for, the objects, and their end. For chunks,
  // select(match_pattern(pattern), limit).
  [[nodiscard]] std::vector<Term> match(const Term& pattern) const;
  [[nodiscard]] std::vector<Term> match_object(const Term& pattern) const;
  void match_delete(const Term& pattern);
  // ets:table/1,2: the matches one by one, read some at a time. An input range, as that of all objects.
  class Matches;
  [[nodiscard]] Matches each(const MatchSpec& spec, std::size_t objects_at_once = 100) const;
  // Any of these, step by step: all of it, or, of what selects matches, a chunk.
  [[nodiscard]] SelectSteps select_in_steps(SelectKind kind, const MatchSpec& spec) const;
  [[nodiscard]] SelectSteps select_in_steps(SelectKind kind, const MatchSpec& spec, std::size_t limit) const;
  [[nodiscard]] SelectSteps select_in_steps(const Continuation& continuation) const;

  // ets:safe_fixtable/2, by whoever may read: next() takes keys that were deleted - any key - while some process has fixed the table. A
  // fixation counts, and ends with its process. Errors: no_manager.
  void safe_fixtable(bool fix);

  // ets:init_table/2: deletes all objects, and inserts what `read` returns until it returns nothing, list by list. What `read`
  // throws, it throws: then the lists before are there.
  void init_table(const std::function<std::optional<std::vector<Term>>()>& read);

  // -- about the table --
  [[nodiscard]] TableInfo info() const;
  // ets:info/2: what find_item() tells of info(), and `stats` of the index as it is now. Error{badarg} for all others.
  [[nodiscard]] Term info(Atom item) const;
  // As the segment tells it now, without asking anybody; none: the node.
  [[nodiscard]] std::optional<Pid> owner() const;
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] CheckReport check() const;
  // The owners so far, the present one last. Errors: no_manager.
  [[nodiscard]] std::vector<Tenure> lineage() const;

  // -- ownership --
  // ets:give_away/3. Errors: owner, not_owner, noproc (the receiver is dead), no_manager. When the manager dies before it answers it
  // may have happened: then info().generation is another.
  void give_away(Pid receiver, const Term& gift_data);
  void give_away(Atom registered_name, const Term& gift_data);
  void set_heir(const std::optional<Heir>& heir);  // ets:setopts(T, {heir, ...}); Errors: not_owner, no_manager
  // ets:setopts(T, {protection, ...}), for the calls that begin after it. Errors: not_owner, no_manager.
  void set_protection(Protection protection);
  // By whoever may write. Handles go on, and name() says what the table was called when it was opened. Errors: already_exists
  // (another table has the name, or this one), quarantined, no_manager.
  void rename(Atom name);
  // Makes the caller's table one that outlives every owner, as those of Node::open_or_create(), and gives it this name, in one step: so
  // that one which is no good yet goes with who fills it. Errors: not_owner, already_exists (another table has the name), no_manager.
  void make_node_table(Atom name);
  void drop();  // ets:delete/1, by whoever may write: the table is gone for everybody

  // -- for operators; any process of the node may, whoever owns the table --
  // Takes it from its owner, for whom it is as if it had died for this table: the heir gets it, or the node. Errors: not_owner
  // (nobody owns it), badarg (it would be deleted), no_manager.
  void reclaim();
  // Sets it aside, whole: nobody owns it, and handles that were opened before fail with Error{quarantined}. It is named NAME@ID
  // from then on, so that another one can be made; under that name it can be opened, read and dropped. It is a node table then.
  void quarantine(const std::string& cause);
  // From now on the table refuses to grow beyond (ErrorCode::full); what it has by then it keeps. Error{badarg}: not between 1 MiB
  // and info().max_bytes_limit; no_manager: by an observer.
  void set_max_bytes(std::uint64_t bytes);
  // Gives it its name back, and to its heir, or to whoever claims it. A table that has the name by now is set aside for it if
  // `replace` says so. Errors: badarg (it is not set aside), already_exists, no_manager.
  void release(bool replace = false);

  friend bool operator==(const Table& left, const Table& right) noexcept { return left.handle_ == right.handle_; }

  explicit Table(std::shared_ptr<node::TableHandle> handle) : handle_(std::move(handle)) {}

 private:
  [[nodiscard]] std::size_t keypos() const;
  // Some objects behind this key, in order, or from the first; those of a key together; none at the end.
  [[nodiscard]] std::vector<Term> objects_behind(const Term* key, bool down = false, bool with_key = false) const;

  std::shared_ptr<node::TableHandle> handle_;
};

class Table::Iterator {
 public:
  using value_type = Term;
  using reference = const Term&;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using pointer = const Term*;

  Iterator() = default;
  [[nodiscard]] const Term& operator*() const {
    if (next_ == objects_.size()) read_on();
    return objects_[next_];
  }
  [[nodiscard]] const Term* operator->() const { return &**this; }
  Iterator& operator++() noexcept { return ++next_, *this; }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t /*end*/) {
    if (iterator.next_ == iterator.objects_.size()) iterator.read_on();
    return iterator.objects_.empty();
  }

 private:
  friend class Table;
  Iterator(const Table& table, std::vector<Term> objects) : table_(table.handle_), objects_(std::move(objects)) {}

  // The next ones, once somebody asks for them: who stops at a part of them need not wait for the rest.
  void read_on() const;

  std::shared_ptr<node::TableHandle> table_;
  mutable std::vector<Term> objects_;  // none: the end
  mutable std::size_t next_ = 0;
};
static_assert(std::input_iterator<Table::Iterator>);

// for (const Term& match : table.each(spec)) ...: what begin() throws, ++ may throw, too.
class Table::Matches {
 public:
  class Iterator {
   public:
    using value_type = Term;
    using reference = const Term&;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Term*;

    Iterator() = default;
    [[nodiscard]] const Term& operator*() const noexcept { return chunk_->matches[next_]; }
    [[nodiscard]] const Term* operator->() const noexcept { return &**this; }
    Iterator& operator++() {
      if (++next_ == chunk_->matches.size()) read_on();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& iterator, std::default_sentinel_t /*end*/) noexcept {
      return !iterator.chunk_;
    }

   private:
    friend class Matches;
    Iterator(const Table& table, std::optional<Chunk> chunk) : table_(table.handle_), chunk_(std::move(chunk)) {}
    void read_on() {
      chunk_ = chunk_->rest ? Table(table_).select(*chunk_->rest) : std::nullopt;
      next_ = 0;
    }

    std::shared_ptr<node::TableHandle> table_;
    std::optional<Chunk> chunk_;  // none: the end
    std::size_t next_ = 0;
  };

  [[nodiscard]] Iterator begin() const { return {table_, table_.select(spec_, objects_at_once_)}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend class Table;
  Matches(const Table& table, const MatchSpec& spec, std::size_t objects_at_once)
      : table_(table), spec_(spec), objects_at_once_(objects_at_once) {}

  Table table_;
  MatchSpec spec_;
  std::size_t objects_at_once_;
};

inline Table::Matches Table::each(const MatchSpec& spec, std::size_t objects_at_once) const {
  return {*this, spec, objects_at_once};
}

template <typename Function, typename Accumulator>
Accumulator Table::foldl(Function function, Accumulator accumulator) const {
  for (const Term& object : *this) accumulator = function(object, std::move(accumulator));
  return accumulator;
}

template <typename Function, typename Accumulator>
Accumulator Table::foldr(Function function, Accumulator accumulator) const {
  for (auto objects = objects_behind(nullptr, true); !objects.empty();) {
    for (const Term& object : objects) accumulator = function(object, std::move(accumulator));
    const Term last(objects.back().element(keypos()));
    objects = objects_behind(&last, true);
  }
  return accumulator;
}

}  // namespace heirloom
