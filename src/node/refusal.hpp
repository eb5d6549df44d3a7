// SPDX-License-Identifier: Apache-2.0
//
// How ManagerState says no.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "wire/messages.hpp"

namespace heirloom::node {

inline wire::Refusal refused(ErrorCode code, std::string detail) { return {code, std::move(detail)}; }
inline wire::Refusal refused(const Failure& failure) { return {failure.code, failure.to_string()}; }
inline wire::Refusal no_such_table() { return refused(ErrorCode::id, "the table was deleted"); }

}  // namespace heirloom::node
