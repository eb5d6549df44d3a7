// SPDX-License-Identifier: Apache-2.0
//
// The functions of the module heirloom_nif; src/heirloom_nif.erl says what each does.
#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <erl_nif.h>

#include "heirloom/error.hpp"
#include "heirloom/node.hpp"
#include "heirloom/table_options.hpp"

#include "calls.hpp"
#include "registry.hpp"
#include "results.hpp"
#include "terms.hpp"

namespace heirloom_nif {

namespace {

using heirloom::Error;
using heirloom::ErrorCode;
using heirloom::Protection;
using heirloom::Table;
using heirloom::Term;
using Arguments = const ERL_NIF_TERM*;

ErlNifResourceType* opened_tables = nullptr;

// For Erlang.
ERL_NIF_TERM reference_to(ErlNifEnv* env, const Opened& table) {
  void* const place = enif_alloc_resource(opened_tables, sizeof(Opened));
  new (place) Opened(table);
  const ERL_NIF_TERM made = enif_make_resource(env, place);
  enif_release_resource(place);
  return made;
}
const Opened& opened(ErlNifEnv* env, ERL_NIF_TERM reference) {
  void* place = nullptr;
  if (enif_get_resource(env, reference, opened_tables, &place) == 0)
    throw Error(ErrorCode::type, "use a table", "no table is behind this reference");
  return *static_cast<const Opened*>(place);
}
void close(ErlNifEnv* /*env*/, void* place) { static_cast<Opened*>(place)->~Opened(); }

heirloom::Atom name_of(ErlNifEnv* env, ERL_NIF_TERM term) {
  if (enif_is_atom(env, term) == 0) throw Error(ErrorCode::badarg, "use a table", "its name is no atom");
  return atom_from_erlang(env, term);
}

// Null: there is none.
StatePtr state_of(ERL_NIF_TERM key) {
  const Registry::Reading reading(registry);
  return registry.find(key);
}

// open(Directory)
ERL_NIF_TERM open(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    ErlNifBinary path;
    if (enif_inspect_binary(env, arguments[0], &path) == 0) return enif_make_badarg(env);
    open_library(env, std::string(reinterpret_cast<const char*>(path.data), path.size));
    return atom(env, "ok");
  });
}

// Tables without a name have one in the library, of a few that are used again and again: an atom stays for ever.
class SpareNames {
 public:
  heirloom::Atom take() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty())
      return heirloom::Atom("unnamed#" + std::to_string(incarnation()) + "." + std::to_string(++count_));
    const heirloom::Atom name = spare_.back();
    spare_.pop_back();
    return name;
  }
  // Of a table that is gone.
  void give_back(heirloom::Atom name) {
    const std::lock_guard lock(mutex_);
    if (name.text().starts_with("unnamed#" + std::to_string(incarnation()) + ".")) spare_.push_back(name);
  }

 private:
  std::mutex mutex_;
  std::vector<heirloom::Atom> spare_;
  std::uint64_t count_ = 0;
};
SpareNames spare_names;

void drop_table(const Table& table) {
  Table(table).drop();
  spare_names.give_back(table.name());
}

// What a keeper does, and whoever removes a node table, happens one after the other. A keeper that was killed may still be in it when the
// next one starts.
std::mutex keeping;

bool is_adopted(const Table& table) {
  const std::vector<StatePtr> known = registry.all();
  return std::any_of(known.begin(), known.end(),
                     [&](const StatePtr& state) { return state->owner && state->opened.table.id() == table.id(); });
}

// Tables that were made and not adopted; several processes may claim a node table at once. While `keeping` is locked.
class Unadopted {
 public:
  Opened add(const Table& table, heirloom::TableType type) {
    makings_.emplace(++last_, table);
    return {table, type, last_};
  }
  // False: it is none of them.
  bool adopt(const Opened& made) { return makings_.erase(made.making) != 0; }
  void lose(const Opened& made) {
    if (makings_.erase(made.making) != 0) let_go(made.table);
  }
  void lose_all() {
    while (!makings_.empty()) {
      const Table table = makings_.begin()->second;
      makings_.erase(makings_.begin());
      let_go(table);
    }
  }
  // What nobody else has, or is about to have, goes, or back to the node.
  void let_go(const Table& table) {
    const auto is_it = [&](const auto& making) { return making.second.id() == table.id(); };
    if (std::any_of(makings_.begin(), makings_.end(), is_it) || is_adopted(table)) return;
    try {
      if (table.owner() != library().node().root()) return;
      table.info().node_table ? Table(table).reclaim() : drop_table(table);
    } catch (const Error&) {
      // It is gone.
    }
  }

 private:
  std::map<std::uint64_t, Table> makings_;
  std::uint64_t last_ = 0;
};
Unadopted unadopted;

