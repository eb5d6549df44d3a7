// SPDX-License-Identifier: Apache-2.0
#include "node/manager_world_keeper.hpp"

#include <algorithm>
#include <utility>

#include "heirloom/error.hpp"

#include "node/lineage.hpp"
#include "node/manager_world.hpp"

namespace heirloom::node {

SimKeeper::SimKeeper(World& world, Pid self, const TableManager::Options& options, std::vector<std::string> candidates)
    : world_(world),
      self_(self),
      options_(options),
      candidates_(std::move(candidates)),
      table_(options, Atom(place_of(std::string(options.table_id.text()))), *this) {}

bool SimKeeper::start() {
  try {
    call(wire::RegisterName{0, place_of(std::string(options_.table_id.text())), self_});
    table_.claim();
    return true;
  } catch (const Error&) {
    return false;
  }
}

void SimKeeper::look_after_own_processes() {
  for (const Pid pid : followed_) {
    if (pid.program == self_.program && !world_.truly_alive(pid)) died(pid);
  }
}

std::optional<bool> SimKeeper::step() {
  try {
    if (!mailbox_.empty()) {
      const Event event = std::move(mailbox_.front());
      mailbox_.pop_front();
      return handle(event);
    }
    if (asked_ && (honest_ || world_.one_in(3))) {
      asked_ = false;
      table_.found(what_find_me_says());
      return true;
    }
    if (table_.next_try() && *table_.next_try() <= now()) {
      table_.timer_expired();
      return true;
    }
    return std::nullopt;
  } catch (const Error&) {
    return false;  // its supervisor starts another
  }
}

bool SimKeeper::handle(const Event& event) {
  if (const auto* transfer = std::get_if<wire::Transfer>(&event)) {
    if (transfer->table.spec.name != options_.table_id.text()) return true;  // a gift of somebody
    const auto segment = world_.segments_.find(transfer->table.id);
    if (segment != world_.segments_.end() && segment->second.owner == self_)
      table_.transferred(transfer->table.id, transfer->from, transfer->cause);
  } else if (const auto* dead = std::get_if<Pid>(&event)) {
    if (followed_.erase(*dead) == 1) table_.owner_died();
  } else {
    table_.names_changed();
  }
  return true;
}

// -- what it asks for --

void SimKeeper::require_connection() const {
  if (!world_.programs_[self_.program].connected || (!honest_ && world_.one_in(50)))
    throw Error(ErrorCode::no_manager, "call", "it is gone");
}

template <typename Message>
wire::Answer SimKeeper::call(Message message) {
  require_connection();
  const std::uint64_t request = message.request = ++world_.last_request_;
  try {
    world_.say(self_.program, message);
  } catch (const ManagerDied&) {
    world_.restart_manager();
    throw Error(ErrorCode::no_manager, "call", "it died of it");
  }
  auto& inbox = world_.programs_[self_.program].inbox;
  const auto found = std::find_if(inbox.begin(), inbox.end(), [&](const wire::ToProgram& each) {
    const auto* reply = std::get_if<wire::Reply>(&each);
    return reply != nullptr && reply->request == request;
  });
  if (found == inbox.end()) throw Error(ErrorCode::timed_out, "call", "no answer");
  wire::Answer answer = std::get<wire::Reply>(*found).answer;
  world_.note(answer);
  inbox.erase(found);
  if (const auto* refusal = std::get_if<wire::Refusal>(&answer)) throw Error(refusal->code, "call", refusal->detail);
  return answer;
}

wire::HeirSpec SimKeeper::heir() const {
  wire::HeirSpec heir{.process = place_of(std::string(options_.table_id.text())), .data = "gift"};
  for (const Atom name : options_.find_me.names()) heir.successors.emplace_back(name.text());
  heir.quiet = options_.quiet;
  if (options_.crashes.deaths != 0) {
    heir.crash_limit =
        wire::CrashLimit{options_.crashes.deaths, std::chrono::nanoseconds(options_.crashes.within).count()};
  }
  return heir;
}

ManagedTableEffects::Found SimKeeper::open_or_create() {
  wire::MakeTable message;
  message.caller = self_;
  message.spec.name = options_.table_id.text();
  message.spec.node_table = true;
  message.or_open = true;
  message.heir = heir();
  const wire::Answer answer = call(message);
  const std::string& id = std::get<std::optional<wire::TableAnswer>>(answer)->table.id;
  const auto segment = world_.segments_.find(id);
  if (segment == world_.segments_.end()) throw Error(ErrorCode::id, "open", "the table was deleted");
  return {id, segment->second.owner};
}

void SimKeeper::set_heir(const std::string& id) { call(wire::SetHeir{0, id, self_, heir()}); }

std::optional<Atom> SimKeeper::heir_name(const std::string& id) {
  require_connection();
  const Ledger::Table* table = world_.state_->ledger().table(id);
  if (table == nullptr || !table->facts.heir) return std::nullopt;
  const auto* name = std::get_if<std::string>(&table->facts.heir->process);
  return name == nullptr ? std::nullopt : std::optional(Atom(*name));
}

void SimKeeper::give_away(const std::string& id, Pid user) {
  wire::GiveAway message{0, id, self_, user, "gift"};
  if (options_.quiet) message.gift.reset();
  call(message);
}

void SimKeeper::quarantine(const std::string& id, const std::string& cause, bool keep_name) {
  call(wire::QuarantineTable{0, id, cause, keep_name});
}

std::vector<Tenure> SimKeeper::lineage(const std::string& id) {
  require_connection();
  const Ledger::Table* table = world_.state_->ledger().table(id);
  if (table == nullptr) throw Error(ErrorCode::id, "lineage", "the table was deleted");
  return from_wire({table->lineage.begin(), table->lineage.end()});
}

std::optional<Pid> SimKeeper::whereis(Atom name) {
  require_connection();
  return world_.state_->ledger().whereis(std::string(name.text()));
}

void SimKeeper::follow(Pid owner) {
  followed_.insert(owner);
  if (owner.program == self_.program) return look_after_own_processes();
  SimProgram& program = world_.programs_[self_.program];
  if (!program.watched.insert(owner).second || !program.connected) return;  // a Hello tells who is watched
  try {
    world_.say(self_.program, wire::Watch{owner});
  } catch (const ManagerDied&) {
    world_.restart_manager();
  }
}

std::chrono::steady_clock::time_point SimKeeper::now() const {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(world_.clock_));
}

