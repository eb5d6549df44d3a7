// SPDX-License-Identifier: Apache-2.0
//
// Which objects of a table are meant, as a person says it, and going through them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli {

// A specification as a fun, or as a list of clauses. Throws UsageError.
MatchSpec parse_spec(const std::string& text);
// The objects that an Erlang pattern matches, `{_, Age, _}`, for which guards hold, `Age > 30, Age < 50`. Throws UsageError that says
// where in which of the two.
MatchSpec match_objects(const std::string& pattern, const std::optional<std::string>& guards);

// Told one after another; false: no more.
using Visit = std::function<bool(const Term&)>;

// What the specification says of the objects. Some at a time, so that a large table needs no large memory; `limit` is how many will be
// visited at the most, as far as is known.
void visit_matches(const Table& table, const MatchSpec& spec, bool reverse, std::size_t limit, const Visit& visit);

}  // namespace heirloom::cli
