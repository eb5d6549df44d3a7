// SPDX-License-Identifier: Apache-2.0
#include "node/segments.hpp"

#include <algorithm>

#include "node/ledger.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"
#include "os/listing.hpp"

namespace heirloom::node {

namespace {

bool ends_with_new(const std::string& name) { return name.size() > 4 && name.ends_with(".new"); }

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
                                      .max_bytes = spec.max_bytes};
  Status made = table::Table::create_file(directory_->descriptor(), temporary, options);
  if (made) made = os::rename_file(directory_->descriptor(), temporary, Directory::table_file(table.id));
  if (!made) os::remove_file(directory_->descriptor(), temporary);
  return made;
}

Result<std::shared_ptr<table::Table>> Segments::open(const std::string& id) {
  if (const auto found = open_.find(id); found != open_.end()) return found->second;
  auto opened = table::Table::open(directory_->descriptor(), Directory::table_file(id), attachment_);
  if (opened) open_.emplace(id, *opened);
  return opened;
}

void Segments::set_owner(const wire::TableFacts& table) {
  // One that cannot be opened cannot be written by anybody else either; it is set aside at the next adoption.
  if (auto opened = open(table.id)) (*opened)->set_owner(table.owner.value_or(Pid{}), table.generation);
}

void Segments::remove(const std::string& id) {
  if (auto opened = open(id)) (*opened)->mark_deleted();
  open_.erase(id);
  os::remove_file(directory_->descriptor(), Directory::table_file(id));
}

std::vector<std::string> Segments::list() {
  std::vector<std::string> ids;
  for (const std::string& name : os::names_in(directory_->descriptor(), "tables")) {
    if (ends_with_new(name)) {
      os::remove_file(directory_->descriptor(), "tables/" + name);
    } else if (table_number(name) != 0) {
      ids.push_back(name);
    }
  }
  std::sort(ids.begin(), ids.end(),
            [](const std::string& left, const std::string& right) { return table_number(left) < table_number(right); });
  return ids;
}

Segments::Found Segments::inspect(const std::string& id) {
  auto opened = open(id);
  if (!opened) return {State::broken, {}, opened.failure().to_string()};
  const table::Table& table = **opened;
  if (table.deleted()) return {State::deleted, {}, {}};
  if (table.generation() == 0) return {State::unused, {}, {}};
  const table::SegmentOptions options = table.options();
  const Pid owner = table.owner();
  return {State::usable,
          {.id = id,
           .spec = {.name = std::string(options.name.text()),
                    .type = options.type,
                    .protection = options.protection,
                    .keypos = options.keypos,
                    .node_table = options.node_table,
                    .write_concurrency = options.write_concurrency,
                    .max_bytes = options.max_bytes},
           .owner = owner == Pid{} ? std::nullopt : std::optional(owner),
           .generation = table.generation()},
          {}};
}

Status Segments::set_aside(const std::string& id) {
  open_.erase(id);
  HEIRLOOM_CHECK(os::make_directory_at(directory_->descriptor(), "broken"), "set aside");
  return os::rename_file(directory_->descriptor(), Directory::table_file(id), Directory::broken_file(id));
}

}  // namespace heirloom::node
