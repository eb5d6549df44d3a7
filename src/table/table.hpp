// SPDX-License-Identifier: Apache-2.0
//
// Table: one table of type set, bag or duplicate_bag in one segment: reads without locks, writes under the lock of one stripe, and what the next
// comer does after a death. Knows no node: who is the owner is told to it (set_owner), who calls is told with each call.
//
//   auto table = Table::open(directory, "tables/7", attachment).value_or_raise();
//   table->insert(caller, object);
//
// Semantics and errors are those of heirloom::Table (include/heirloom/table.hpp); functions throw Error.
//
// Locking: a write holds the lock of the stripe of its key; an insert of several objects those of all its keys, taken in the
// order of their numbers; delete_all_objects all of them. Reads hold none (shm/read_epoch.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "heirloom/repair.hpp"
#include "heirloom/table.hpp"

#include "shm/heap.hpp"
#include "shm/peers.hpp"
#include "shm/read_epoch.hpp"
#include "shm/segment.hpp"
#include "table/dictionary.hpp"
#include "table/group.hpp"
#include "table/layout.hpp"
#include "table/object.hpp"
#include "table/search.hpp"
#include "term/hash.hpp"
#include "term/key_range.hpp"

namespace heirloom::table {

struct SegmentOptions {
  std::string id;  // at most kIdBytesMax
  Atom name;
  TableType type = TableType::set;
  Protection protection = Protection::protected_access;
  std::int64_t keypos = 1;
  bool node_table = false;
  WriteConcurrency write_concurrency = WriteConcurrency::off;
  bool read_concurrency = false;
  bool decentralized_counters = false;
  bool compressed = false;
  std::uint64_t max_bytes = std::uint64_t{4} << 30;
};

// What the next comer found in one stripe of one dead thread. Of a call that had several locks there are several; all of them tell
// of the same death, and at most one operation.
struct RepairRecord {
  std::uint64_t dead = 0;  // token of the thread, as in shm::Holder
  Operation operation = Operation::none;
  std::string key;         // text of one key, at most kKeyBytesMax; empty: not known, or of none
  std::uint64_t keys = 0;  // how many were under way, as far as that can be seen
  RepairOutcome outcome = RepairOutcome::nothing;
  std::uint32_t locks = 0;          // that were taken over from it
  std::chrono::nanoseconds took{};  // from taking over the lock until all was settled
  std::chrono::system_clock::time_point at;

  static constexpr std::size_t kKeyBytesMax = 200;
};
using RepairRecords = std::vector<RepairRecord>;
// Called under locks of the table, by whichever thread has repaired something: it must not wait, throw, or use the table.
using RepairListener = std::function<void(const RepairRecords&)>;

class StripeGuard;

// How far to go through a table from a key on.
struct Walk {
  std::size_t limit;  // of objects
  Direction direction = Direction::up;
  bool with_key = false;  // that of the key itself, too
};

// A key, ready to be compared with stored ones. As long as the term that it is made of.
struct Key {
  std::uint64_t hash;  // in an ordered_set 0
  std::uint64_t word;  // of an integer up to 60 bits, or an atom with its id in the segment; 0 for all other kinds
  // The term, in the parts of its view. Why not a TermView? See term::copy_words().
  const std::uint64_t* base;
  std::uint64_t root;
  const AtomSpace* atoms;
  std::uint64_t prefix;                 // in an ordered_set: term/order_prefix.hpp
  std::optional<term::Edge> edge = {};  // it is one, and no key (term/key_range.hpp)

  [[nodiscard]] TermView view() const noexcept { return {base, root, atoms}; }
};

// The same of an integer up to 60 bits: what most keys are, and small enough for registers.
struct SmallKey {
  std::uint64_t hash;
  std::uint64_t word;
};

// An object, checked and translated into the segment's atoms: its words can be copied in as they are.
struct EncodedObject {
  Key key;
  std::span<const std::uint64_t> words;  // of the object itself or of `translated`; word 0 is a stored root
  std::uint64_t root;
  std::vector<std::uint64_t> translated;

