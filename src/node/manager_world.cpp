// SPDX-License-Identifier: Apache-2.0
//
// What a manager does to the World, and the next manager.
#include "node/manager_world.hpp"

#include <algorithm>
#include <utility>

namespace heirloom::node {

void World::send(std::uint32_t program, const wire::ToProgram& message) {
  maybe_die();
  ASSERT_TRUE(programs_.contains(program) && programs_[program].connected) << "a message to nobody";
  if (const auto* transfer = std::get_if<wire::Transfer>(&message)) {
    const auto segment = segments_.find(transfer->table.id);
    EXPECT_TRUE(taken_away_.contains(transfer->table.id) ||
                (segment->second.owner == transfer->to && segment->second.generation == transfer->table.generation))
        << "a transfer was sent while the segment named another owner";
  } else if (const auto* died = std::get_if<wire::ProcessDied>(&message)) {
    expect_no_table_of(died->pid);
  } else if (const auto* reply = std::get_if<wire::Reply>(&message);
             reply != nullptr && exits_.contains(reply->request)) {
    expect_no_table_of(exits_[reply->request]);
  }
  programs_[program].inbox.push_back(message);
  maybe_die();
}

Status World::record(std::span<const Record> records) {
  maybe_die();
  if (journal_behind_) rewrite_journal();
  if (one_in(200)) {
    journal_behind_ = true;
    return fail(ErrorCode::full, "the journal is full");
  }
  for (const Record& record : records) journal_.push_back(wire::encode(record));
  maybe_die();
  return {};
}

Status World::create_segment(const wire::TableFacts& table) {
  maybe_die();
  EXPECT_TRUE(ids_given_.insert(table.id).second || !confirmed_.contains(table.id)) << "L3: an id given twice";
  if (shortage_) return fail(ErrorCode::system_limit, "no descriptor is left");
  segments_[table.id] = {.open = true};
  maybe_die();
  return {};
}

Status World::open_segment(const std::string& id) {
  const auto found = segments_.find(id);
  if (found == segments_.end() || found->second.deleted) return fail(ErrorCode::not_found, "it is gone");
  SimSegment& segment = found->second;
  if (segment.open) return {};
  if (segment.spoiled) return fail(ErrorCode::corrupt, "it is spoiled");
  if (shortage_) return fail(ErrorCode::system_limit, "no descriptor is left");
  segment.open = true;
  return {};
}

Result<std::uint64_t> World::set_owner(const wire::TableFacts& table) {
  maybe_die();
  if (auto opened = open_segment(table.id); !opened) return std::move(opened).failure();
  SimSegment& segment = segments_[table.id];
  if (segment.generation > table.generation) return segment.generation;
  segment.owner = table.owner;
  segment.protection = table.spec.protection;
  segment.fixed = !table.fixations.empty();
  segment.generation = table.generation;
  segment.quarantined = table.quarantine.has_value();
  segment.left_behind = false;
  // A process of an absent program may be given a table after its death.
  for (auto& [number, program] : programs_) program.dead.erase(table.owner.value_or(Pid{}));
  maybe_die();
  return table.generation;
}

Status World::delete_segment(const std::string& id) {
  maybe_die();
  if (confirmed_.contains(id) && !may_vanish_.contains(id)) {
    const Ledger::Table* table = state_->ledger().table(id);
    if (table == nullptr) {
      ADD_FAILURE() << "table " << id << " is deleted, and nobody asked for it";
      return {};
    }
    EXPECT_FALSE(table->facts.spec.node_table) << "a node table was deleted, and nobody asked for it";
    EXPECT_TRUE(!table->facts.owner || !truly_alive(*table->facts.owner))
        << "a table was deleted under its living owner";
  }
  may_vanish_.insert(id);
  const auto found = segments_.find(id);
  if (found == segments_.end()) return {};
  if (shortage_ && !found->second.open && !found->second.spoiled) {
    found->second.deleted = true;
    maybe_die();
    return fail(ErrorCode::system_limit, "no descriptor is left");
  }
  segments_.erase(found);
  maybe_die();
  return {};
}

void World::set_aside_segment(const std::string& id, const Failure& why) {
  maybe_die();
  EXPECT_TRUE(may_vanish_.contains(id)) << "table " << id << " was set aside: " << why.to_string();
  segments_.erase(id);
  maybe_die();
}

void World::expect_no_table_of(Pid dead) {
  for (const auto& [id, segment] : segments_) {
    const auto& transfers = state_->ledger().transfers();
    const bool passed = std::any_of(transfers.begin(), transfers.end(), [&, of = id](const auto& transfer) {
      return transfer.second.table == of && transfer.second.former == dead;
    });
    if (segment.left_behind && !passed) continue;
    EXPECT_NE(segment.owner, dead) << "a death was told while the segment " << id << " named the dead as owner";
  }
}

void World::restart_manager() {
  manager_dies_in_ = -1;
  if (journal_behind_) rewrite_journal();
  // Those who lose their connection have read all that came over it by the time that they look for another manager.
  for (auto& [number, program] : programs_) {
    program.connected = false;
    while (!program.inbox.empty()) read_one(number);
  }
  Ledger ledger;
  for (const std::string& record : journal_) ledger.apply(*wire::decode<Record>(record));
  Ledger compacted;
  for (const Record& record : ledger.snapshot()) compacted.apply(record);
  ASSERT_EQ(compacted.tables().size(), ledger.tables().size());
  journal_.clear();
  for (const Record& record : compacted.snapshot()) journal_.push_back(wire::encode(record));
  state_ = std::make_unique<ManagerState>(std::move(compacted), *this);

  std::vector<std::string> lost;
  for (const auto& [id, table] : state_->ledger().tables()) {
    if (!segments_.contains(id) || segments_[id].deleted) lost.push_back(id);
  }
  for (const std::string& id : lost) {
    EXPECT_TRUE(may_vanish_.contains(id)) << "table " << id << " lost its segment";
    state_->segment_lost(id);
  }
  for (auto& [id, segment] : segments_) {
    const Ledger::Table* table = state_->ledger().table(id);
    segment.open = false;
    segment.left_behind = segment.deleted || table == nullptr || table->facts.generation != segment.generation;
  }
  const std::map<std::string, SimSegment> found = segments_;
  for (const auto& [id, segment] : found) {
    if (state_->ledger().table(id) != nullptr) {
      state_->segment_found(id);
    } else {
      EXPECT_TRUE(segment.generation == 0 || segment.deleted) << "a table in use is not in the journal";
      may_vanish_.insert(id);
      state_->segment_left(id);
    }
  }
  for (const std::uint32_t program : state_->ledger().programs_mentioned()) {
    if (!programs_.contains(program)) state_->program_died(program);
  }
}

void World::rewrite_journal() {
  journal_.clear();
  for (const Record& record : state_->ledger().snapshot()) journal_.push_back(wire::encode(record));
  journal_behind_ = false;
}

void World::spoil_segment() {
  if (segments_.empty()) return;
  const auto chosen = std::next(segments_.begin(), pick(segments_.size()));
  if (chosen->second.open) return;
  may_vanish_.insert(chosen->first);
  if (one_in(2)) {
    chosen->second.spoiled = true;
  } else {
    taken_away_.insert(chosen->first);
    segments_.erase(chosen);
  }
}

void World::begin_shortage() {
  shortage_ = true;
  for (auto& [id, segment] : segments_) segment.open = segment.open && one_in(3);
}

}  // namespace heirloom::node
