// SPDX-License-Identifier: Apache-2.0
//
// Terms of the VM as terms of Heirloom, and back. Every kind goes both ways unchanged. What is common goes directly; big integers,
// bitstrings, pids, references, ports, funs, and what is nested deep, by the external term format.
//
// **Who a local pid is.** A pid, reference or port of this VM means nothing in the next one, where its number may be another
// process'. A VM that is part of a distribution has a name and a creation, which say so: others can send to what it stores. One that is
// not calls itself nonode@nohost, with the creation 0, as all do: what it stores has the *incarnation* of this VM in its place. What it
// was when it opened its node directory, it stays in what is stored, also when it joins a distribution or leaves it afterwards: so a
// pid is the same key before and after. For any other VM it is the pid of somebody else, which is compared and printed, and is alive
// only where it can be asked.
#pragma once

#include <cstdint>

#include <erl_nif.h>

#include "heirloom/term.hpp"

namespace heirloom_nif {

// Of load(). The number says which of the VMs that there will have been this one is.
void load_terms(ErlNifEnv* env, std::uint32_t incarnation);
// Once, before the first term: decides as what this VM's own pids, references and ports are stored.
void settle_identity(ErlNifEnv* env);
[[nodiscard]] std::uint32_t incarnation() noexcept;

// Throws heirloom::Error: system_limit for what no term of Heirloom can hold, syntax for what cannot be sent either.
heirloom::Term from_erlang(ErlNifEnv* env, ERL_NIF_TERM term);
ERL_NIF_TERM to_erlang(ErlNifEnv* env, heirloom::TermView term);

// The same atom, each found once.
heirloom::Atom atom_from_erlang(ErlNifEnv* env, ERL_NIF_TERM atom);
ERL_NIF_TERM atom_to_erlang(ErlNifEnv* env, heirloom::Atom atom);

}  // namespace heirloom_nif
