// SPDX-License-Identifier: Apache-2.0
//
// docs/ets-semantics.md against what it speaks of: the functions that a running Erlang exports, the public headers, and the tests.
// Catches a row that was forgotten, or that names what there is no more.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "erlang.hpp"

namespace heirloom::oracle {
namespace {

using namespace literals;
namespace fs = std::filesystem;

const fs::path kSource = HEIRLOOM_SOURCE;

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::string text_of_all(const fs::path& directory, const std::regex& name) {
  std::string text;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (std::regex_search(entry.path().filename().string(), name)) text += text_of(entry.path());
  }
  return text;
}

struct Row {
  std::string call;  // Table::lookup
  std::string answer;
  std::string proof;  // Suite.Case
};

// By `name/arity`.
std::map<std::string, Row> rows() {
  static const std::regex form(
      R"(^\| `([a-z_0-9]+/[0-9])` \| (?:`(\w+::\w+)`)? ?\| (same|differs) \|.*\| (?:`([\w.]+)`)? ?\|$)");
  std::map<std::string, Row> found;
  std::ifstream file(kSource / "docs/ets-semantics.md");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) break;  // what is no function
    if (!line.starts_with("| `")) continue;
    std::smatch match;
    if (!std::regex_match(line, match, form)) {
      ADD_FAILURE() << "no row: " << line;
      continue;
    }
    EXPECT_TRUE(found.emplace(match[1], Row{match[2], match[3], match[4]}).second) << match[1] << " stands twice";
  }
  return found;
}

TEST(Semantics, HaveARowForEachFunctionOfEts) {
  const auto all = rows();
  Erlang erlang;
  const Term exports = erlang.ask("exports"_atom);
  for (const TermView exported : exports.elements()) {
    const std::string name(exported.element(1).as_atom().text());
    if (name == "module_info" || name.starts_with("internal_") || name == "match_spec_run_r") continue;
    const std::string function = name + '/' + std::to_string(exported.element(2).as_int64());
    EXPECT_TRUE(all.contains(function)) << "no row for " << function;
  }
}

TEST(Semantics, NameCallsThatThereAre) {
  const std::string headers = text_of_all(kSource / "include/heirloom", std::regex("hpp$"));
  for (const auto& [function, row] : rows()) {
    EXPECT_EQ(row.call.empty() && row.answer == "same", false) << function << " is said to be the same as nothing";
    if (row.call.empty()) continue;
    const std::string name = row.call.substr(row.call.find("::") + 2);
    EXPECT_TRUE(std::regex_search(headers, std::regex("\\b" + name + "\\(")))
        << function << ": there is no " << row.call;
  }
}

TEST(Semantics, AreProvenByTestsThatThereAre) {
  std::string tests;
  for (const char* folder : {"src", "tests"}) tests += text_of_all(kSource / folder, std::regex("_test\\.cpp$"));
  for (const auto& [function, row] : rows()) {
    if (row.call.empty()) continue;
    ASSERT_FALSE(row.proof.empty()) << function << " is proven by no test";
    const std::size_t dot = row.proof.find('.');
    const std::regex test("TEST(_F|_P)?\\(" + row.proof.substr(0, dot) + ", " + row.proof.substr(dot + 1) + "\\)");
    EXPECT_TRUE(std::regex_search(tests, test)) << function << ": there is no test " << row.proof;
  }
}

// Also those that no row of a function names.
TEST(Semantics, NameTestsThatThereAre) {
  std::string tests;
  for (const char* folder : {"src", "tests"}) tests += text_of_all(kSource / folder, std::regex("_test\\.cpp$"));
  const std::string text = text_of_all(kSource / "docs", std::regex("ets-semantics\\.md$"));
  const std::regex name("`([A-Z][A-Za-z]+)\\.([A-Z][A-Za-z]+)`");
  int named = 0;
  for (auto found = std::sregex_iterator(text.begin(), text.end(), name); found != std::sregex_iterator(); ++found) {
    const std::regex test("TEST(_F|_P)?\\(" + (*found)[1].str() + ", " + (*found)[2].str() + "\\)");
    EXPECT_TRUE(std::regex_search(tests, test)) << "there is no test " << found->str();
    ++named;
  }
  EXPECT_GT(named, 50);
}

}  // namespace
}  // namespace heirloom::oracle