  [[nodiscard]] TermView view() const noexcept { return {key.base, key.base[0], nullptr}; }
};

class Table {
 public:
  // Makes a whole segment in a new file. Error{badarg} says which option is impossible.
  static Status create_file(int directory, const std::string& name, const SegmentOptions& options);
  static Result<std::shared_ptr<Table>> open(int directory, const std::string& name, const shm::Attachment& attachment);

  [[nodiscard]] SegmentOptions options() const;
  [[nodiscard]] TableType type() const noexcept { return type_; }
  [[nodiscard]] std::int64_t keypos() const noexcept { return static_cast<std::int64_t>(keypos_); }

  // -- ownership: written by the node's manager alone --
  [[nodiscard]] Pid owner() const noexcept { return Pid::unpack(header_.owner.load(std::memory_order_acquire)); }
  [[nodiscard]] std::uint64_t generation() const noexcept { return header_.generation.load(std::memory_order_acquire); }
  [[nodiscard]] Protection protection() const noexcept {
    return static_cast<Protection>(header_.protection.load(std::memory_order_acquire));
  }
  void set_owner(Pid owner, std::uint64_t generation) noexcept;
  void set_protection(Protection protection) noexcept;
  void set_fixed(bool fixed) noexcept { header_.fixed.store(fixed ? 1 : 0, std::memory_order_release); }
  void set_node_table(bool node_table) noexcept {
    header_.node_table.store(node_table ? 1 : 0, std::memory_order_release);
  }
  // A table that was set aside is read only by those who have opened it for that, and written by nobody.
  void set_quarantined(bool quarantined) noexcept;
  void mark_deleted() noexcept;
  [[nodiscard]] bool deleted() const noexcept { return state() == TableState::deleted; }
  [[nodiscard]] bool in_quarantine() const noexcept { return state() == TableState::quarantined; }
  // From now on it may be read in quarantine, too. Before the table is shared between threads.
  void look_into_quarantine() noexcept { tolerated_ = TableState::quarantined; }
  // Whether reading takes no right, so that it does not matter who calls.
  [[nodiscard]] bool anybody_reads() const noexcept { return protection() != Protection::private_access; }
  // Throws Error{id, access, quarantined} unless the caller may read, or write.
  void check_access(Pid caller, bool write) const {
    if (state() == TableState::live && may(caller, write)) [[likely]]
      return;
    if (!write && state() <= tolerated_ && may(caller, write)) return;
    refuse_access(write);
  }
  // Takes and releases every stripe's lock once, repairing what dead holders left: nothing that a former owner had under
  // way is published after it. What the receiver of a table does before it is told. Returns what it has found.
  RepairRecords fence();
  // Who is told of all repairs, whatever call they were part of. Before the table is shared between threads.
  void tell_repairs_to(RepairListener listener) { listener_ = std::move(listener); }

  // -- reads: by a caller who may read --
  [[nodiscard]] inline Objects lookup(Pid caller, const TermView& key) const;
  [[nodiscard]] inline bool member(Pid caller, const TermView& key) const;
  [[nodiscard]] std::optional<Term> lookup_element(Pid caller, const TermView& key, std::int64_t position) const;
  // From the first key up, or from the last one down: what is the same for a table without an order.
  [[nodiscard]] std::optional<Term> first(Pid caller, Direction direction = Direction::up) const;
  [[nodiscard]] std::optional<Term> next(Pid caller, const TermView& key, Direction direction = Direction::up) const;
  [[nodiscard]] std::optional<KeyObjects> first_lookup(Pid caller, Direction direction = Direction::up) const;
  [[nodiscard]] std::optional<KeyObjects> next_lookup(Pid caller, const TermView& key,
                                                      Direction direction = Direction::up) const;
  // The objects behind a key (nullptr: from the first), which need not be there, until there are so many. Those of one key come
  // together, and the other way round for Direction::down.
  [[nodiscard]] std::vector<Term> objects_behind(Pid caller, const Term* key, const Walk& walk) const;
  void require_order(const char* operation) const;  // throws Error{table_type} where there is none
  [[nodiscard]] std::optional<std::vector<Term>> slot(Pid caller, std::uint64_t number) const;
  [[nodiscard]] std::vector<Term> tab2list(Pid caller) const;
  [[nodiscard]] std::uint64_t size() const;
  // {Slots,AverageChain,Deviation,ExpectedDeviation,LeastChain,GreatestChain,0,Locks} of the index as it is now, as ets has it;
  // `false` for an ordered_set.
  [[nodiscard]] Term statistics() const;
  // Shows the objects of a range to somebody, from a position on, which it moves. Until the end of the range, until the visitor has
  // enough, or has seen as many as the step allows.
  std::size_t search(Pid caller, const term::KeyRange& range, SearchPosition& position, const SearchStep& step,
                     Visitor& visitor) const;  // returns the work that it was
  // What the ids of atoms are in the objects that a visitor sees, and the way back; null: the program's.
  [[nodiscard]] const AtomSpace* atoms() const noexcept { return compressed_ ? nullptr : &dictionary_; }
  [[nodiscard]] std::optional<std::uint32_t> find_atom(Atom atom) const { return dictionary_.find(atom.id()); }
  void set_max_bytes(std::uint64_t bytes);
  [[nodiscard]] TableInfo info() const;  // of the segment; who manages the table fills in the heir

