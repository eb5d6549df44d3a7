// SPDX-License-Identifier: Apache-2.0
//
// Terms of the VM as terms of Heirloom, and back. Every kind goes both ways unchanged. What is common goes directly; big integers,
// bitstrings, pids, references, ports, funs, and what is nested deep, by the external term format.
//
// **Who a local pid is.** A pid, reference or port of this VM means nothing in the next one, where its number may be another
// process'. A VM that is part of a distribution has a name and a creation, which say so. One that is not calls itself nonode@nohost,
// with the creation 0, as all do: then what is stored has the *incarnation* of this VM in its place, and only this VM takes that for
// its own when it is read. For any other VM it is the pid of somebody else, which is compared and printed, and never alive.
#pragma once

#include <cstdint>

#include <erl_nif.h>

#include "heirloom/term.hpp"

namespace heirloom_nif {

// Once, before any other call: which of the VMs that there will have been this one is.
void set_incarnation(std::uint32_t number) noexcept;
[[nodiscard]] std::uint32_t incarnation() noexcept;

// Throws heirloom::Error: system_limit for what no term of Heirloom can hold, syntax for what cannot be sent either.
heirloom::Term from_erlang(ErlNifEnv* env, ERL_NIF_TERM term);
ERL_NIF_TERM to_erlang(ErlNifEnv* env, heirloom::TermView term);

// The same atom, each found once.
heirloom::Atom atom_from_erlang(ErlNifEnv* env, ERL_NIF_TERM atom);
ERL_NIF_TERM atom_to_erlang(ErlNifEnv* env, heirloom::Atom atom);

}  // namespace heirloom_nif
