// SPDX-License-Identifier: Apache-2.0
#include "node/segments.hpp"

#include <algorithm>

#include "node/manager_state.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"
#include "os/listing.hpp"

namespace heirloom::node {

namespace {

// A header's generation beyond this was never given by a manager.
constexpr std::uint64_t kGenerationMax = std::uint64_t{1} << 62;

// The id in "7.new", where `suffix` is ".new"; empty for another name.
std::string id_before(const std::string& name, std::string_view suffix) {
  return name.size() > suffix.size() && name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : "";
}

bool by_number(const std::string& left, const std::string& right) { return table_number(left) < table_number(right); }

}  // namespace

Status Segments::create(const wire::TableFacts& table) {
  const wire::TableSpec& spec = table.spec;
  const std::string temporary = Directory::new_table_file(table.id);
  os::remove_file(directory_->descriptor(), temporary);
  const table::SegmentOptions options{.id = table.id,
                                      .name = Atom(spec.name),
                                      .type = spec.type,
                                      .protection = spec.protection,
                                      .keypos = spec.keypos,
                                      .node_table = spec.node_table,
                                      .write_concurrency = spec.write_concurrency,
                                      .read_concurrency = spec.read_concurrency,
                                      .decentralized_counters = spec.decentralized_counters,
                                      .compressed = spec.compressed,
                                      .max_bytes = spec.max_bytes};
  Status made = table::Table::create_file(directory_->descriptor(), temporary, options);
  if (made) made = os::rename_file(directory_->descriptor(), temporary, Directory::table_file(table.id));
  if (!made) os::remove_file(directory_->descriptor(), temporary);
  HEIRLOOM_CHECK(made, "make a segment");
  if (auto opened = open_segment(table.id); !opened) {
    os::remove_file(directory_->descriptor(), Directory::table_file(table.id));
    return std::move(opened).failure().within("make a segment");
  }
  return {};
}

Result<std::shared_ptr<table::Table>> Segments::open_file(const std::string& name) {
  auto opened = table::Table::open(directory_->descriptor(), name, attachment_);
  const bool shortage =
      !opened && (opened.failure().code == ErrorCode::system_limit || opened.failure().code == ErrorCode::full);
  if (!shortage || open_.empty()) return opened;
  close_all();
  return table::Table::open(directory_->descriptor(), name, attachment_);
}

Result<std::shared_ptr<table::Table>> Segments::open_segment(const std::string& id) {
  const std::string name = Directory::table_file(id);
  if (const auto found = open_.find(id); found != open_.end()) {
    // Before the mapping is touched: of what somebody has cut off, not even a look would be survived.
    const std::shared_ptr<table::Table> known = found->second;
    const bool whole = known->is_whole();
    const bool there = os::file_exists(directory_->descriptor(), name);
    if (there && whole) return known;
    open_.erase(found);
    if (there) return fail(ErrorCode::corrupt, "the file \"" + name + "\" was cut short while it was in use");
    // Somebody took it away. Who has it mapped must not go on as if it were a table.
    if (whole) known->mark_deleted();
    return fail(ErrorCode::not_found, "the file \"" + name + "\" is gone");
  }
  // Half of the descriptors are for connections, and for the rest of the program.
  if (open_.size() >= os::descriptors_max() / 2) close_all();
  auto opened = open_file(name);
  if (opened) open_.emplace(id, *opened);
  return opened;
}

Status Segments::open(const std::string& id) {
  auto opened = open_segment(id);
  return opened ? Status() : Status(std::move(opened).failure());
}

Result<std::uint64_t> Segments::set_owner(const wire::TableFacts& table) {
  HEIRLOOM_TRY(const auto segment, open_segment(table.id), "store the owner");
  if (segment->deleted()) return fail(ErrorCode::not_found, "its deletion had begun");
  // Later ones are this manager's own, whatever clients may have written over them.
  if (written_.insert(table.id).second) {
    const std::uint64_t generation = segment->generation();
    if (generation > table.generation && generation < kGenerationMax) return generation;
  }
  // Whoever is told to be the owner must find a table that can be written; who was it, one that cannot any more.
  if (table.quarantine) segment->set_quarantined(true);
  segment->set_protection(table.spec.protection);
  segment->set_fixed(!table.fixations.empty());
  segment->set_node_table(table.spec.node_table);
  segment->set_owner(table.owner.value_or(Pid{}), table.generation);
  if (!table.quarantine) segment->set_quarantined(false);
  return table.generation;
}

// The name goes first, and says that the rest is to be done: a death in between leaves nothing under the table's own
// name that could be taken for a table, or for a broken one.
Status Segments::remove(const std::string& id) {
  const int directory = directory_->descriptor();
  const std::string leaving = Directory::deleted_table_file(id);
  auto segment = open_segment(id);
  const Status renamed = os::rename_file(directory, Directory::table_file(id), leaving);
  const bool left = renamed || renamed.failure().code == ErrorCode::not_found;
  if (left && !segment) {
    segment = open_file(leaving);
    if (!segment && !is_lost(segment.failure())) return std::move(segment).failure().within("delete");
  }
  // Also when the file cannot be moved now: nobody uses the table any more.
  if (segment) (*segment)->mark_deleted();
  if (!left) return renamed;
  open_.erase(id);
  written_.erase(id);
  os::remove_file(directory, leaving);
  return {};
}

Result<Segments::Names> Segments::list() {
  HEIRLOOM_TRY(const auto files, os::list_directory(directory_->descriptor(), "tables"), "look for tables");
  Names names;
  for (const std::string& file : files) {
    if (table_number(file) != 0) {
      names.segments.push_back(file);
    } else if (!id_before(file, ".new").empty()) {
      os::remove_file(directory_->descriptor(), "tables/" + file);
    } else if (const std::string id = id_before(file, ".deleted"); table_number(id) != 0) {
      names.deleted.push_back(id);
    }
  }
  std::sort(names.segments.begin(), names.segments.end(), by_number);
  return names;
}

Segments::Found Segments::inspect(const std::string& id) try {
  auto opened = open_segment(id);
  if (!opened) {
    return {is_lost(opened.failure()) ? State::broken : State::not_now, {}, opened.failure()};
  }
  const table::Table& table = **opened;
  if (table.deleted()) return {State::deleted, {}, {}};
  if (table.generation() == 0) return {State::unused, {}, {}};
  const table::SegmentOptions options = table.options();
  const Pid owner = table.owner();
  std::optional<wire::Quarantine> quarantine;
  if (table.in_quarantine())
    quarantine = {"why was in the journal, which is lost", std::string(options.name.text()), 0};
  return {State::usable,
          {.id = id,
           .spec = {.name = std::string(options.name.text()),
                    .type = options.type,
                    .protection = options.protection,
                    .keypos = options.keypos,
                    .node_table = options.node_table,
                    .write_concurrency = options.write_concurrency,
                    .read_concurrency = options.read_concurrency,
                    .decentralized_counters = options.decentralized_counters,
                    .compressed = options.compressed,
                    .max_bytes = options.max_bytes},
           .owner = owner == Pid{} ? std::nullopt : std::optional(owner),
           .generation = table.generation(),
           .heir = {},
           .quarantine = std::move(quarantine)},
          {}};
} catch (const Error& error) {
  const Failure why = fail(error.code(), std::string(error.operation()) + ": " + error.detail());
  return {is_lost(why) ? State::broken : State::not_now, {}, why};
}

Status Segments::set_aside(const std::string& id) {
  open_.erase(id);
  HEIRLOOM_CHECK(os::make_directory_at(directory_->descriptor(), "broken"), "set aside");
  return os::rename_file(directory_->descriptor(), Directory::table_file(id), Directory::broken_file(id));
}

}  // namespace heirloom::node