// make(Which, Name, Options)
ERL_NIF_TERM make(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    const std::lock_guard lock(keeping);
    const heirloom::TableOptions options = heirloom::table_options(from_erlang(env, arguments[2]));
    heirloom::Node& all = library().node();
    if (is_atom(env, arguments[0], "unnamed")) {
      const heirloom::Atom name = spare_names.take();
      try {
        return ok(env, reference_to(env, unadopted.add(all.create(name, options), options.type)));
      } catch (...) {
        spare_names.give_back(name);
        throw;
      }
    }
    const heirloom::Atom name = name_of(env, arguments[1]);
    if (!is_atom(env, arguments[0], "node_table"))
      return ok(env, reference_to(env, unadopted.add(all.create(name, options), options.type)));
    const Table table = all.open_or_create(name, options);
    if (table.owner() != all.root()) return error(env, "already_owned", "a process of another program owns it");
    if (is_adopted(table)) return error(env, "already_owned", "a process of this program owns it");
    return ok(env, reference_to(env, unadopted.add(table, table.info().type)));
  });
}

Protection protection_of(ErlNifEnv* env, ERL_NIF_TERM term) {
  if (is_atom(env, term, "public")) return Protection::public_access;
  return is_atom(env, term, "private") ? Protection::private_access : Protection::protected_access;
}

// adopt(Opened, Keys, Tid, Owner, Protection, Which)
ERL_NIF_TERM adopt(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    ErlNifPid owner;
    if (enif_get_local_pid(env, arguments[3], &owner) == 0) return enif_make_badarg(env);
    const std::lock_guard lock(keeping);
    const Opened& made = opened(env, arguments[0]);
    const Protection protection = protection_of(env, arguments[4]);
    if (!unadopted.adopt(made) || made.table.owner() != library().node().root())
      return error(env, "id", "it was made by a keeper that has died meanwhile");
    try {
      // One that was there says what its shadow says.
      if (made.table.info().protection != protection) Table(made.table).set_protection(protection);
    } catch (...) {
      unadopted.let_go(made.table);
      throw;
    }
    const auto state = std::make_shared<State>(made, arguments[2], owner, protection);
    state->node_table = is_atom(env, arguments[5], "node_table");
    registry.add(elements_of(env, arguments[1]), state);
    return atom(env, "ok");
  });
}

// find(Key): the table of a name or identifier, and who owns it.
ERL_NIF_TERM find(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    const StatePtr state = state_of(arguments[0]);
    if (!state) return atom(env, "unknown");
    const char* const which = !state->owner ? "guest" : state->node_table ? "node_table" : "owned";
    return enif_make_tuple4(env, atom(env, "table"), reference_to(env, state->opened),
                            enif_make_copy(env, state->tid.term()), atom(env, which));
  });
}

// inherited(Tid, Owner)
ERL_NIF_TERM inherited(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    ErlNifPid owner;
    if (enif_get_local_pid(env, arguments[1], &owner) == 0) return enif_make_badarg(env);
    // What the shadow said is old by now if the owner lives: it was given the table since.
    const bool changed = registry.change([&] {
      const StatePtr& state = registry.find(arguments[0]);
      if (!state || !state->owner) return false;
      ErlNifPid before = *state->owner;
      if (enif_is_process_alive(env, &before) != 0) return false;
      state->owner = owner;
      return enif_compare_pids(&before, &owner) != 0;
    });
    return atom(env, changed ? "true" : "false");
  });
}

// give(Tid, Owner)
ERL_NIF_TERM give(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    ErlNifPid owner;
    if (enif_get_local_pid(env, arguments[1], &owner) == 0) return enif_make_badarg(env);
    registry.change([&] {
      if (const StatePtr& state = registry.find(arguments[0])) state->owner = owner;
    });
    return atom(env, "ok");
  });
}

// However often it is told.
std::mutex fixing;
void keep_fixed(State& state, bool fixed) {
  const std::lock_guard lock(fixing);
  if (state.fixed == fixed) return;
  state.opened.table.safe_fixtable(fixed);
  state.fixed = fixed;
}

// keep_fixed(Tid, Fixed)
ERL_NIF_TERM keep_fixed(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    if (const StatePtr state = state_of(arguments[0])) keep_fixed(*state, is_atom(env, arguments[1], "true"));
    return atom(env, "ok");
  });
}

// remove(Tid, Why): in one call, which no death of the caller cuts short. Known until it is gone, so that whoever wants its name waits here.
ERL_NIF_TERM remove(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    const StatePtr state = state_of(arguments[0]);
    if (!state) return atom(env, "ok");
    std::unique_lock lock(keeping, std::defer_lock);
    if (state->node_table) lock.lock();
    try {
      if (state->node_table && !is_atom(env, arguments[1], "deleted")) {
        keep_fixed(*state, false);
        state->opened.table.reclaim();  // to the node: it is anybody's to claim
      } else {
        drop_table(state->opened.table);
      }
    } catch (const Error&) {
      // Somebody was faster.
    }
    registry.remove(arguments[0]);
    return atom(env, "ok");
  });
}

// guest(Name)
ERL_NIF_TERM guest(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    heirloom::Node& all = library().node();
    const std::optional<Table> found = all.find_table(name_of(env, arguments[0]));
    // One of this VM's own is being made or is going: it is no guest.
    if (!found || found->owner() == all.root()) return atom(env, "false");
    // Who may do what the library says.
    registry.add({arguments[0]},
                 std::make_shared<State>(Opened{*found, found->info().type}, enif_make_list(env, 0), std::nullopt,
                                         Protection::public_access),
                 true);
    return atom(env, "true");
  });
}

