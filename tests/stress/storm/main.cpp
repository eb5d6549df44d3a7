// SPDX-License-Identifier: Apache-2.0
//
// heirloom_storm [--kills N] [--seconds N] [--seed N] [--kind NAME]...: the long storms of `make torture`.
//
// So many kills on tables of each kind, or for so long; HEIRLOOM_TORTURE_KILLS, HEIRLOOM_TORTURE_SECONDS and HEIRLOOM_SEED say the
// same. Exit status 0: nothing was found; 1: something was; 2: wrong usage.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "storm/storm.hpp"

namespace heirloom::stress::storm {
namespace {

class WrongUsage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::uint64_t to_number(const std::string& what, const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text.size() > 18) {
    throw WrongUsage(what + ": a number of at most 18 digits, not \"" + text + '"');
  }
  return std::stoull(text);
}

std::uint64_t from_environment(const char* variable, std::uint64_t otherwise) {
  const char* const given = std::getenv(variable);
  return given == nullptr || *given == 0 ? otherwise : to_number(variable, given);
}

Kind kind_of(const std::string& name) {
  std::string names;
  for (const Kind& kind : kinds()) {
    if (kind.name() == name) return kind;
    names += ' ' + kind.name();
  }
  throw WrongUsage("--kind: no \"" + name + "\"; there are" + names);
}

int storm(std::vector<std::string> arguments) {
  Options options{.seed = from_environment("HEIRLOOM_SEED", std::random_device()() % 1'000'000),
                  .kills = from_environment("HEIRLOOM_TORTURE_KILLS", 10'000),
                  .time_limit = std::chrono::seconds(from_environment("HEIRLOOM_TORTURE_SECONDS", 600)),
                  .shows_progress = true};
  std::vector<Kind> wanted;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& option = arguments[i];
    if (i + 1 == arguments.size()) throw WrongUsage(option + ": a value is missing");
    const std::string& value = arguments[i + 1];
    if (option == "--kills") {
      options.kills = to_number(option, value);
    } else if (option == "--seconds") {
      options.time_limit = std::chrono::seconds(to_number(option, value));
    } else if (option == "--seed") {
      options.seed = to_number(option, value);
    } else if (option == "--kind") {
      wanted.push_back(kind_of(value));
    } else {
      throw WrongUsage("no option " + option + "; there are --kills, --seconds, --seed and --kind");
    }
  }
  std::vector<Report> reports;
  std::uint64_t kills = 0;
  std::uint64_t failures = 0;
  for (const Kind& kind : wanted.empty() ? kinds() : wanted) {
    reports.push_back(run(kind, options));
    std::printf("%s", details(reports.back()).c_str());
    std::fflush(stdout);
    kills += reports.back().kills;
    failures += reports.back().findings.size();
  }
  std::printf("\n%s\n", summary(reports).c_str());
  for (const Report& report : reports) {
    if (report.findings.empty()) continue;
    std::printf("to see it again, more or less: heirloom_storm --kind %s --kills %llu --seed %llu\n",
                report.kind.name().c_str(), static_cast<unsigned long long>(options.kills),
                static_cast<unsigned long long>(report.seed));
  }
  std::printf("storms: %llu kills, %llu failures\n", static_cast<unsigned long long>(kills),
              static_cast<unsigned long long>(failures));
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace heirloom::stress::storm

int main(int count, char** values) {
  try {
    return heirloom::stress::storm::storm(std::vector<std::string>(values + 1, values + count));
  } catch (const heirloom::stress::storm::WrongUsage& error) {
    std::fprintf(stderr, "heirloom_storm: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "heirloom_storm: %s\n", error.what());
    return 1;
  }
}
