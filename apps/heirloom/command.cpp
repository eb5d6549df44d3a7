// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

namespace heirloom::cli {

const std::string& required_node(const std::string& directory) {
  if (directory.empty()) throw UsageError("which node? Give --node DIR, or set HEIRLOOM_NODE");
  return directory;
}

Node observe(const std::string& directory) {
  return Node::open(required_node(directory), {.role = NodeRole::observer, .create = false});
}

Node join(const std::string& directory) { return Node::open(required_node(directory), {.create = false}); }

Atom table_name(const std::string& text, std::string_view what) {
  try {
    return Atom(text);
  } catch (const Error& error) {
    throw UsageError(fmt::format("{}: {}", what, error.detail()));
  }
}

Table require_table(const Node& node, const std::string& name) {
  auto table = node.find_table(table_name(name));
  if (!table) throw NotFound(fmt::format("there is no table \"{}\" in {}", name, node.directory().string()));
  return *std::move(table);
}

Term parse_argument(const std::string& text, std::string_view what) {
  try {
    return parse(text);
  } catch (const Error& error) {
    throw UsageError(fmt::format("{} `{}`: {}", what, text, error.detail()));
  }
}

namespace {

[[noreturn]] void output_failed(int error) {
  if (error == EPIPE) throw OutputClosed();
  throw Error(ErrorCode::io, "write to standard output", std::strerror(error));
}

}  // namespace

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) output_failed(errno);
}

void flush_output() {
  if (std::fflush(stdout) != 0) output_failed(errno);
}

void complain(std::string_view command, std::string_view text) {
  std::string line =
      command.empty() ? fmt::format("heirloom: {}", text) : fmt::format("heirloom: {}: {}", command, text);
  // An argument that is quoted in a message may hold line breaks; the message is one line all the same.
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace heirloom::cli
