// SPDX-License-Identifier: Apache-2.0
//
// What the functions of heirloom_nif return.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>

#include <erl_nif.h>

#include "heirloom/error.hpp"

namespace heirloom_nif {

inline ERL_NIF_TERM atom(ErlNifEnv* env, const char* name) { return enif_make_atom(env, name); }
inline bool is_atom(ErlNifEnv* env, ERL_NIF_TERM term, const char* name) {
  return enif_is_identical(term, enif_make_atom(env, name)) != 0;
}

inline ERL_NIF_TERM binary(ErlNifEnv* env, std::string_view text) {
  ERL_NIF_TERM made = 0;
  text.copy(reinterpret_cast<char*>(enif_make_new_binary(env, text.size(), &made)), text.size());
  return made;
}

inline ERL_NIF_TERM error(ErlNifEnv* env, std::string_view code, std::string_view text) {
  return enif_make_tuple3(env, atom(env, "error"), atom(env, std::string(code).c_str()), binary(env, text));
}

inline ERL_NIF_TERM ok(ErlNifEnv* env, ERL_NIF_TERM value) { return enif_make_tuple2(env, atom(env, "ok"), value); }

// No exception gets into the VM.
template <typename Body>
ERL_NIF_TERM guarded(ErlNifEnv* env, const Body& body) noexcept {
  try {
    return body();
  } catch (const heirloom::Error& thrown) {
    return error(env, to_string(thrown.code()), thrown.what());
  } catch (const std::bad_alloc&) {
    return error(env, "system_limit", "there is no memory left");
  } catch (const std::exception& thrown) {
    return error(env, "io", thrown.what());
  } catch (...) {
    return error(env, "io", "an exception without a name");
  }
}

}  // namespace heirloom_nif
