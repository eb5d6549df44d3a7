// SPDX-License-Identifier: Apache-2.0
#include "calls.hpp"

#include <algorithm>
#include <array>
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

constexpr ErlNifTime kMicrosecondsATimeslice = 1000;  // of the VM, about
void took_of_timeslice(ErlNifEnv* env, ErlNifTime microseconds) {
  const ErlNifTime percent = 100 * microseconds / kMicrosecondsATimeslice;
  enif_consume_timeslice(env, static_cast<int>(std::clamp<ErlNifTime>(percent, 1, 100)));
}

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

// Of one object, or of several: that takes longer, and so do all the objects of a key.
enum class Extent { one, several };

// What goes wrong goes wrong again on the way that tells what it is: a call that fails has changed nothing.
template <typename Body>
ERL_NIF_TERM quick(ErlNifEnv* env, ERL_NIF_TERM key, Right right, Extent extent, const Body& body) noexcept {
  try {
    StatePtr kept;
    {
      const Registry::Reading reading(registry);
      State* const state = registry.find_again(reading, key);
      if (state == nullptr || judge(env, *state, right) != Verdict::may) return words.slow;
      if (extent == Extent::one && !state->opened.is_bag()) return body(state->opened.table);
      kept = state->shared_from_this();
    }
    // Meanwhile the registry can change.
    return body(kept->opened.table);
  } catch (...) {
    return words.slow;
  }
}

template <typename Body>
ERL_NIF_TERM quick_write(ErlNifEnv* env, ERL_NIF_TERM key, Extent extent, const Body& body) noexcept {
  return quick(env, key, Right::write, extent, [&](Table& table) {
    const heirloom::NoWait no_wait;
    return body(table);
  });
}

// How many objects a scheduler inserts at once, as in heirloom_ets: in less than half a millisecond, mostly.
constexpr std::size_t kObjectsAtOnce = 100;
constexpr int kObjectsAPercent = 10;  // of a timeslice

// All or none. Not the empty list, and what is no list of objects: they have a way of their own.
ERL_NIF_TERM insert_several(ErlNifEnv* env, Arguments arguments) noexcept {
  std::array<ERL_NIF_TERM, kObjectsAtOnce> elements;
  std::size_t count = 0;
  ERL_NIF_TERM list = arguments[1];
  for (ERL_NIF_TERM each = 0; enif_get_list_cell(env, list, &each, &list) != 0; ++count) {
    if (count == kObjectsAtOnce || enif_is_tuple(env, each) == 0) return words.slow;
    elements[count] = each;
  }
  if (count == 0 || enif_is_empty_list(env, list) == 0) return words.slow;
  enif_consume_timeslice(env, 1 + static_cast<int>(count) / kObjectsAPercent);
  return quick_write(env, arguments[0], Extent::several, [&](Table& table) {
    std::vector<Term> objects;
    objects.reserve(count);
    for (std::size_t i = 0; i < count; ++i) objects.push_back(from_erlang(env, elements[i]));
    table.insert(objects);
    return words.is_true;
  });
}

ERL_NIF_TERM boolean(bool value) noexcept { return value ? words.is_true : words.is_false; }

// -- any call --

ERL_NIF_TERM any_call(ErlNifEnv* env, Arguments arguments) {
  const Right right = is_atom(env, arguments[1], "write") ? Right::write
                      : is_atom(env, arguments[1], "ask") ? Right::ask
                                                          : Right::read;
  return on_table(env, arguments[0], right, [&](const State& state) {
    std::vector<Term> terms;
    for (const ERL_NIF_TERM each : elements_of(env, arguments[3])) terms.push_back(from_erlang(env, each));
    return ok(env, to_erlang(env, library().call(state.opened.table, atom_from_erlang(env, arguments[2]), terms)));
  });
}

// -- selects in steps --

