// SPDX-License-Identifier: Apache-2.0
#include "calls.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "heirloom/error.hpp"
#include "heirloom/no_wait.hpp"
#include "heirloom/select.hpp"

#include "registry.hpp"
#include "results.hpp"
#include "terms.hpp"

namespace heirloom_nif {

namespace {

using heirloom::Error;
using heirloom::ErrorCode;
using heirloom::MatchSpec;
using heirloom::Protection;
using heirloom::SelectKind;
using heirloom::SelectSteps;
using heirloom::Table;
using heirloom::Term;
using Arguments = const ERL_NIF_TERM*;

std::optional<heirloom::Ets> ets;
std::mutex opening;

// Atoms are one word, and the same in every environment.
struct Words {
  ERL_NIF_TERM is_true;
  ERL_NIF_TERM is_false;
  ERL_NIF_TERM slow;
} words;

// -- who may --

enum class Right { ask, read, write };

// `unsettled`: the shadow must be asked who the owner is.
enum class Verdict { may, may_not, unsettled };

Verdict judge(ErlNifEnv* env, const State& state, Right right) {
  if (!state.owner) return Verdict::may;  // the library knows
  ErlNifPid caller;
  enif_self(env, &caller);
  ErlNifPid owner = *state.owner;
  if (enif_compare_pids(&caller, &owner) == 0) return Verdict::may;
  if (enif_is_process_alive(env, &owner) == 0) return Verdict::unsettled;
  if (right == Right::ask || state.protection == Protection::public_access) return Verdict::may;
  return state.protection == Protection::protected_access && right == Right::read ? Verdict::may : Verdict::may_not;
}

// What body(State) says of the table of this key, by whoever may.
template <typename Body>
ERL_NIF_TERM on_table(ErlNifEnv* env, ERL_NIF_TERM key, Right right, const Body& body) {
  return guarded(env, [&] {
    StatePtr state;
    {
      const Registry::Reading reading(registry);  // of the owner, too
      state = registry.find(key);
      if (!state) return atom(env, "unknown");
      switch (judge(env, *state, right)) {
        case Verdict::may: break;
        case Verdict::may_not: return error(env, "access", "");
        case Verdict::unsettled:
          return enif_make_tuple2(env, atom(env, "unsettled"), enif_make_copy(env, state->tid.term()));
      }
    }
    return body(*state);
  });
}

// -- quick calls --

// What goes wrong goes wrong again on the way that tells what it is: a call that fails has changed nothing.
template <typename Body>
ERL_NIF_TERM quick(ErlNifEnv* env, ERL_NIF_TERM key, Right right, const Body& body) noexcept {
  try {
    StatePtr kept;
    {
      const Registry::Reading reading(registry);
      State* const state = registry.find_again(reading, key);
      if (state == nullptr || judge(env, *state, right) != Verdict::may) return words.slow;
      if (!state->opened.is_bag) return body(state->opened.table);
      kept = state->shared_from_this();
    }
    // All the objects of a key may be many: meanwhile the registry can change.
    return body(kept->opened.table);
  } catch (...) {
    return words.slow;
  }
}

template <typename Body>
ERL_NIF_TERM quick_write(ErlNifEnv* env, ERL_NIF_TERM key, const Body& body) noexcept {
  return quick(env, key, Right::write, [&](Table& table) {
    const heirloom::NoWait no_wait;
    return body(table);
  });
}

ERL_NIF_TERM boolean(bool value) noexcept { return value ? words.is_true : words.is_false; }

// -- any call --

// As a chunk of the library's ets: {Matches, {_, Rest}}.
ERL_NIF_TERM next_chunk(ErlNifEnv* env, const Table& table, const Term& rest) {
  const std::optional<heirloom::Chunk> chunk = table.select(heirloom::Continuation::from_term(rest));
  const ERL_NIF_TERM end = atom(env, "$end_of_table");
  if (!chunk) return end;
  const ERL_NIF_TERM next = chunk->rest ? enif_make_tuple2(env, end, to_erlang(env, chunk->rest->to_term())) : end;
  return enif_make_tuple2(env, to_erlang(env, heirloom::list(chunk->matches)), next);
}

ERL_NIF_TERM any_call(ErlNifEnv* env, Arguments arguments) {
  const Right right = is_atom(env, arguments[1], "write") ? Right::write
                      : is_atom(env, arguments[1], "ask") ? Right::ask
                                                          : Right::read;
  return on_table(env, arguments[0], right, [&](const State& state) {
    std::vector<Term> terms;
    for (const ERL_NIF_TERM each : elements_of(env, arguments[3])) terms.push_back(from_erlang(env, each));
    if (is_atom(env, arguments[2], "continue")) return ok(env, next_chunk(env, state.opened.table, terms.at(0)));
    return ok(env, to_erlang(env, library().call(state.opened.table, atom_from_erlang(env, arguments[2]), terms)));
  });
}

// -- selects in steps --

constexpr std::size_t kObjectsAStep = 64;
constexpr ErlNifTime kMicrosecondsAtOnce = 500;
constexpr ErlNifTime kMicrosecondsATimeslice = 1000;  // of the VM, about

// A select under way. Its process may die in between: then the VM lets it go.
struct Selecting {
  Table table;  // what the steps read
  bool counts;
  SelectSteps steps;
};
ErlNifResourceType* selecting = nullptr;
void let_go(ErlNifEnv* /*env*/, void* place) { static_cast<Selecting*>(place)->~Selecting(); }

// False: its time is over. Found are its matches so far, the last one first; in the end those, or their number.
bool run(ErlNifEnv* env, Selecting& select, ERL_NIF_TERM& found) {
  const ErlNifTime begin = enif_monotonic_time(ERL_NIF_USEC);
  for (;;) {
    const bool done = select.steps.step(kObjectsAStep);
    for (const Term& match : select.steps.take_matches())
      found = enif_make_list_cell(env, to_erlang(env, match.view()), found);
    const ErlNifTime took = enif_monotonic_time(ERL_NIF_USEC) - begin;
    if (!done && took < kMicrosecondsAtOnce) continue;
    enif_consume_timeslice(env, static_cast<int>(std::clamp<ErlNifTime>(100 * took / kMicrosecondsATimeslice, 1, 100)));
    if (done && select.counts) found = enif_make_uint64(env, select.steps.count());
    return done;
  }
}

// select_on(Selecting, Found)
ERL_NIF_TERM select_on(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    void* place = nullptr;
    if (enif_get_resource(env, arguments[0], selecting, &place) == 0) return enif_make_badarg(env);
    ERL_NIF_TERM found = arguments[1];
    if (run(env, *static_cast<Selecting*>(place), found)) return ok(env, found);
    const ERL_NIF_TERM next[] = {arguments[0], found};
    return enif_schedule_nif(env, "select_on", 0, select_on, 2, next);
  });
}

