// SPDX-License-Identifier: Apache-2.0
#include "selection.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "command.hpp"

namespace heirloom::cli {

namespace {

constexpr std::size_t kAtOnce = 1000;
constexpr const char* kPatternExpected = "one pattern is expected, as {_, Age, _}";

// A part of a fun, that stands on lines of its own: so a column is one of what was written, and a line differs by those before.
struct Part {
  std::string_view option;
  const std::string& text;
  int lines_before;
};

int lines_of(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1; }

[[noreturn]] void refuse(const Part& part, const std::string& why) {
  throw UsageError(fmt::format("{} `{}`: {}", part.option, part.text, why));
}

// Says of an error in the fun where in the part it is.
[[noreturn]] void refuse_in_fun(const Part& part, const std::string& why) {
  int line = 0;
  int column = 0;
  int begin = 0;
  if (std::sscanf(why.c_str(), "line %d, column %d: %n", &line, &column, &begin) != 2) refuse(part, why);
  const std::string what = why.substr(static_cast<std::size_t>(begin));
  line -= part.lines_before;
  if (line > lines_of(part.text)) refuse(part, "at its end: " + what);
  refuse(part, fmt::format("line {}, column {}: {}", line, column, what));
}

Term read_fun(const std::string& fun, const Part& part) {
  try {
    return fun2ms(fun);
  } catch (const Error& error) {
    refuse_in_fun(part, error.detail());
  }
}

// The head of the one clause that says the object; nothing else came out of the pattern.
Term head_of(const Term& spec, const Part& part) {
  const bool one = spec.size() == 1 && spec[0].element(2).size() == 0 && spec[0].element(3) == parse("['$_']");
  if (!one) refuse(part, kPatternExpected);
  return Term(spec[0].element(1));
}

}  // namespace

MatchSpec parse_spec(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  const bool fun = begin != std::string::npos && text.compare(begin, 3, "fun") == 0;
  try {
    return MatchSpec(fun ? fun2ms(text) : parse(text));
  } catch (const Error& error) {
    throw UsageError(fmt::format("SPEC `{}`: {}", text, error.detail()));
  }
}

MatchSpec match_objects(const std::string& pattern, const std::optional<std::string>& guards) {
  const Part match{"--match", pattern, 1};
  if (pattern.find_first_not_of(" \t\n") == std::string::npos) refuse(match, kPatternExpected);
  const Term plain = read_fun("fun(\n" + pattern + "\n) -> object() end", match);
  const Term head = head_of(plain, match);
  if (!guards) return MatchSpec(plain);
  const Part when{"--when", *guards, lines_of(pattern) + 2};
  const Term guarded = read_fun("fun(\n" + pattern + "\n) when\n" + *guards + "\n-> object() end", when);
  for (const TermView clause : guarded.elements()) {
    if (clause.element(1) != head || clause.element(3) != plain[0].element(3))
      refuse(when, "guards are expected, as Age > 30, Age < 50");
  }
  try {
    return MatchSpec(guarded);
  } catch (const Error& error) {
    refuse(when, error.detail());
  }
}

void visit_matches(const Table& table, const MatchSpec& spec, bool reverse, std::size_t limit, const Visit& visit) {
  const std::size_t at_once = std::min(limit, kAtOnce);
  std::optional<Chunk> chunk = reverse ? table.select_reverse(spec, at_once) : table.select(spec, at_once);
  while (chunk) {
    for (const Term& match : chunk->matches) {
      if (!visit(match)) return;
    }
    chunk = chunk->rest ? table.select(*chunk->rest) : std::nullopt;
  }
}

}  // namespace heirloom::cli
