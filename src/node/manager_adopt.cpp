// SPDX-License-Identifier: Apache-2.0
//
// What a new manager does with the directory it finds: it believes the journal, compares it with the segments and the
// process files, and settles what happened while there was no manager.
#include <set>

#include "node/manager.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"
#include "os/listing.hpp"
#include "os/pidfd.hpp"

namespace heirloom::node {

namespace {

// Descriptors that may be kept in the hope of hearing how their programs ended.
constexpr std::size_t kUnexplainedMax = 64;

}  // namespace

// A file that is no journal is set aside: what can be told without it, the segments tell.
Result<Journal::Replayed> Manager::read_journal(const Directory& directory, const Log& log) {
  auto replayed = Journal::read(directory.descriptor());
  if (replayed || replayed.failure().code != ErrorCode::corrupt) return replayed;
  if (log) log(replayed.failure().to_string() + ": set aside in broken/; heirs, names and pending transfers are lost");
  HEIRLOOM_CHECK(os::make_directory_at(directory.descriptor(), "broken"), "set the journal aside");
  HEIRLOOM_CHECK(os::rename_file(directory.descriptor(), Journal::kName, "broken/journal"), "set the journal aside");
  return Journal::read(directory.descriptor());
}

void Manager::remove_leftovers() {
  os::remove_file(directory_->descriptor(), Journal::kNewName);
  // "node.NUMBER.new": a control file that somebody began to make when there was none yet. There is one now, and who still makes
  // another will find it.
  for (const std::string& name : os::names_in(directory_->descriptor(), ".")) {
    if (name.starts_with("node.") && name.ends_with(".new")) os::remove_file(directory_->descriptor(), name);
  }
}

Status Manager::adopt_segments() {
  HEIRLOOM_TRY(const Segments::Names found, segments_.list(), "adopt");
  std::set<std::string> lost;
  for (const auto& [id, table] : state_.ledger().tables()) lost.insert(id);
  for (const std::string& id : found.segments) lost.erase(id);
  for (const std::string& id : lost) state_.segment_lost(id);
  for (const std::string& id : found.segments) {
    state_.ledger().table(id) == nullptr ? adopt_stranger(id) : state_.segment_found(id);
  }
  for (const std::string& id : found.deleted) state_.segment_left(id);
  return {};
}

void Manager::adopt_stranger(const std::string& id) {
  const Segments::Found segment = segments_.inspect(id);
  switch (segment.state) {
    case Segments::State::usable:
      say("table \"" + segment.facts.spec.name + "\" is not in the journal: adopted as its segment tells");
      state_.adopt(segment.facts);
      // After the start nobody else sees to it.
      if (retrying_ && segment.facts.owner) adopt_program(segment.facts.owner->program);
      break;
    // Not even recorded: nobody ever heard of it.
    case Segments::State::unused:
    case Segments::State::deleted: state_.segment_left(id); break;
    case Segments::State::broken: set_aside_segment(id, segment.why); break;
    case Segments::State::not_now:
      strangers_.insert(id);
      note_trouble("table " + id + " is not in the journal and cannot be adopted", segment.why.to_string());
      break;
  }
}

void Manager::adopt_programs() {
  for (const std::uint32_t program : state_.ledger().programs_mentioned()) adopt_program(program);
  remove_dead_process_files();
}

void Manager::adopt_program(std::uint32_t program) {
  if (attachment_.peers->dead(program)) return settle_death(program);
  state_.program_found(program);
  if (watch_life(program)) return;
  unwatched_.insert(program);
  note_trouble("program " + std::to_string(program) + " cannot be watched", "its file cannot be opened");
}

void Manager::remove_process_file(std::uint32_t program) {
  os::remove_file(directory_->descriptor(), shm::process_file_name(program));
  attachment_.node->announce_change();
}

void Manager::remove_files_of_the_stopped() {
  for (auto stopping = stopping_programs_.begin(); stopping != stopping_programs_.end();) {
    auto& [program, pidfd] = *stopping;
    if (attachment_.peers->runs(program) && !(pidfd && os::process_has_ended(pidfd))) {
      ++stopping;
      continue;
    }
    remove_process_file(program);
    if (pidfd && state_.ledger().is_unexplained(program)) {
      if (unexplained_.size() == kUnexplainedMax) unexplained_.erase(unexplained_.begin());
      unexplained_.emplace(program, std::move(pidfd));
    }
    stopping = stopping_programs_.erase(stopping);
  }
}

// Its maker locks a new process file as soon as it has created it. One that lives and loses it in between makes another
// (attach.hpp).
void Manager::remove_unfinished_process_file(const std::string& name) {
  const auto file = os::open_file(directory_->descriptor(), name, os::Access::read_only);
  if (file && !os::file_is_locked(*file)) os::remove_file(directory_->descriptor(), name);
}

// Those of programs that died before they ever said Hello: nobody watches them.
void Manager::remove_dead_process_files() {
  for (const std::string& name : os::names_in(directory_->descriptor(), "processes")) {
    if (name.ends_with(".new")) {
      remove_unfinished_process_file("processes/" + name);
      continue;
    }
    const std::uint64_t number = table_number(name);
    if (number == 0 || number > UINT32_MAX) continue;
    const auto program = static_cast<std::uint32_t>(number);
    if (state_.ledger().programs().contains(program) || stopping_programs_.contains(program)) continue;
    if (attachment_.peers->dead(program) && !attachment_.peers->runs(program)) remove_process_file(program);
  }
}

}  // namespace heirloom::node