// evict(Key)
ERL_NIF_TERM evict(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    {
      const Registry::Reading reading(registry);
      const StatePtr& state = registry.find(arguments[0]);
      if (!state || state->owner) return atom(env, "false");
    }
    return atom(env, registry.remove(arguments[0]) ? "true" : "false");
  });
}

// keys()
ERL_NIF_TERM keys(ErlNifEnv* env, int /*count*/, Arguments /*arguments*/) {
  return guarded(env, [&] {
    ERL_NIF_TERM list = enif_make_list(env, 0);
    for (const StatePtr& state : registry.all()) {
      if (!state->owner) continue;
      list = enif_make_list_cell(env, enif_make_copy(env, state->tid.term()), list);
    }
    return list;
  });
}

// lose(Opened)
ERL_NIF_TERM lose(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    const std::lock_guard lock(keeping);
    unadopted.lose(opened(env, arguments[0]));
    return atom(env, "ok");
  });
}

// lose_all(): for a keeper after one that died.
ERL_NIF_TERM lose_all(ErlNifEnv* env, int /*count*/, Arguments /*arguments*/) {
  return guarded(env, [&] {
    const std::lock_guard lock(keeping);
    unadopted.lose_all();
    return atom(env, "ok");
  });
}

// fix(Opened, Fix)
ERL_NIF_TERM fix(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    Table(opened(env, arguments[0]).table).safe_fixtable(is_atom(env, arguments[1], "true"));
    return atom(env, "ok");
  });
}

// drop(Opened)
ERL_NIF_TERM drop(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    drop_table(opened(env, arguments[0]).table);
    return atom(env, "ok");
  });
}

// rename(Opened, Name)
ERL_NIF_TERM rename(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    Table(opened(env, arguments[0]).table).rename(name_of(env, arguments[1]));
    return atom(env, "ok");
  });
}

// rename_key(Before, After)
ERL_NIF_TERM rename_key(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    registry.replace_key(arguments[0], arguments[1]);
    return atom(env, "ok");
  });
}

// set_protection(Tid, Protection)
ERL_NIF_TERM set_protection(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    const StatePtr state = state_of(arguments[0]);
    if (!state) return atom(env, "ok");
    const Protection protection = protection_of(env, arguments[1]);
    Table(state->opened.table).set_protection(protection);
    registry.change([&] { state->protection = protection; });
    return atom(env, "ok");
  });
}

// info(Opened)
ERL_NIF_TERM info(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] { return ok(env, to_erlang(env, to_term(opened(env, arguments[0]).table.info()))); });
}

// type(Opened)
ERL_NIF_TERM type(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] { return atom(env, std::string(to_string(opened(env, arguments[0]).type)).c_str()); });
}

int load(ErlNifEnv* env, void** /*data*/, ERL_NIF_TERM /*info*/) {
  const auto flags = static_cast<ErlNifResourceFlags>(ERL_NIF_RT_CREATE);
  opened_tables = enif_open_resource_type(env, nullptr, "heirloom_table", close, flags, nullptr);
  try {
    std::uint32_t number = 0;
    for (std::random_device random; number == 0;) number = random();
    load_terms(env, number);
  } catch (const std::exception&) {
    return 1;
  }
  return load_calls(env) && opened_tables != nullptr ? 0 : 1;
}

ErlNifFunc functions[] = {
    {"open", 1, open, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"make", 3, make, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"adopt", 6, adopt, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"guest", 1, guest, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"evict", 1, evict, 0},
    {"keys", 0, keys, 0},
    {"lose", 1, lose, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"lose_all", 0, lose_all, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"fix", 2, fix, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"keep_fixed", 2, keep_fixed, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"find", 1, find, 0},
    {"inherited", 2, inherited, 0},
    {"give", 2, give, 0},
    {"remove", 2, remove, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"drop", 1, drop, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"rename", 2, rename, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"rename_key", 2, rename_key, 0},
    {"set_protection", 2, set_protection, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"info", 1, info, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"type", 1, type, 0},
    {"lookup", 2, calls::lookup, 0},
    {"member", 2, calls::member, 0},
    {"insert", 2, calls::insert, 0},
    {"erase", 2, calls::erase, 0},
    {"add", 3, calls::add, 0},
    {"call", 4, calls::call, 0},
    {"call_long", 4, calls::call_long, ERL_NIF_DIRTY_JOB_CPU_BOUND},
    {"select", 3, calls::select, 0},
    {"select_chunk", 4, calls::select_chunk, 0},
    {"select_rest", 2, calls::select_rest, 0},
    {"change_on", 1, calls::change_on, 0},
};

}  // namespace

}  // namespace heirloom_nif

using namespace heirloom_nif;
ERL_NIF_INIT(heirloom_nif, functions, load, nullptr, nullptr, nullptr)