  // -- writes --
  void insert(Pid caller, std::span<const Term> objects);
  bool insert_new(Pid caller, std::span<const Term> objects);
  Objects take(Pid caller, const TermView& key, bool wanted = true);  // `wanted`: whether to return the object
  void delete_object(Pid caller, const Term& object);
  std::uint64_t delete_all_objects(Pid caller);  // returns how many there were
  // Deletes or replaces objects of a range as a judge says: each object in one step of its own (of a bag, those of a key in one).
  // What it replaces an object by must have the very same key. Error{busy} is thrown between keys alone, and Error{full} also between the
  // objects of one key of a duplicate_bag.
  void change(Pid caller, const term::KeyRange& range, ChangeProgress& progress, const SearchStep& step, Judge& judge);
  std::vector<Term> update_counter(Pid caller, const Term& key, std::span<const CounterUpdate> updates,
                                   const Term* default_object);
  // Adds to a counter that can be stored in place, and returns the sum; nothing, and nothing done, for all others.
  std::optional<std::int64_t> count(Pid caller, const TermView& key, std::int64_t position, std::int64_t increment);
  bool update_element(Pid caller, const Term& key, std::span<const ElementUpdate> updates, const Term* default_object);

  // From now on damage that a call meets sets the table aside: its state tells all who have it open, and `tell` is called with what is
  // wrong and where, by any thread and maybe under locks, so that it neither waits nor throws. Before the table is shared between
  // threads. Without it, damage is an error of the call and nothing else.
  void set_aside_when_damaged(std::function<void(const std::string& what)> tell);
  // Whether its file has all the bytes that it should have (shm/segment.hpp).
  [[nodiscard]] bool is_whole() const noexcept { return segment_->is_whole(); }

  // Takes every stripe's lock in turn and proves the invariants of layout.hpp and shm/heap.hpp.
  [[nodiscard]] CheckReport check();

  // For tests and demonstrations of what would go wrong: leave unrepaired what the dead left.
  void sabotage_repair() noexcept { segment_->sabotage_repair(); }

 private:
  friend class StripeGuard;
  friend class ManyInsert;
  friend class Checker;
  friend class Tree;
  friend class TreeWriter;
  friend class Seen;

  Table(std::unique_ptr<shm::Segment> segment, shm::Attachment attachment);

  [[nodiscard]] TableState state() const noexcept {
    return static_cast<TableState>(header_.state.load(std::memory_order_acquire));
  }
  [[nodiscard]] bool may(Pid caller, bool write) const noexcept {
    const Protection protection = this->protection();
    if (protection == Protection::public_access) return true;
    if (!write && (protection == Protection::protected_access || in_quarantine())) return true;
    return header_.owner.load(std::memory_order_acquire) == caller.packed();
  }
  [[noreturn]] void refuse_access(bool write) const;
  [[nodiscard]] shm::Holder holder() const {
    return shm::Holder::of(*attachment_.peers, attachment_.process->number(), attachment_.process->this_thread().name);
  }