Tenure::Time SimKeeper::calendar_now() const { return Tenure::Time(std::chrono::nanoseconds(world_.clock_)); }

// -- find_me --

void SimKeeper::ask_finder() {
  asked_ = true;
  at_asking_ = candidate({});
}

std::optional<Pid> SimKeeper::candidate(std::optional<Pid> except) const {
  for (const std::string& name : candidates_) {
    const auto pid = world_.state_->ledger().whereis(name);
    if (pid && world_.truly_alive(*pid) && pid != self_ && pid != except) return pid;
  }
  return std::nullopt;
}

TableFinder::Answer SimKeeper::what_find_me_says() {
  std::optional<Pid> found = candidate({});
  switch (honest_ ? 9U : world_.pick(10)) {
    case 0: return TableFinder::Nobody();
    case 1: return TableFinder::Failed{"it throws"};
    case 2: return world_.some_pid();
    case 3: return self_;
    case 4:
    case 5: found = at_asking_; break;
    default: break;
  }
  if (!found) return TableFinder::Nobody();
  return *found;
}

// -- what must be true when nothing is under way --

// Of a table that it has given away, and whose owner has not chosen otherwise: it comes back.
void SimKeeper::check_heir(const Ledger::Table& table) const {
  const auto& lineage = table.lineage;
  const bool given_by_it = lineage.size() > 1 && lineage[lineage.size() - 2].owner == self_ &&
                           lineage[lineage.size() - 2].end == TenureEnd::gave_away;
  if (!given_by_it || world_.heirs_chosen_.contains({table.facts.id, table.facts.generation})) return;
  ASSERT_TRUE(table.facts.heir);
  const auto& heir = table.facts.heir->process;
  const auto* name = std::get_if<std::string>(&heir);
  EXPECT_EQ(name != nullptr ? world_.state_->ledger().whereis(*name) : std::get<Pid>(heir), self_)
      << "the heir of " << table.facts.spec.name;
}

void SimKeeper::check_at_rest() const {
  const std::string name(options_.table_id.text());
  const std::string whose = "the table manager of " + name;
  EXPECT_TRUE(mailbox_.empty() && !asked_);
  const Ledger::Table* table = world_.state_->ledger().table_named(name);
  if (table == nullptr || world_.taken_away_.contains(table->facts.id) || world_.segments_[table->facts.id].spoiled) {
    // Deleted under it: it sees that when it looks, or when the owner that it follows ends.
    EXPECT_TRUE(table_.next_try() || table_.followed() || table_.is_held()) << whose << " waits for nothing";
    return;
  }
  const auto& owner = table->facts.owner;
  if (owner == self_) {
    EXPECT_TRUE(table_.is_held()) << whose << " does not know that it has the table";
  }
  if (table_.is_held()) {  // or was, until an operator took it: seen when somebody wants it
    const auto waiting = candidate(table_.avoided());
    const bool hears = std::none_of(candidates_.begin(), candidates_.end(), [&](const std::string& each) {
      return world_.state_->ledger().whereis(each) == table_.avoided();
    });
    // An honest find_me may find the one that shall not have it first.
    const bool by_name = !options_.find_me.names().empty();
    EXPECT_FALSE(waiting && (by_name || hears)) << "a candidate waits for " << whose;
  } else if (owner) {
    EXPECT_TRUE(table_.followed()) << whose << " follows nobody";
    check_heir(*table);
  } else if (table->facts.quarantine) {
    EXPECT_TRUE(table_.next_try() || table_.followed() || table_.is_held()) << whose << " will never look again";
  } else {
    EXPECT_TRUE(table_.followed() && world_.truly_alive(*table_.followed())) << whose << " left its table to the node";
  }
  EXPECT_TRUE(!table_.followed() || world_.truly_alive(*table_.followed())) << whose << " follows the dead";
}

}  // namespace heirloom::node
