// SPDX-License-Identifier: Apache-2.0
//
// doctor: what will hurt, before it does.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "command.hpp"
#include "doctor/judge.hpp"
#include "doctor/leftovers.hpp"
#include "doctor/machine.hpp"
#include "json.hpp"
#include "options.hpp"

namespace heirloom::cli {

namespace {

namespace fs = std::filesystem;
using doctor::Finding;
using doctor::Gravity;

struct Options {
  std::string node;
  std::string reclaimed;
  bool json = false;
};

// The node, if one was named that is there.
std::optional<Node> find_node(const std::string& directory) {
  std::error_code none;
  if (directory.empty() || !fs::exists(fs::path(directory) / "node", none)) return std::nullopt;
  return Node::open(directory, {.role = NodeRole::observer, .create = false});
}

std::uint64_t bytes_of(const Node& node) {
  std::uint64_t bytes = 0;
  for (const TableInfo& table : node.tables()) bytes += table.memory_bytes;
  return bytes;
}

struct Read {
  TableInfo::HeldUp by;
  std::uint64_t waiting_bytes;
};

std::optional<Read> longest_read(const Node& node) {
  std::optional<Read> found;
  for (const TableInfo& table : node.tables()) {
    if (!table.held_up) continue;
    if (!found) found = Read{*table.held_up, 0};
    found->waiting_bytes += table.held_up->waiting_bytes;
  }
  return found;
}

// The same read, found twice: none takes so long.
std::optional<doctor::StoppedReader> find_stopped_reader(const Node& node) {
  constexpr std::chrono::milliseconds kReadMax{500};
  const auto before = longest_read(node);
  if (!before) return std::nullopt;
  std::this_thread::sleep_for(kReadMax);
  const auto now = longest_read(node);
  if (!now || now->by.program != before->by.program || now->by.epoch != before->by.epoch) return std::nullopt;
  return doctor::StoppedReader{now->by.program, now->by.process, now->by.name, now->waiting_bytes};
}

std::vector<Finding> look_at_node(const Node& node) {
  std::vector<Finding> findings;
  for (const TableInfo& table : node.tables()) {
    if (!table.quarantine) continue;
    findings.push_back({Gravity::warning, "tables",
                        fmt::format("{} was set aside: {}", table.name.text(), table.quarantine->cause),
                        fmt::format("heirloom release {0}, or heirloom drop {0}", table.name.text())});
  }
  if (const auto broken = doctor::broken_segments(node.directory()); broken.tables != 0) {
    findings.push_back({Gravity::warning, "tables",
                        fmt::format("{} segments that could not be opened lie in {}, {} in all", broken.tables,
                                    broken.node.string(), doctor::bytes_text(broken.bytes)),
                        "look at them, or delete that directory"});
  }
  if (findings.empty()) findings.push_back({Gravity::fine, "tables", "none was set aside"});
  findings.push_back(doctor::judge_readers(find_stopped_reader(node)));
  return findings;
}

std::vector<Finding> look_for_leftovers(const fs::path& parent, const fs::path& node) {
  std::vector<Finding> findings;
  for (const doctor::Leftover& leftover : doctor::find_leftovers(parent)) {
    if (leftover.node == node) continue;  // whoever asks about it knows
    if (!leftover.problem.empty()) {
      findings.push_back({Gravity::note, "leftovers", leftover.problem,
                          "if no program of another version has it open, delete the directory"});
      continue;
    }
    findings.push_back(
        {Gravity::note, "leftovers",
         fmt::format("no program has {} open: {} tables, {}", leftover.node.string(), leftover.tables,
                     doctor::bytes_text(leftover.bytes)),
         fmt::format("if nobody will come for them: heirloom doctor --reclaim {}", leftover.node.string())});
  }
  if (findings.empty())
    findings.push_back({Gravity::fine, "leftovers", "no other node in " + parent.string() + " is without a program"});
  return findings;
}

std::vector<Finding> examine(const Options& options) {
  const std::optional<Node> node = find_node(options.node);
  const fs::path directory = options.node.empty() ? fs::path("/dev/shm") : fs::absolute(options.node);
  const fs::path parent = options.node.empty() ? directory : directory.parent_path();
  std::vector<Finding> findings{
      doctor::try_a_node(doctor::space_of(parent).path),
      doctor::judge_space(doctor::space_of(directory)),
      doctor::judge_memory(doctor::memory_limit(), node ? bytes_of(*node) : 0),
      doctor::judge_limits(doctor::limits()),
      doctor::judge_logind(doctor::logind(), directory),
      doctor::judge_pids(doctor::in_first_pid_namespace()),
  };
  const auto add = [&](std::vector<Finding> more) { findings.insert(findings.end(), more.begin(), more.end()); };
  if (node) add(look_at_node(*node));
  add(look_for_leftovers(parent, directory.lexically_normal()));
  return findings;
}

void print_findings(const std::vector<Finding>& findings, bool json) {
  auto array = nlohmann::json::array();
  for (const Finding& finding : findings) {
    const std::string_view gravity = to_string(finding.gravity);
    if (json) {
      array.push_back({{"gravity", gravity}, {"topic", finding.topic}, {"what", finding.what}, {"cure", finding.cure}});
      continue;
    }
    print(fmt::format("{:<8} {:<10} {}\n", gravity, finding.topic, finding.what));
    if (!finding.cure.empty()) print(fmt::format("{:<8} {:<10} -> {}\n", "", "", finding.cure));
  }
  if (json) print(to_line(array));
}

int examine_and_tell(const Options& options) {
  const std::vector<Finding> findings = examine(options);
  print_findings(findings, options.json);
  const bool bad =
      std::any_of(findings.begin(), findings.end(), [](const Finding& each) { return each.gravity == Gravity::bad; });
  return bad ? kNo : kOk;
}

int reclaim(const Options& options) {
  const doctor::Leftover gone = doctor::reclaim(options.reclaimed);
  if (options.json) {
    print(to_line({{"node", options.reclaimed}, {"tables", gone.tables}, {"bytes", gone.bytes}}));
  } else {
    print(fmt::format("{} is gone, with {} tables, {}\n", options.reclaimed, gone.tables,
                      doctor::bytes_text(gone.bytes)));
  }
  return kOk;
}

int run_doctor(const Options& options) {
  return options.reclaimed.empty() ? examine_and_tell(options) : reclaim(options);
}

}  // namespace

void add_doctor(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("doctor", "Look at the machine and at a node, and say what will hurt");
  command->footer(
      "Without a node, it looks at /dev/shm. It tries whether a node can be opened there, and looks at the space, "
      "limits\n"
      "of memory and of processes, systemd-logind, pid namespaces, tables that were set aside, and nodes that no "
      "program\n"
      "has open. Exit status 1 when something is bad.");
  add_node_option(*command, options->node);
  command->add_option("--reclaim", options->reclaimed, "Delete this node and its tables, unless a program has it open")
      ->type_name("DIR");
  command->add_flag("--json", options->json, "An array of {\"gravity\", \"topic\", \"what\", \"cure\"}");
  command->callback([&chosen, options] { chosen = [options] { return run_doctor(*options); }; });
}

}  // namespace heirloom::cli