struct SelectFunction {
  const char* name;
  SelectKind kind;
  MatchSpec (*spec_of)(const Term& what);
};
constexpr SelectFunction kSelectFunctions[] = {
    {"select", SelectKind::select, [](const Term& what) { return MatchSpec(what); }},
    {"select_reverse", SelectKind::reverse, [](const Term& what) { return MatchSpec(what); }},
    {"select_count", SelectKind::count, [](const Term& what) { return MatchSpec(what); }},
    {"match", SelectKind::select, heirloom::match_pattern},
    {"match_object", SelectKind::select, heirloom::match_object_pattern},
};

}  // namespace

// lookup(Key, Term)
ERL_NIF_TERM calls::lookup(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return quick(env, arguments[0], Right::read, [&](const Table& table) {
    const heirloom::Objects objects = table.lookup(from_erlang(env, arguments[1]));
    ERL_NIF_TERM list = enif_make_list(env, 0);
    for (std::size_t i = objects.size(); i-- > 0;)
      list = enif_make_list_cell(env, to_erlang(env, objects[i].view()), list);
    return list;
  });
}

// member(Key, Term)
ERL_NIF_TERM calls::member(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return quick(env, arguments[0], Right::read,
               [&](const Table& table) { return boolean(table.member(from_erlang(env, arguments[1]))); });
}