  // Whether a key may have several objects.
  [[nodiscard]] bool is_bag() const noexcept { return type_ == TableType::bag || type_ == TableType::duplicate_bag; }
  [[nodiscard]] bool is_ordered() const noexcept { return type_ == TableType::ordered_set; }
  void refuse_bag(const char* operation) const;

  // keys and objects
  [[nodiscard]] std::uint32_t stripe_of(std::uint64_t hash) const noexcept {
    return static_cast<std::uint32_t>(hash >> stripe_shift_);
  }
  [[nodiscard]] bool find_key(const TermView& key, Key& found) const {  // false: no object can have it
    found.base = key.base();
    found.root = key.word();
    found.atoms = key.atoms();
    if (!term::is_small(found.root) || is_ordered()) [[unlikely]]
      return find_other_key(found);
    found.hash = term::hash_word(found.root, seed_);
    found.word = found.root;
    return true;
  }
  [[nodiscard]] bool find_other_key(Key& key) const;  // the rest of it, for other kinds
  [[nodiscard]] EncodedObject encode(const Term& object) const;
  [[nodiscard]] EncodedObject encode_block(const Term& tuple) const;  // the same of one that is no object
  // The order in which an insert of several objects takes their keys: that of the stripes, to begin with.
  [[nodiscard]] bool key_before(const Key& left, const Key& right) const;
  [[nodiscard]] bool same_key(const Key& left, const Key& right) const;
  [[nodiscard]] SmallKey small_key(std::uint64_t word) const noexcept { return {term::hash_word(word, seed_), word}; }
  [[nodiscard]] bool has_key(StoredObject object, SmallKey key) const { return key_word(object) == key.word; }
  [[nodiscard]] bool has_key(StoredObject object, const Key& key) const {
    const std::uint64_t word = key_word(object);
    return key.word != 0 ? word == key.word : has_other_key(object, word, key);
  }
  [[nodiscard]] std::uint64_t key_word(StoredObject object) const {
    if (object.arity() < stored_keypos_) [[unlikely]]
      segment_->refuse(segment_->offset_of(object.block()), "an object with a key");
    return object.element(stored_keypos_);
  }
  [[nodiscard]] bool has_other_key(StoredObject object, std::uint64_t word, const Key& key) const;
  [[nodiscard]] std::uint64_t hash_of(StoredObject object) const;
  // What shows an object as it lies there proves before that nothing of it leads outside; throws Error{corrupt}.
  [[nodiscard]] TermView view(StoredObject object) const {
    if (!object.is_sound_term()) refuse_object(object);
    return object.view(dictionary_);
  }
  [[nodiscard]] TermView view(StoredObject object, std::uint64_t position) const {
    if (!object.has_sound_element(position)) refuse_object(object);
    return object.view(position, dictionary_);
  }
  [[nodiscard]] TermView key_view(StoredObject object) const { return view(object, stored_keypos_); }
  [[noreturn, gnu::cold]] void refuse_object(StoredObject object) const;
  void copy_plain(StoredObject object, Term& into) const {  // of a table that is not compressed
    const std::uint64_t words = object.words();
    std::uint64_t* const to = into.overwrite(words).data();
    const std::uint64_t* const from = object.block();
    to[0] = term::make_reference(term::Kind::tuple, object.arity(), 1);
    term::copy_words(to + 1, from + 1, words - 1);
    if (!term::is_sound_tuple(to, object.arity(), words, object.atoms())) [[unlikely]]
      refuse_object(object);
    if (object.atoms()) to_program(to);
  }
  void copy_out(StoredObject object, Term& into) const {
    if (compressed_) [[unlikely]] {
      into = unpack(object, &dictionary_);
    } else {
      copy_plain(object, into);
    }
  }
  [[nodiscard]] Term copy_out(StoredObject object) const {
    Term copy;
    copy_out(object, copy);
    return copy;
  }
  // What `look` makes of a view of the whole object.
  template <typename Look>
  [[nodiscard]] auto look_at(StoredObject object, const Look& look) const {
    if (!compressed_) return look(view(object));
    const Term whole = copy_out(object);
    return look(whole.view());
  }
  void to_program(std::uint64_t* block) const;  // translates the atoms of a copy
  // In a compressed table an object is stored as the pair of its key and its bytes (term/packing.hpp).
  void pack(EncodedObject& encoded, const Term& object) const;
  // `dictionary`: whose ids its atoms have; none: leaves them as they are.
  [[nodiscard]] Term unpack(StoredObject object, const Dictionary* dictionary) const;
  [[nodiscard]] Term copy_key(StoredObject object) const { return Term(key_view(object)); }
  [[nodiscard]] std::string brief_key(Offset object);  // recovery.cpp
  [[nodiscard]] std::uint64_t object_tag(const TermView& object) const;
  [[nodiscard]] std::uint64_t stored_tag(StoredObject object) const;
  [[nodiscard]] bool same_object(StoredObject left, StoredObject right) const;
  [[nodiscard]] std::uint64_t find_member(const Members& members, const TermView& object) const;
  [[nodiscard]] Objects copy_all(std::uint64_t slot) const;
  void lookup_other(const TermView& key, Objects& found) const;  // of any type but set

