// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "node/journal.hpp"
#include "node/lineage.hpp"
#include "node/runtime.hpp"
#include "node/table_handle.hpp"
#include "term/serial.hpp"

namespace heirloom::node {

namespace {

wire::PidOrName to_wire(const std::variant<Pid, Atom>& process) {
  if (const Pid* pid = std::get_if<Pid>(&process)) return *pid;
  return std::string(std::get<Atom>(process).text());
}

std::optional<wire::HeirSpec> to_wire(const std::optional<Heir>& heir, const Succession& succession) {
  if (!heir) return std::nullopt;
  wire::HeirSpec spec;
  spec.process = to_wire(heir->process);
  if (heir->data) spec.data = term::serialize(heir->data->view());
  for (const Atom name : succession.names) spec.successors.emplace_back(name.text());
  spec.quiet = succession.quiet;
  spec.crash_limit = succession.crash_limit;
  return spec;
}

// For the demonstration of what repair is good for (`heirloom demo --sabotage no-repair`): the fence of a transfer would have
// repaired a table before its receiver could say Table::sabotage_repair().
bool repair_is_sabotaged() {
  static const char* const sabotage = std::getenv("HEIRLOOM_SABOTAGE");
  return sabotage != nullptr && sabotage == std::string_view("no-repair");
}

}  // namespace

Result<std::shared_ptr<table::Table>> Runtime::open_table_locked(const std::string& id) {
  if (const auto found = expected_.find(id); found != expected_.end()) return found->second;
  auto table = table::Table::open(directory_->descriptor(), Directory::table_file(id), attachment_);
  if (table && repair_is_sabotaged()) (*table)->sabotage_repair();
  if (table) (*table)->tell_repairs_to(listener_of(id));
  if (table) watch_for_damage(**table, id);
  if (!table && table.failure().code == ErrorCode::corrupt) report_damage(id, table.failure().to_string());
  return table;
}

// Who meets damage sets the table aside, and goes on; but for who only looks.
void Runtime::watch_for_damage(table::Table& table, const std::string& id) {
  if (observer_) return;
  table.set_aside_when_damaged([weak = weak_from_this(), id](const std::string& what) {
    if (const auto runtime = weak.lock()) runtime->report_damage(id, what);
  });
}

// The manager makes known what the header of the segment tells already. There may be none now: then the next one hears of it. No
// answer is waited for, since the call that met the damage may hold locks and be in an epoch.
void Runtime::report_damage(const std::string& id, const std::string& what) noexcept try {
  if (observer_ || client_ == nullptr) return;
  // Once: where the damage is in the word that would say so, each call meets it.
  {
    const std::lock_guard lock(damaged_mutex_);
    if (!damaged_.insert(id).second) return;
  }
  wire::QuarantineTable call;
  call.id = id;
  call.cause = "damaged: " + what;
  client_->insist(std::move(call));
} catch (...) {
  // Short of memory; whoever meets the damage next will say so.
}

void Runtime::forget_damage(const std::string& id) {
  const std::lock_guard lock(damaged_mutex_);
  damaged_.erase(id);
}

Result<std::shared_ptr<table::Table>> Runtime::open_in_quarantine(const std::string& id) {
  auto table = table::Table::open(directory_->descriptor(), Directory::table_file(id), attachment_);
  if (table) (*table)->look_into_quarantine();
  if (table) (*table)->tell_repairs_to(listener_of(id));
  return table;
}

// It only saves time: what cannot be opened now will have to be when it comes. Each costs a descriptor.
void Runtime::expect(const std::vector<wire::TableFacts>& tables) {
  constexpr std::size_t kExpectedMax = 64;
  std::vector<std::shared_ptr<table::Table>> opened;
  {
    const std::lock_guard lock(tables_mutex_);
    for (const wire::TableFacts& facts : tables) {
      if (expected_.size() >= kExpectedMax) break;
      auto table = open_table_locked(facts.id);
      if (table && expected_.emplace(facts.id, *table).second) opened.push_back(*std::move(table));
    }
  }
  // A look maps the pages with the locks, and gives this thread its place among those that use tables.
  for (const auto& table : opened) {
    try {
      static_cast<void>(table->info());
    } catch (const Error&) {
      // Deleted meanwhile, or broken: whoever gets it will see.
    }
  }
}

// Ids are never given twice, so a handle once made stays right; two handles of one table are the same. Who opens a table in
// quarantine gets another one than those who had it before, and must not read on as if nothing had happened.
Result<std::shared_ptr<TableHandle>> Runtime::open_handle(const wire::TableFacts& facts) {
  const std::string key = facts.quarantine ? facts.id + " in quarantine" : facts.id;
  const std::lock_guard lock(tables_mutex_);
  std::weak_ptr<TableHandle>& known = handles_[key];
  if (!facts.quarantine) forget_damage(facts.id);
  if (auto handle = known.lock()) return handle;
  auto table = facts.quarantine ? open_in_quarantine(facts.id) : open_table_locked(facts.id);
  if (!table) {
    handles_.erase(key);
    // The file of a table that was deleted in this moment is no news; that the table is gone is.
    if (table.failure().code == ErrorCode::not_found) return fail(ErrorCode::id, "the table was deleted");
    return std::move(table).failure();
  }
  std::erase_if(handles_, [&](const auto& entry) { return entry.first != key && entry.second.expired(); });
  auto handle = std::make_shared<TableHandle>(
      TableHandle{shared_from_this(), *std::move(table), facts.id, Atom(facts.spec.name)});
  handles_[key] = handle;
  return handle;
}

Result<std::shared_ptr<TableHandle>> Runtime::make_table(Atom name, const TableOptions& wanted, bool node_table,
                                                         IfThere if_there, const Succession& succession) {
  HEIRLOOM_CHECK(usable(), "use the node");
  if (observer_) return looks_only();
  if (wanted.keypos < 1) return fail(ErrorCode::badarg, "keypos counts from 1; it is " + std::to_string(wanted.keypos));
  if (wanted.write_concurrency == WriteConcurrency::fixed && wanted.type == TableType::ordered_set)
    return fail(ErrorCode::badarg, "an ordered_set has no fixed number of locks (write_concurrency)");
  const TableOptions options = effective(wanted);
  wire::MakeTable call;
  call.caller = current_process();
  call.spec = {.name = std::string(name.text()),
               .type = options.type,
               .protection = options.protection,
               .keypos = options.keypos,
               .node_table = node_table,
               .write_concurrency = options.write_concurrency,
               .read_concurrency = options.read_concurrency,
               .decentralized_counters = options.decentralized_counters.value_or(false),
               .compressed = options.compressed,
               .max_bytes = options.max_bytes};
  call.heir = to_wire(options.heir, succession);
  call.or_open = if_there == IfThere::open;
  // To open or claim once more is no different; a table that was made by a call whose answer was lost "exists already".
  const auto again = call.or_open ? Client::Again::when_asked : Client::Again::never;
  auto answer = client_->call(std::move(call), again);
  if (!answer) return std::move(answer).failure();
  const auto& made = std::get<std::optional<wire::TableAnswer>>(*answer);
  auto handle = open_handle(made->table);
  // Also when the claim was answered before and the answer lost: then this process owns the table already.
  if (handle && (made->claimed || made->table.owner == current_process())) fence(**handle);
  return handle;
}

Result<std::optional<wire::TableFacts>> Runtime::facts_of_name(const std::string& name) {
  if (observer_) {
    HEIRLOOM_TRY(const Journal::Replayed replayed, Journal::read(directory_->descriptor()), "read the journal");
    const Ledger::Table* table = replayed.ledger.table_named(name);
    return table == nullptr ? std::optional<wire::TableFacts>() : table->facts;
  }
  wire::FindTable call;
  call.name = name;
  auto answer = client_->call(std::move(call), Client::Again::when_asked);
  if (!answer) return std::move(answer).failure();
  const auto& found = std::get<std::optional<wire::TableAnswer>>(*answer);
  return found ? std::optional(found->table) : std::nullopt;
}

Result<std::shared_ptr<TableHandle>> Runtime::find_table(Atom name) {
  HEIRLOOM_CHECK(usable(), "use the node");
  auto facts = facts_of_name(std::string(name.text()));
  if (!facts) return std::move(facts).failure();
  if (!*facts) return std::shared_ptr<TableHandle>();
  auto handle = open_handle(**facts);
  if (!handle && handle.failure().code == ErrorCode::id) return std::shared_ptr<TableHandle>();
  return handle;
}

Result<std::vector<wire::TableFacts>> Runtime::all_facts() {
  if (observer_) {
    HEIRLOOM_TRY(const Journal::Replayed replayed, Journal::read(directory_->descriptor()), "read the journal");
    std::vector<wire::TableFacts> all;
    for (const auto& [id, table] : replayed.ledger.tables()) all.push_back(table.facts);
    return all;
  }
  auto answer = client_->call(wire::ListTables(), Client::Again::when_asked);
  if (!answer) return std::move(answer).failure();
  return std::get<std::vector<wire::TableFacts>>(*std::move(answer));
}

Result<std::vector<std::shared_ptr<TableHandle>>> Runtime::tables() {
  HEIRLOOM_CHECK(usable(), "use the node");
  auto all = all_facts();
  if (!all) return std::move(all).failure();
  std::sort(all->begin(), all->end(),
            [](const auto& left, const auto& right) { return left.spec.name < right.spec.name; });
  std::vector<std::shared_ptr<TableHandle>> handles;
  for (const wire::TableFacts& facts : *all) {
    if (auto handle = open_handle(facts)) handles.push_back(*std::move(handle));
  }
  return handles;
}

template <typename Call>
Status Runtime::command(Call call, Client::Again again, const char* operation) {
  HEIRLOOM_CHECK(usable(), operation);
  if (observer_) return looks_only().within(operation);
  auto answer = client_->call(std::move(call), again);
  if (!answer) return std::move(answer).failure().within(operation);
  return {};
}

Status Runtime::give_away(const std::string& id, Pid from, const std::variant<Pid, Atom>& to,
                          const std::optional<Term>& gift) {
  wire::GiveAway call;
  call.id = id;
  call.giver = from;
  call.receiver = to_wire(to);
  if (gift) call.gift = term::serialize(gift->view());
  return command(std::move(call), Client::Again::never, "give away");
}

Status Runtime::give_away(Atom table, Pid owner, Pid receiver, const Term& gift) {
  auto facts = facts_of_name(std::string(table.text()));
  if (!facts) return std::move(facts).failure().within("give away");
  if (!*facts) return fail(ErrorCode::id, "there is no table \"" + std::string(table.text()) + '"').within("give away");
  return give_away((*facts)->id, owner, receiver, gift);
}

Status Runtime::set_heir(const std::string& id, Pid caller, const std::optional<Heir>& heir,
                         const Succession& succession) {
  wire::SetHeir call;
  call.id = id;
  call.caller = caller;
  call.heir = to_wire(heir, succession);
  return command(std::move(call), Client::Again::when_asked, "set the heir");
}

Status Runtime::rename(const std::string& id, Pid caller, Atom name, bool keep) {
  wire::RenameTable call;
  call.id = id;
  call.caller = caller;
  call.name = name.text();
  call.keep = keep;
  return command(std::move(call), Client::Again::never, keep ? "make it a node table" : "rename the table");
}

Status Runtime::protect(const std::string& id, Pid caller, Protection protection) {
  wire::ProtectTable call;
  call.id = id;
  call.caller = caller;
  call.protection = protection;
  return command(std::move(call), Client::Again::when_asked, "set the protection");
}

Status Runtime::fix(const std::string& id, Pid caller, bool fix) {
  wire::FixTable call;
  call.id = id;
  call.caller = caller;
  call.fix = fix;
  return command(std::move(call), Client::Again::never, "fix the table");
}

Status Runtime::drop_table(const std::string& id, Pid caller) {
  wire::DropTable call;
  call.id = id;
  call.caller = caller;
  return command(std::move(call), Client::Again::never, "delete the table");
}

Status Runtime::reclaim(const std::string& id) {
  wire::ReclaimTable call;
  call.id = id;
  return command(std::move(call), Client::Again::never, "reclaim");
}

Status Runtime::quarantine(const std::string& id, const std::string& cause, bool keep_name) {
  wire::QuarantineTable call;
  call.id = id;
  call.cause = cause;
  call.keep_name = keep_name;
  return command(std::move(call), Client::Again::when_asked, "quarantine");
}

Status Runtime::release(const std::string& id, bool replace) {
  wire::ReleaseTable call;
  call.id = id;
  call.caller = current_process();
  call.replace = replace;
  return command(std::move(call), Client::Again::never, "release");
}

Result<std::vector<Tenure>> Runtime::lineage(const std::string& id) {
  HEIRLOOM_CHECK(usable(), "ask for the lineage");
  if (observer_) {
    HEIRLOOM_TRY(const Journal::Replayed replayed, Journal::read(directory_->descriptor()), "read the journal");
    const Ledger::Table* table = replayed.ledger.table(id);
    if (table == nullptr) return fail(ErrorCode::id, "the table was deleted");
    return from_wire(table->lineage);
  }
  wire::TellLineage call;
  call.id = id;
  auto answer = client_->call(std::move(call), Client::Again::when_asked);
  if (!answer) return std::move(answer).failure().within("ask for the lineage");
  return from_wire(std::get<std::vector<wire::Tenure>>(*answer));
}

void Runtime::report_exit(std::int32_t os_process, std::int32_t status) {
  if (client_) client_->post(wire::ReportExit{os_process, status}, Client::Post::kept);
}

Result<std::optional<wire::TableFacts>> Runtime::facts(const std::string& id) {
  HEIRLOOM_CHECK(usable(), "ask about the table");
  if (observer_) {
    HEIRLOOM_TRY(const Journal::Replayed replayed, Journal::read(directory_->descriptor()), "read the journal");
    const Ledger::Table* table = replayed.ledger.table(id);
    return table == nullptr ? std::optional<wire::TableFacts>() : table->facts;
  }
  wire::DescribeTable call;
  call.id = id;
  auto answer = client_->call(std::move(call), Client::Again::when_asked);
  if (!answer && answer.failure().code == ErrorCode::id) return std::optional<wire::TableFacts>();
  if (!answer) return std::move(answer).failure().within("ask about the table");
  return std::optional(std::get<std::optional<wire::TableAnswer>>(*answer)->table);
}

}  // namespace heirloom::node