// How many objects make a step: half as many when one took longer than this, else twice as many. Some are of megabytes.
constexpr std::size_t kObjectsAtFirst = 4;
constexpr std::size_t kObjectsAtMost = 256;
constexpr ErlNifTime kMicrosecondsAStep = 50;
constexpr ErlNifTime kMicrosecondsAtOnce = 500;

// What comes of a select.
enum class Outcome { matches, chunk, number };

// A select under way. Its process may die in between: then the VM lets it go.
struct Selecting {
  std::shared_ptr<const State> state;
  Right right;
  Outcome outcome;
  SelectSteps steps;
  std::size_t objects_a_step = kObjectsAtFirst;
};
ErlNifResourceType* selecting = nullptr;
void let_go(ErlNifEnv* /*env*/, void* place) { static_cast<Selecting*>(place)->~Selecting(); }

ERL_NIF_TERM kept(ErlNifEnv* env, Selecting&& select) {
  void* const place = enif_alloc_resource(selecting, sizeof(Selecting));
  new (place) Selecting(std::move(select));
  const ERL_NIF_TERM made = enif_make_resource(env, place);
  enif_release_resource(place);
  return made;
}
Selecting& kept(ErlNifEnv* env, ERL_NIF_TERM reference) {
  void* place = nullptr;
  if (enif_get_resource(env, reference, selecting, &place) == 0)
    throw Error(ErrorCode::type, "go on with a select", "none is behind this reference");
  return *static_cast<Selecting*>(place);
}

// The matches, the last one first, before others that were found.
ERL_NIF_TERM before(ErlNifEnv* env, const std::vector<Term>& matches, ERL_NIF_TERM found) {
  for (const Term& match : matches) found = enif_make_list_cell(env, to_erlang(env, match.view()), found);
  return found;
}

ERL_NIF_TERM outcome(ErlNifEnv* env, Selecting& select, ERL_NIF_TERM found) {
  if (select.outcome == Outcome::number) return enif_make_uint64(env, select.steps.count());
  if (select.outcome == Outcome::matches) return found;
  const ERL_NIF_TERM end = atom(env, "$end_of_table");
  const std::optional<heirloom::Chunk> chunk = select.steps.take_chunk();
  if (!chunk) return end;
  const ERL_NIF_TERM rest = chunk->rest ? to_erlang(env, chunk->rest->to_term()) : end;
  return enif_make_tuple2(env, before(env, chunk->matches, found), rest);
}

// False: its time is over. Found are its matches so far; in the end what comes of it. As in ets, who goes on may be one who may not any
// more.
bool run(ErlNifEnv* env, Selecting& select, ERL_NIF_TERM& found) {
  {
    const Registry::Reading reading(registry);
    if (judge(env, *select.state, select.right) == Verdict::may_not)
      throw Error(ErrorCode::access, "select", "the table was given other rights meanwhile");
  }
  const ErlNifTime begin = enif_monotonic_time(ERL_NIF_USEC);
  for (ErlNifTime before_step = 0;;) {
    const bool done = select.steps.step(select.objects_a_step);
    found = before(env, select.steps.take_matches(), found);
    const ErlNifTime took = enif_monotonic_time(ERL_NIF_USEC) - begin;
    const bool long_step = took - std::exchange(before_step, took) > kMicrosecondsAStep;
    select.objects_a_step =
        std::clamp(long_step ? select.objects_a_step / 2 : 2 * select.objects_a_step, std::size_t{1}, kObjectsAtMost);
    if (!done && took < kMicrosecondsAtOnce) continue;
    took_of_timeslice(env, took);
    if (done) found = outcome(env, select, found);
    return done;
  }
}

// select_on(Selecting, Found)
ERL_NIF_TERM select_on(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    ERL_NIF_TERM found = arguments[1];
    if (run(env, kept(env, arguments[0]), found)) return ok(env, found);
    const ERL_NIF_TERM next[] = {arguments[0], found};
    return enif_schedule_nif(env, "select_on", 0, select_on, 2, next);
  });
}