  // reading, inside a ReadEpoch
  struct Found {
    const std::atomic<std::uint64_t>* slot_word = nullptr;  // none: the key is not there
    std::uint64_t slot = 0;                                 // what it leads to
    StoredObject object = {};                               // of several, the first
  };
  // What `take` makes of the place where a key is, or its empty value where it is absent. Of a whole Found only a part is wanted
  // mostly, and what is not taken is never stored (docs/decisions/0005).
  template <typename AnyKey, typename Take>  // Key or SmallKey
  [[nodiscard, gnu::always_inline]] inline auto search(const AnyKey& key, const Take& take) const
      -> std::invoke_result_t<const Take&, const Found&>;
  template <typename AnyKey>
  [[nodiscard, gnu::always_inline]] inline StoredObject find(const AnyKey& key) const {
    return search(key, [](const Found& found) { return found.object; });
  }
  [[nodiscard]] std::uint64_t find_slot(const Key& key) const {  // of a bag
    return search(key, [](const Found& found) { return found.slot; });
  }
  [[nodiscard]] StoredObject find_other(const TermView& key) const;  // the same for all other kinds
  [[nodiscard]] StoredObject find_prepared(const Key& key) const;
  template <typename AnyKey>
  [[nodiscard, gnu::always_inline]] inline Found find_in(const shm::Segment::Window& window, const Bucket& bucket,
                                                         std::uint64_t tag, const AnyKey& key) const;
  [[nodiscard]] shm::ReadEpoch read_epoch() const {
    return {*attachment_.process->this_thread().slot, *attachment_.node};
  }
  [[nodiscard]] const IndexHead* head_for_reading(std::uint32_t stripe) const {
    const Offset root = header_.root.load(std::memory_order_acquire);  // pairs with the commits that publish a root
    return root == 0 ? nullptr : &head_at(root, stripe);
  }
  // How many buckets a head has by its shape; throws Error{corrupt} where its directory has no room for as many.
  [[nodiscard]] std::uint32_t buckets_of(const IndexHead& head, std::uint64_t shape) const;
  // The directory of a head and how many chunks it has room for, if it has one; throws Error{corrupt} where that cannot be.
  struct Directory {
    Offset offset = 0;
    std::uint64_t room = 0;
  };
  [[nodiscard]] Directory directory_of(const IndexHead& head) const;
  [[nodiscard]] const Bucket& bucket_for_reading(const shm::Segment::Window& window, const IndexHead& head,
                                                 std::uint32_t bucket) const {
    const ChunkPlace place = chunk_of(bucket);
    const Offset directory = head.directory.load(std::memory_order_acquire);
    const auto& chunk = window.at<const std::atomic<Offset>>(directory + place.chunk * 8, "a directory");
    return window.at<const Bucket>(chunk.load(std::memory_order_acquire) + place.index * sizeof(Bucket), "a bucket");
  }
  struct Counted;
  [[nodiscard]] Counted count_of(const IndexHead& head) const;
  // What a slot leads to now; 0: nothing.
  [[nodiscard]] std::uint64_t resolve(std::uint64_t slot) const {
    return slot_is_pending(slot) ? resolve_pending(slot) : slot;
  }
  [[nodiscard]] std::uint64_t resolve_pending(std::uint64_t slot) const;
  struct Cursor;
  struct Visited;
  bool collect(Cursor& cursor, std::vector<Visited>& visited) const;
  void append_objects(std::uint64_t slot, Direction direction, std::vector<Term>& into) const;
  void append_next(Cursor& cursor, const Visited* after, const Walk& walk, std::vector<Term>& into) const;
  [[nodiscard]] std::optional<KeyObjects> first_after(Cursor cursor, const Visited* after) const;
  // Of an ordered_set: the objects behind a key (nullptr: all), at most so many, to take(object).
  void go(const TermView* key, const Walk& walk, const std::function<bool(StoredObject)>& take) const;
  [[nodiscard]] std::vector<Term> objects_after(const std::optional<Term>& key, const Walk& walk) const;
  [[nodiscard]] std::optional<Term> key_of_last(const std::vector<Term>& objects) const;
  [[nodiscard]] std::optional<std::vector<Term>> slot_of_tree(std::uint64_t number) const;
  [[nodiscard]] std::optional<KeyObjects> neighbour(const TermView* key, Direction direction) const;
  static bool pass_bucket(Cursor& cursor, std::uint32_t number, std::uint32_t buckets);
  void fetch_ahead(Cursor cursor) const;
  bool visit_bucket(Cursor& cursor, std::vector<Visited>& into) const;
  template <typename Entry, typename Make>
  bool visit_bucket_with(Cursor& cursor, std::vector<Entry>& into, const Make& make) const;
  static void put_in_order(std::vector<Visited>& visited);
  class Search;
  bool show(const StoredObject& object, Visitor& visitor) const;  // false: it has enough
  [[nodiscard]] std::uint64_t change_key(Pid caller, shm::Holder me, const TermView& key, Judge& judge);
  [[nodiscard]] Visited place_of(const Key& key) const;

