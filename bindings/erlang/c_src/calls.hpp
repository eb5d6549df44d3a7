// SPDX-License-Identifier: Apache-2.0
//
// Calls of the objects of tables, by the process that makes them. Three ways:
//
// - *Quick* calls are what most calls are: the table is known, the caller may, nothing is in the way. They do the whole thing, or
//   nothing at all, and say `slow`.
// - `call` is any function of ets, with what is to be said of errors. In a scheduler it does not wait for the locks of
//   the living either, as heirloom/no_wait.hpp says: {error, busy, _}.
// - Selects are made in steps, between which the scheduler does something else. Those that change objects do not wait either:
//   {busy, _, _} is what to go on with.
#pragma once

#include <string>
#include <vector>

#include <erl_nif.h>

#include "heirloom/ets.hpp"

namespace heirloom_nif {

// Once, before the first table; again it does nothing.
void open_library(ErlNifEnv* env, const std::string& directory);
// Throws Error{no_manager} before.
heirloom::Ets& library();

std::vector<ERL_NIF_TERM> elements_of(ErlNifEnv* env, ERL_NIF_TERM list);

// Of load(). False: the VM does not have it.
bool load_calls(ErlNifEnv* env);

// The functions of heirloom_nif of these names, in a scheduler; call_long in a dirty one.
namespace calls {
using Function = ERL_NIF_TERM(ErlNifEnv* env, int count, const ERL_NIF_TERM* arguments);
Function lookup, member, insert, erase, add, call, call_long, select, select_chunk, select_rest, change_on;
}  // namespace calls

}  // namespace heirloom_nif
