// SPDX-License-Identifier: Apache-2.0
#include "heirloom/node.hpp"

#include <sstream>
#include <utility>

#include "node/lineage.hpp"
#include "node/runtime.hpp"
#include "node/table_handle.hpp"

namespace heirloom {

namespace {

std::string named(const char* operation, Atom name) {
  std::ostringstream text;
  text << operation << ' ' << name;
  return text.str();
}

template <typename T>
T raise_within(Result<T> result, const std::string& operation) {
  if (!result) std::move(result).failure().within(operation).raise();
  return *std::move(result);
}

}  // namespace

Node Node::open(const std::filesystem::path& directory, const NodeOptions& options) {
  return Node(node::Runtime::open(directory, options).value_or_raise());
}

Table Node::create(Atom name, const TableOptions& options) {
  return Table(raise_within(runtime_->make_table(name, options, false, node::Runtime::IfThere::refuse),
                            named("create table", name)));
}

Table Node::open_or_create(Atom name, const TableOptions& options) {
  return Table(raise_within(runtime_->make_table(name, options, true, node::Runtime::IfThere::open),
                            named("open or create table", name)));
}

Table Node::create_node_table(Atom name, const TableOptions& options) {
  return Table(raise_within(runtime_->make_table(name, options, true, node::Runtime::IfThere::refuse),
                            named("create node table", name)));
}

std::optional<Table> Node::find_table(Atom name) const {
  auto handle = raise_within(runtime_->find_table(name), named("open table", name));
  if (!handle) return std::nullopt;
  return Table(std::move(handle));
}

Table Node::open_table(Atom name) const {
  auto table = find_table(name);
  if (!table) throw Error(ErrorCode::id, named("open table", name), "there is no such table");
  return *std::move(table);
}

std::vector<TableInfo> Node::tables() const {
  std::vector<TableInfo> all;
  for (const auto& handle : raise_within(runtime_->tables(), "list tables")) {
    try {
      all.push_back(node::info_of(*handle));
    } catch (const Error& error) {
      // Deleted since it was listed.
      if (error.code() != ErrorCode::id) throw;
    }
  }
  return all;
}

Pid Node::root() const { return runtime_->root(); }
const std::filesystem::path& Node::directory() const { return runtime_->directory(); }
void Node::report_exit(std::int32_t process, std::int32_t wait_status) const {
  runtime_->report_exit(process, wait_status);
}

bool Node::is_manager() const { return runtime_->is_manager(); }

}  // namespace heirloom
