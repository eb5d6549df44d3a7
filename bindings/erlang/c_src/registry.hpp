// SPDX-License-Identifier: Apache-2.0
//
// Registry: the tables that this VM has open, by the terms that name them, and which Erlang process owns each.
//
// For Heirloom all tables of the VM are those of one process, the VM's. Which Erlang process is the owner, who inherits, who has
// fixed a table, and what its name is, ets knows: each table has a *shadow*, an empty table of ets with the same name, protection and
// heir, whose identifier is the table's. So its owner's death is told, and the table handed over, at the moment and in the order in
// which ets does it; no callback of a NIF runs early enough (docs/erlang.md). What is here is what a call has to know at once: the
// owner as far as it was told. An owner that is dead by now means that the shadow must be asked (State::owner).
//
// Locking: each thread that runs calls has a word of its own, which says whether it uses a State just now; who changes the registry
// keeps new ones out and waits until all words say no. So quick calls on several schedulers write to no common word, but for those
// of bags, and make one exchange each.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <erl_nif.h>

#include "heirloom/table.hpp"

namespace heirloom_nif {

// A term that outlives the call.
class Kept {
 public:
  explicit Kept(ERL_NIF_TERM term);
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() { enif_free_env(env_); }
  [[nodiscard]] ERL_NIF_TERM term() const noexcept { return term_; }

 private:
  ErlNifEnv* env_;
  ERL_NIF_TERM term_;
};

// A table that is open.
struct Opened {
  heirloom::Table table;
  heirloom::TableType type;
  std::uint64_t making = 0;  // by which it was made, of those that are not adopted yet

  // Of either kind: a key may have any number of objects.
  [[nodiscard]] bool is_bag() const noexcept {
    return type == heirloom::TableType::bag || type == heirloom::TableType::duplicate_bag;
  }
};

struct State : std::enable_shared_from_this<State> {
  State(Opened table, ERL_NIF_TERM shadow_tid, std::optional<ErlNifPid> process, heirloom::Protection may)
      : opened(std::move(table)), tid(shadow_tid), owner(process), protection(may) {}

  Opened opened;
  Kept tid;                        // of the shadow; [] for a table that no process of this VM owns
  std::optional<ErlNifPid> owner;  // none: the node, or another program
  heirloom::Protection protection;
  bool node_table = false;
  bool fixed = false;  // for the keeper, in the library: see keep_fixed()
};
using StatePtr = std::shared_ptr<State>;

// What a thread has of its own. It stays when the thread ends.
struct alignas(64) Reader {
  struct Found {
    ERL_NIF_TERM key = 0;  // as the registry keeps it
    State* state = nullptr;
  };

  std::atomic<bool> reads{false};
  // What it has found of late in that version of the registry.
  std::uint64_t version = 0;
  std::array<Found, 4> found{};
  std::size_t next = 0;
  Reader* before = nullptr;  // the one of another thread, that was made before

  static Reader& own() {
    static thread_local constinit Reader* reader = nullptr;
    return reader != nullptr ? *reader : *(reader = &make());
  }

 private:
  static Reader& make();
};

class Registry {
 public:
  // While one exists nothing changes. Not to be kept for long, and one at a time in a thread.
  class Reading {
   public:
    explicit Reading(Registry& registry) : reader_(registry.begin_reading()) {}
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { reader_.reads.store(false, std::memory_order_release); }

   private:
    friend class Registry;
    Reader& reader_;
  };

  // Of a name or an identifier; null: there is none. While a Reading exists.
  [[nodiscard]] const StatePtr& find(ERL_NIF_TERM key) const;
  // The same, faster for what this thread has found of late.
  [[nodiscard]] State* find_again(const Reading& reading, ERL_NIF_TERM key) const;

  // All of these wait until no Reading exists.
  // Instead of what these keys stood for; or `if_absent` only of keys that stand for nothing.
  void add(const std::vector<ERL_NIF_TERM>& keys, const StatePtr& state, bool if_absent = false);
  StatePtr remove(ERL_NIF_TERM key);  // and all other keys of its table
  void replace_key(ERL_NIF_TERM before, ERL_NIF_TERM after);
  template <typename Change>
  auto change(const Change& change) {
    const Changing changing(*this);
    return change();
  }
  [[nodiscard]] std::vector<StatePtr> all();

 private:
  // While one exists nobody reads.
  class Changing {
   public:
    explicit Changing(Registry& registry);
    ~Changing() { registry_.changing_.store(false, std::memory_order_release); }

   private:
    Registry& registry_;
    std::lock_guard<std::mutex> lock_;
  };
  struct Entry {
    std::unique_ptr<Kept> key;
    StatePtr state;
  };
  using Entries = std::unordered_multimap<std::uint64_t, Entry>;
  [[nodiscard]] Entries::const_iterator entry_of(ERL_NIF_TERM key) const;
  Reader& begin_reading() {
    Reader& own = Reader::own();
    for (;;) {
      // Either this thread sees that there is a change, or who makes it sees that this thread reads.
      own.reads.store(true, std::memory_order_seq_cst);
      if (!changing_.load(std::memory_order_seq_cst)) [[likely]]
        return own;
      own.reads.store(false, std::memory_order_release);
      const std::lock_guard until_it_is_made(changes_);
    }
  }
  void erase(ERL_NIF_TERM key);
  void entries_changed() noexcept { ++version_; }
  [[nodiscard]] static std::uint64_t hash(ERL_NIF_TERM key) { return enif_hash(ERL_NIF_INTERNAL_HASH, key, 0); }

  std::mutex changes_;
  std::atomic<bool> changing_{false};
  Entries entries_;
  std::uint64_t version_ = 1;  // of entries_
};
extern Registry registry;

}  // namespace heirloom_nif
