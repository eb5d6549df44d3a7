// SPDX-License-Identifier: Apache-2.0
//
// As whom the functions of a public Table act.
#pragma once

#include "heirloom/pid.hpp"

#include "node/runtime.hpp"
#include "node/table_handle.hpp"

namespace heirloom::node {

[[gnu::noinline, gnu::cold]] inline void refuse(const Runtime& runtime) { runtime.usable().value_or_raise(); }

inline void refuse_forked(const TableHandle& handle) {
  if (handle.runtime->forked()) [[unlikely]]
    refuse(*handle.runtime);
}

// As whom the calling thread acts; throws Error{forked} in a child of fork().
inline Pid caller(const TableHandle& handle) {
  refuse_forked(handle);
  return handle.runtime->current_process();
}

// The same for reads, most of which need no right.
inline Pid reader(const TableHandle& handle) {
  refuse_forked(handle);
  return handle.table->anybody_reads() ? Pid{} : handle.runtime->current_process();
}

}  // namespace heirloom::node
