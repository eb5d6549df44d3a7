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
// Locking: each thread that runs calls has a lock of its own, which it holds while it uses a State; who changes the registry holds
// all of them. So calls on several schedulers touch no common word.
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
  bool is_bag;  // of either kind: a key may have any number of objects
};

struct State : std::enable_shared_from_this<State> {
  State(Opened table, ERL_NIF_TERM shadow_tid, std::optional<ErlNifPid> process, heirloom::Protection may)
      : opened(std::move(table)), tid(shadow_tid), owner(process), protection(may) {}

  Opened opened;
  Kept tid;                        // of the shadow; [] for a table that no process of this VM owns
  std::optional<ErlNifPid> owner;  // none: the node, or another program
  heirloom::Protection protection;
  bool node_table = false;
};
using StatePtr = std::shared_ptr<State>;

class Registry {
 public:
  // While one exists nothing changes. Not to be kept for long.
  class Reading {
   public:
    explicit Reading(Registry& registry) : lock_(registry.own_lock()) {}

   private:
    std::unique_lock<std::mutex> lock_;
  };

  // Of a name or an identifier; null: there is none. While a Reading exists.
  [[nodiscard]] const StatePtr& find(ERL_NIF_TERM key) const;
  // The same, faster for what this thread has found of late.
  [[nodiscard]] State* find_again(ERL_NIF_TERM key) const;

  // All of these wait until no Reading exists.
  // Instead of what these keys stood for; or `if_absent` only of keys that stand for nothing.
  void add(const std::vector<ERL_NIF_TERM>& keys, const StatePtr& state, bool if_absent = false);
  StatePtr remove(ERL_NIF_TERM key);  // and all other keys of its table
  void replace_key(ERL_NIF_TERM before, ERL_NIF_TERM after);
  template <typename Change>
  auto change(const Change& change) {
    const auto locks = all_locks();
    return change();
  }
  [[nodiscard]] std::vector<StatePtr> all();

 private:
  static constexpr std::size_t kThreads = 64;
  struct alignas(64) Lock {
    std::mutex mutex;
  };
  struct Entry {
    std::unique_ptr<Kept> key;
    StatePtr state;
  };
  using Entries = std::unordered_multimap<std::uint64_t, Entry>;
  [[nodiscard]] Entries::const_iterator entry_of(ERL_NIF_TERM key) const;
  [[nodiscard]] std::unique_lock<std::mutex> own_lock();
  [[nodiscard]] std::vector<std::unique_lock<std::mutex>> all_locks();
  void erase(ERL_NIF_TERM key);
  void entries_changed() noexcept { version_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] static std::uint64_t hash(ERL_NIF_TERM key) { return enif_hash(ERL_NIF_INTERNAL_HASH, key, 0); }

  std::array<Lock, kThreads> locks_;
  Entries entries_;
  std::atomic<std::uint64_t> version_{1};  // of entries_; changes under all locks
};
extern Registry registry;

}  // namespace heirloom_nif
