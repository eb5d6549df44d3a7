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
  // "node.PID.new": a control file that somebody began to make when there was none yet.
  for (const std::string& name : os::names_in(directory_->descriptor(), ".")) {
    if (!name.starts_with("node.") || !name.ends_with(".new")) continue;
    const std::uint64_t maker = table_number(name.substr(5, name.size() - 9));
    if (maker != 0 && !os::open_pidfd(static_cast<pid_t>(maker))) os::remove_file(directory_->descriptor(), name);
  }
  // Its maker locks a new process file as soon as it has created it. One that lives and loses it in between makes another
  // (attach.hpp).
  for (const std::string& name : os::names_in(directory_->descriptor(), "processes")) {
    if (!name.ends_with(".new")) continue;
    const auto file = os::open_file(directory_->descriptor(), "processes/" + name, os::Access::read_only);
    if (file && !os::file_is_locked(*file)) os::remove_file(directory_->descriptor(), "processes/" + name);
  }
}

void Manager::adopt_segments() {
  std::set<std::string> found;
  for (const std::string& id : segments_.list()) {
    const Segments::Found segment = segments_.inspect(id);
    const Ledger::Table* known = state_.ledger().table(id);
    switch (segment.state) {
      case Segments::State::usable:
        found.insert(id);
        if (known == nullptr) {
          say("table \"" + segment.facts.spec.name + "\" is not in the journal: adopted as its segment tells");
          state_.adopt(segment.facts);
        } else {
          if (segment.facts.generation > known->facts.generation) {
            state_.catch_up(id, segment.facts.generation);
          } else {
            segments_.set_owner(known->facts);
          }
        }
        break;
      case Segments::State::unused:
        // Recorded, but its owner was not written yet; or not even recorded, then nobody ever heard of it.
        if (known != nullptr) {
          found.insert(id);
          segments_.set_owner(known->facts);
        } else {
          segments_.remove(id);
        }
        break;
      case Segments::State::deleted: segments_.remove(id); break;
      case Segments::State::broken: {
        const Status aside = segments_.set_aside(id);
        say("the segment of table " + id + " cannot be opened and was set aside in broken/: " + segment.why +
            (aside ? "" : "; " + aside.failure().to_string()));
        break;
      }
    }
  }
  std::set<std::string> lost;
  for (const auto& [id, table] : state_.ledger().tables()) {
    if (!found.contains(id)) lost.insert(id);
  }
  for (const std::string& id : lost) state_.segment_lost(id);
}

void Manager::adopt_programs() {
  for (const std::uint32_t program : state_.ledger().programs_mentioned()) {
    const shm::Peers::LifeWordRef word = attachment_.peers->program_life_word(program);
    if (word == nullptr || attachment_.peers->dead(program)) {
      settle_death(program);
    } else {
      state_.program_found(program);
      death_watch_->add(program, word);
    }
  }
  remove_dead_process_files();
}

void Manager::remove_process_file(std::uint32_t program) {
  os::remove_file(directory_->descriptor(), shm::process_file_name(program));
  attachment_.node->announce_change();
}

void Manager::remove_files_of_the_stopped() {
  std::erase_if(stopping_programs_, [this](const auto& entry) {
    const auto& [program, pidfd] = entry;
    if (attachment_.peers->runs(program) && !(pidfd && os::process_has_ended(pidfd))) return false;
    remove_process_file(program);
    return true;
  });
}

// Those of programs that died before they ever said Hello: nobody watches them.
void Manager::remove_dead_process_files() {
  for (const std::string& name : os::names_in(directory_->descriptor(), "processes")) {
    const std::uint64_t number = table_number(name);
    if (number == 0 || number > UINT32_MAX) continue;
    const auto program = static_cast<std::uint32_t>(number);
    if (state_.ledger().programs().contains(program) || stopping_programs_.contains(program)) continue;
    if (attachment_.peers->dead(program) && !attachment_.peers->runs(program)) remove_process_file(program);
  }
}

}  // namespace heirloom::node