  // writing
  shm::Holder prepare_write(Pid caller, Operation operation);
  // A write that nothing has come of when it throws Error{full}: tried once more if there is room after all. To make room may take long.
  template <typename Call>
  auto with_room(const Call& write) {
    try {
      return write();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full || !shm::Waiting::waits() || !make_room()) throw;
    }
    return write();
  }
  bool make_room();
  // The words of an object where one may lie, with a plain root; empty where none does. Never throws.
  [[nodiscard]] std::vector<std::uint64_t> object_at(Offset block) const;
  [[nodiscard]] bool find_key_for(const Term& key, bool may_insert, shm::Holder holder, Key& found) const;
  [[nodiscard]] std::vector<Term> elements_of_default(const Term& object, const Term& key, const char* operation) const;
  void make_root(shm::Holder holder, Operation operation);
  std::vector<Term> update_counters(Pid caller, const Term& key, std::span<const CounterUpdate> updates,
                                    const Term* default_object);
  bool update_elements(Pid caller, const Term& key, std::span<const ElementUpdate> updates, const Term* default_object);
  bool insert_one(Pid caller, shm::Holder me, const EncodedObject& object, Operation operation);
  bool insert_many(Pid caller, std::span<const Term> objects, Operation operation);
  void bury(StripeGuard& guard);
  [[nodiscard]] std::vector<std::unique_ptr<StripeGuard>> lock_all(shm::Holder holder, Operation operation);
  [[nodiscard]] IndexHead& head_at(Offset root, std::uint32_t stripe) const {
    return segment_->at<IndexHead>(root + stripe * sizeof(IndexHead), "a head of the index");
  }

  std::unique_ptr<shm::Segment> segment_;
  shm::Attachment attachment_;
  TableHeader& header_;
  TableState tolerated_ = TableState::live;
  RepairListener listener_;
  mutable Dictionary dictionary_;
  std::uint64_t seed_;
  std::uint64_t keypos_;
  std::uint64_t stored_keypos_;  // of the blocks that are stored
  TableType type_;
  bool compressed_;
  bool plain_set_;  // a set, and not compressed
  unsigned stripe_shift_;
  // When there was last no room to be made, and when to look for some again.
  struct {
    std::atomic<std::uint64_t> objects{0};
    std::atomic<std::uint64_t> refusals{0};
  } full_;
};

}  // namespace heirloom::table

#include "table/read.hpp"  // the functions that are inline
