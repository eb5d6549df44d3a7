// SPDX-License-Identifier: Apache-2.0
//
// Terms and what is known of tables as JSON, for scripts.
//
// JSON knows fewer kinds than Erlang: atoms and binaries of UTF-8 become strings (true and false become themselves),
// tuples and lists arrays, maps with such keys objects; integers beyond 64 bits, and all that has no counterpart, the text
// of the term. Commands print the text of the whole term beside it, so nothing is lost.
#pragma once

#include <nlohmann/json.hpp>

#include <heirloom/heirloom.hpp>

namespace heirloom::cli {

nlohmann::json to_json(TermView term);
// {"object": [...], "term": "{...}"}
nlohmann::json object_to_json(const Term& object);
nlohmann::json to_json(const TableInfo& info);
nlohmann::json to_json(const Tenure& tenure);
nlohmann::json to_json(const Repair& repair);
nlohmann::json to_json(const CheckReport& report);
nlohmann::json to_json(const TableFileInfo& info);

// One line. Bytes that are no UTF-8 (of a file's name in a finding) are replaced.
std::string to_line(const nlohmann::json& json);
// The same of an object for a person: a line a member.
std::string to_lines(const nlohmann::json& object);

}  // namespace heirloom::cli