// change_at_once(Selecting): in a dirty scheduler, which waits for locks.
ERL_NIF_TERM change_at_once(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    SelectSteps& steps = kept(env, arguments[0]).steps;
    while (!steps.step(kObjectsAtMost)) {
    }
    return ok(env, enif_make_uint64(env, steps.count()));
  });
}
ERL_NIF_TERM schedule_at_once(ErlNifEnv* env, ERL_NIF_TERM reference) {
  return enif_schedule_nif(env, "change_at_once", ERL_NIF_DIRTY_JOB_CPU_BOUND, change_at_once, 1, &reference);
}

struct SelectFunction {
  const char* name;
  SelectKind kind;
  MatchSpec (*spec_of)(const Term& what);

  [[nodiscard]] bool changes() const noexcept { return kind == SelectKind::remove || kind == SelectKind::replace; }
  [[nodiscard]] Right right() const noexcept { return changes() ? Right::write : Right::read; }
  [[nodiscard]] bool counts() const noexcept { return changes() || kind == SelectKind::count; }
};
MatchSpec as_it_is(const Term& what) { return MatchSpec(what); }
constexpr SelectFunction kSelectFunctions[] = {
    {"select", SelectKind::select, as_it_is},
    {"select_reverse", SelectKind::reverse, as_it_is},
    {"select_count", SelectKind::count, as_it_is},
    {"select_delete", SelectKind::remove, as_it_is},
    {"select_replace", SelectKind::replace, as_it_is},
    {"match", SelectKind::select, heirloom::match_pattern},
    {"match_object", SelectKind::select, heirloom::match_object_pattern},
    {"match_delete", SelectKind::remove, heirloom::match_delete_pattern},
};

// Null: it is none.
const SelectFunction* select_function(ErlNifEnv* env, ERL_NIF_TERM name) {
  for (const SelectFunction& function : kSelectFunctions) {
    if (is_atom(env, name, function.name)) return &function;
  }
  return nullptr;
}

// What does not give way: to delete everything, which is one step; and to replace objects of a key of which some may be replaced
// already when there is no memory.
bool is_at_once(const SelectFunction& function, const MatchSpec& spec, const Opened& opened) {
  static const Term everything = heirloom::match_delete_pattern(Term(heirloom::Atom("_"))).term();
  return function.kind == SelectKind::remove ? spec.term() == everything : opened.is_bag();
}

std::size_t limit_of(ErlNifEnv* env, ERL_NIF_TERM term) {
  ErlNifSInt64 limit = 0;
  if (enif_get_int64(env, term, &limit) == 0 || limit < 1)
    throw Error(ErrorCode::badarg, "argument 3", "expected an integer of at least 1");
  return static_cast<std::size_t>(limit);
}

// Goes on as far as it may at once.
ERL_NIF_TERM begin(ErlNifEnv* env, Selecting&& select) {
  ERL_NIF_TERM found = enif_make_list(env, 0);
  if (run(env, select, found)) return ok(env, found);
  const ERL_NIF_TERM next[] = {kept(env, std::move(select)), found};
  return enif_schedule_nif(env, "select_on", 0, select_on, 2, next);
}

}  // namespace

// lookup(Key, Term)
ERL_NIF_TERM calls::lookup(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return quick(env, arguments[0], Right::read, Extent::one, [&](const Table& table) {
    const heirloom::Objects objects = table.lookup(from_erlang(env, arguments[1]));
    ERL_NIF_TERM list = enif_make_list(env, 0);
    for (std::size_t i = objects.size(); i-- > 0;)
      list = enif_make_list_cell(env, to_erlang(env, objects[i].view()), list);
    return list;
  });
}

// member(Key, Term)
ERL_NIF_TERM calls::member(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return quick(env, arguments[0], Right::read, Extent::one,
               [&](const Table& table) { return boolean(table.member(from_erlang(env, arguments[1]))); });
}

