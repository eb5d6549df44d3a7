// SPDX-License-Identifier: Apache-2.0
//
// For tests: a node, and a directory for files.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "node/node_directory_fixture.hpp"

namespace heirloom::tabfile {

class TableFileTest : public node::NodeDirectoryTest {
 protected:
  TableFileTest() : node_(Node::open(node())) { std::filesystem::create_directory(directory()); }

  [[nodiscard]] std::filesystem::path directory() const { return base() / "files"; }
  [[nodiscard]] std::filesystem::path file() const { return directory() / "table"; }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }
  [[nodiscard]] std::string bytes() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& bytes) const { std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes; }

  // A set of so many objects.
  Table table_of(int objects) {
    Table table = node_->create(Atom("table"));
    for (int key = 0; key < objects; ++key) table.insert({key, "object " + std::to_string(key)});
    return table;
  }

  // By their keys, and those of a key in their order.
  [[nodiscard]] static std::vector<Term> sorted(const Table& table) {
    std::vector<Term> all = table.tab2list();
    const auto keypos = static_cast<std::size_t>(table.info().keypos);
    std::stable_sort(all.begin(), all.end(), [&](const Term& left, const Term& right) {
      return compare(left.element(keypos), right.element(keypos)) < 0;
    });
    return all;
  }

  // What Erlang would call what the call throws; nothing when it throws nothing.
  template <typename Call>
  std::optional<Term> reason_of(Call call) {
    try {
      call();
      return std::nullopt;
    } catch (const TableFileError& error) {
      what_ = error.what();
      code_ = error.code();
      return error.reason();
    }
  }
  std::optional<Term> reason_of_loading(const File2Tab& options = {}) {
    return reason_of([&] { file2tab(*node_, file(), options).drop(); });
  }

  std::optional<Node> node_;
  std::string what_;  // of the last error
  ErrorCode code_ = ErrorCode{};
};

}  // namespace heirloom::tabfile