// insert(Key, Object)
ERL_NIF_TERM calls::insert(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  if (enif_is_tuple(env, arguments[1]) == 0) return words.slow;
  return quick_write(env, arguments[0], [&](Table& table) {
    table.insert(from_erlang(env, arguments[1]));
    return words.is_true;
  });
}

// erase(Key, Term)
ERL_NIF_TERM calls::erase(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return quick_write(env, arguments[0], [&](Table& table) {
    table.erase(from_erlang(env, arguments[1]));
    return words.is_true;
  });
}

// add(Key, Term, Increment)
ERL_NIF_TERM calls::add(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  ErlNifSInt64 increment = 0;
  if (enif_get_int64(env, arguments[2], &increment) == 0) return words.slow;
  return quick_write(env, arguments[0], [&](Table& table) {
    const Term sum = table.update_counter(from_erlang(env, arguments[1]), increment);
    // It is counted: not once more on the slow way.
    try {
      return to_erlang(env, sum.view());
    } catch (...) {
      return enif_raise_exception(env, atom(env, "system_limit"));
    }
  });
}

// call(Key, Right, Function, Arguments)
ERL_NIF_TERM calls::call(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  const heirloom::NoWait no_wait;
  return any_call(env, arguments);
}

// call_long(Key, Right, Function, Arguments)
ERL_NIF_TERM calls::call_long(ErlNifEnv* env, int /*count*/, Arguments arguments) { return any_call(env, arguments); }

// select(Key, Function, Spec)
ERL_NIF_TERM calls::select(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return on_table(env, arguments[0], Right::read, [&](const State& state) {
    for (const SelectFunction& function : kSelectFunctions) {
      if (!is_atom(env, arguments[1], function.name)) continue;
      const MatchSpec spec = function.spec_of(from_erlang(env, arguments[2]));
      Selecting begun{state.opened.table, function.kind == SelectKind::count,
                      state.opened.table.select_in_steps(function.kind, spec)};
      ERL_NIF_TERM found = enif_make_list(env, 0);
      if (run(env, begun, found)) return ok(env, found);
      void* const place = enif_alloc_resource(selecting, sizeof(Selecting));
      new (place) Selecting(std::move(begun));
      const ERL_NIF_TERM next[] = {enif_make_resource(env, place), found};
      enif_release_resource(place);
      return enif_schedule_nif(env, "select_on", 0, select_on, 2, next);
    }
    return enif_make_badarg(env);
  });
}

void open_library(ErlNifEnv* env, const std::string& directory) {
  const std::lock_guard lock(opening);
  if (ets) return;
  heirloom::Node node = heirloom::Node::open(directory);
  settle_identity(env);
  ets.emplace(std::move(node));
}

heirloom::Ets& library() {
  if (!ets) throw Error(ErrorCode::no_manager, "use a table", "the application heirloom is not started");
  return *ets;
}

std::vector<ERL_NIF_TERM> elements_of(ErlNifEnv* env, ERL_NIF_TERM list) {
  std::vector<ERL_NIF_TERM> elements;
  for (ERL_NIF_TERM each = 0; enif_get_list_cell(env, list, &each, &list) != 0;) elements.push_back(each);
  return elements;
}

bool load_calls(ErlNifEnv* env) {
  words = {atom(env, "true"), atom(env, "false"), atom(env, "slow")};
  const auto flags = static_cast<ErlNifResourceFlags>(ERL_NIF_RT_CREATE);
  selecting = enif_open_resource_type(env, nullptr, "heirloom_select", let_go, flags, nullptr);
  return selecting != nullptr;
}

}  // namespace heirloom_nif
