// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include <fmt/format.h>

namespace heirloom::cli {

namespace {

using nlohmann::json;

// nlohmann's own test is private: it refuses such a string when it writes it.
bool is_utf8(std::string_view bytes) {
  try {
    static_cast<void>(json(bytes).dump());
    return true;
  } catch (const json::type_error&) {
    return false;
  }
}

bool is_text(TermView term) { return term.is_atom() || (term.is_binary() && is_utf8(term.as_binary())); }

std::string text_of(TermView term) { return std::string(term.is_atom() ? term.as_atom().text() : term.as_binary()); }

json integer_to_json(TermView term) {
  try {
    return term.as_int64();
  } catch (const Error&) {
  }
  try {
    return term.as_uint64();
  } catch (const Error&) {
    return to_string(term);
  }
}

json atom_to_json(Atom atom) {
  if (atom.text() == "true" || atom.text() == "false") return atom.text() == "true";
  return atom.text();
}

json elements_to_json(TermView term) {
  json array = json::array();
  for (const TermView element : term.elements()) array.push_back(to_json(element));
  return array;
}

json map_to_json(TermView term) {
  const ElementRange keys = term.keys();
  const ElementRange values = term.values();
  json object = json::object();
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (!is_text(keys[index])) return to_string(term);
    object[text_of(keys[index])] = to_json(values[index]);
  }
  return object;
}

json optional_pid(const std::optional<Pid>& pid) { return pid ? json(to_string(Term(*pid))) : json(nullptr); }

std::int64_t nanoseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

json optional_heir(const std::optional<Heir>& heir) {
  if (!heir) return nullptr;
  if (const Pid* pid = std::get_if<Pid>(&heir->process)) return to_string(Term(*pid));
  return std::get<Atom>(heir->process).text();
}

json optional_reader(const std::optional<TableInfo::HeldUp>& held_up) {
  if (!held_up) return nullptr;
  return {{"program", held_up->program}, {"process", held_up->process}, {"name", held_up->name},
          {"epoch", held_up->epoch},     {"epochs", held_up->epochs},   {"waiting_bytes", held_up->waiting_bytes}};
}

}  // namespace

json to_json(TermView term) {
  switch (term.kind()) {
    case TermKind::integer: return integer_to_json(term);
    case TermKind::floating: return term.as_double();
    case TermKind::atom: return atom_to_json(term.as_atom());
    case TermKind::tuple: return elements_to_json(term);
    case TermKind::map: return map_to_json(term);
    case TermKind::nil: return json::array();
    case TermKind::list: return term.is_proper_list() ? elements_to_json(term) : json(to_string(term));
    default: return is_text(term) ? text_of(term) : to_string(term);
  }
}

json object_to_json(const Term& object) { return {{"object", to_json(object.view())}, {"term", to_string(object)}}; }

json to_json(const TableInfo& info) {
  return {{"id", info.id},
          {"name", info.name.text()},
          {"type", to_string(info.type)},
          {"protection", to_string(info.protection)},
          {"keypos", info.keypos},
          {"owner", optional_pid(info.owner)},
          {"heir", optional_heir(info.heir)},
          {"size", info.size},
          {"memory_words", info.memory_words},
          {"memory_bytes", info.memory_bytes},
          {"max_bytes", info.max_bytes},
          {"max_bytes_limit", info.max_bytes_limit},
          {"generation", info.generation},
          {"stripes", info.stripes},
          {"atoms", info.atoms},
          {"write_concurrency", to_string(to_term(info.write_concurrency))},
          {"read_concurrency", info.read_concurrency},
          {"decentralized_counters", info.decentralized_counters},
          {"compressed", info.compressed},
          {"node_table", info.node_table},
          {"repairs_finished", info.repairs_finished},
          {"repairs_undone", info.repairs_undone},
          {"set_aside", info.quarantine ? json(info.quarantine->cause) : json(nullptr)},
          {"damage", info.damage ? json(*info.damage) : json(nullptr)},
          {"held_up", optional_reader(info.held_up)}};
}

json to_json(const Repair& repair) {
  return {{"at", nanoseconds(repair.at)},
          {"took_ns", repair.took.count()},
          {"program", repair.program},
          {"thread", repair.thread},
          {"name", repair.name ? json(repair.name->text()) : json(nullptr)},
          {"process", repair.process ? json(*repair.process) : json(nullptr)},
          {"end", to_string(repair.end)},
          {"status", repair.status ? json(*repair.status) : json(nullptr)},
          {"operation", to_string(repair.operation)},
          {"key", repair.key.empty() ? json(nullptr) : json(repair.key)},
          {"keys", repair.keys},
          {"outcome", to_string(repair.outcome)},
          {"locks", repair.locks}};
}

json to_json(const Tenure& tenure) {
  json repairs = json::array();
  for (const Repair& repair : tenure.repairs) repairs.push_back(to_json(repair));
  return {{"owner", optional_pid(tenure.owner)},
          {"name", tenure.name ? json(tenure.name->text()) : json(nullptr)},
          {"process", tenure.process ? json(*tenure.process) : json(nullptr)},
          {"generation", tenure.generation},
          {"since", nanoseconds(tenure.since)},
          {"until", tenure.until ? json(nanoseconds(*tenure.until)) : json(nullptr)},
          {"end", to_string(tenure.end)},
          {"reason", tenure.reason ? json(to_string(*tenure.reason)) : json(nullptr)},
          {"status", tenure.status ? json(*tenure.status) : json(nullptr)},
          {"repairs_finished", tenure.repairs_finished},
          {"repairs_undone", tenure.repairs_undone},
          {"repairs", std::move(repairs)}};
}

json to_json(const CheckReport& report) {
  return {{"ok", report.ok},
          {"objects", report.objects},
          {"live_bytes", report.live_bytes},
          {"retired_bytes", report.retired_bytes},
          {"free_bytes", report.free_bytes},
          {"cached_bytes", report.cached_bytes},
          {"allocated_bytes", report.allocated_bytes},
          {"findings", report.findings}};
}

json to_json(const TableFileInfo& info) {
  return {{"name", info.name.text()},
          {"type", to_string(info.type)},
          {"protection", to_string(info.protection)},
          {"named_table", info.named_table},
          {"keypos", info.keypos},
          {"size", info.size},
          {"object_count", info.object_count},
          {"md5sum", info.md5sum},
          {"version", fmt::format("{}.{}", info.major_version, info.minor_version)}};
}

std::string to_line(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace) + '\n'; }

std::string to_lines(const json& object) {
  std::string lines;
  for (const auto& [name, value] : object.items()) {
    const std::string text = value.is_null() ? "none" : value.is_string() ? value.get<std::string>() : value.dump();
    lines += fmt::format("{:<22} {}\n", name, text);
  }
  return lines;
}

}  // namespace heirloom::cli