// insert(Key, Objects)
ERL_NIF_TERM calls::insert(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  if (enif_is_tuple(env, arguments[1]) == 0) return insert_several(env, arguments);
  return quick_write(env, arguments[0], Extent::one, [&](Table& table) {
    table.insert(from_erlang(env, arguments[1]));
    return words.is_true;
  });
}

// erase(Key, Term)
ERL_NIF_TERM calls::erase(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return quick_write(env, arguments[0], Extent::one, [&](Table& table) {
    table.erase(from_erlang(env, arguments[1]));
    return words.is_true;
  });
}

// add(Key, Term, Increment)
ERL_NIF_TERM calls::add(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  ErlNifSInt64 increment = 0;
  if (enif_get_int64(env, arguments[2], &increment) == 0) return words.slow;
  return quick_write(env, arguments[0], Extent::one, [&](Table& table) {
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
  const ErlNifTime begin = enif_monotonic_time(ERL_NIF_USEC);
  const ERL_NIF_TERM result = any_call(env, arguments);
  const ErlNifTime took = enif_monotonic_time(ERL_NIF_USEC) - begin;
  if (took > kMicrosecondsATimeslice / 100) took_of_timeslice(env, took);
  return result;
}

// call_long(Key, Right, Function, Arguments)
ERL_NIF_TERM calls::call_long(ErlNifEnv* env, int /*count*/, Arguments arguments) { return any_call(env, arguments); }

// select(Key, Function, What)
ERL_NIF_TERM calls::select(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  const SelectFunction* const function = select_function(env, arguments[1]);
  if (function == nullptr) return enif_make_badarg(env);
  return on_table(env, arguments[0], function->right(), [&](const State& state) {
    const MatchSpec spec = function->spec_of(from_erlang(env, arguments[2]));
    Selecting select{state.shared_from_this(), function->right(),
                     function->counts() ? Outcome::number : Outcome::matches,
                     state.opened.table.select_in_steps(function->kind, spec)};
    if (!function->changes()) return begin(env, std::move(select));
    const ERL_NIF_TERM reference = kept(env, std::move(select));
    return is_at_once(*function, spec, state.opened) ? schedule_at_once(env, reference) : change_on(env, 1, &reference);
  });
}

// select_chunk(Key, Function, What, Limit)
ERL_NIF_TERM calls::select_chunk(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  const SelectFunction* const function = select_function(env, arguments[1]);
  if (function == nullptr) return enif_make_badarg(env);
  return on_table(env, arguments[0], Right::read, [&](const State& state) {
    const MatchSpec spec = function->spec_of(from_erlang(env, arguments[2]));
    return begin(env, {state.shared_from_this(), Right::read, Outcome::chunk,
                       state.opened.table.select_in_steps(function->kind, spec, limit_of(env, arguments[3]))});
  });
}

// select_rest(Key, Rest)
ERL_NIF_TERM calls::select_rest(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return on_table(env, arguments[0], Right::read, [&](const State& state) {
    const auto rest = heirloom::Continuation::from_term(from_erlang(env, arguments[1]));
    return begin(env,
                 {state.shared_from_this(), Right::read, Outcome::chunk, state.opened.table.select_in_steps(rest)});
  });
}

// change_on(Selecting)
ERL_NIF_TERM calls::change_on(ErlNifEnv* env, int /*count*/, Arguments arguments) {
  return guarded(env, [&] {
    Selecting& change = kept(env, arguments[0]);
    ERL_NIF_TERM found = 0;
    try {
      const heirloom::NoWait no_wait;
      if (run(env, change, found)) return ok(env, found);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::busy) {
        return enif_make_tuple3(env, atom(env, "busy"), arguments[0], enif_make_uint64(env, change.steps.count()));
      }
      if (error.code() == ErrorCode::full) return schedule_at_once(env, arguments[0]);  // waiting may find room
      throw;
    }
    return enif_schedule_nif(env, "change_on", 0, change_on, 1, arguments);
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
