// SPDX-License-Identifier: Apache-2.0
#include "node/table_manager_process.hpp"

#include <sstream>
#include <utility>
#include <variant>

#include "heirloom/process.hpp"

#include "node/runtime.hpp"
#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/log.hpp"
#include "process/receiving.hpp"

namespace heirloom::node {

namespace {

// A user found by its name comes with a change of names. These are for what changes without one, as a file that find_me reads.
constexpr std::chrono::milliseconds kBackOffMin{10};
constexpr std::chrono::milliseconds kBackOffMax{1000};
// Then a call of find_me that has not returned is worth a line.
constexpr std::chrono::milliseconds kFindMeIsSlow{10000};

Atom name_of_manager(Atom table) { return Atom("table_manager:" + std::string(table.text())); }

}  // namespace

TableManagerProcess::TableManagerProcess(TableManager::Options options, Node node)
    : options_(std::move(options)),
      name_(name_of_manager(options_.table_id)),
      node_(std::move(node)),
      finder_(options_.find_me.function()),
      back_off_(kBackOffMin, kBackOffMax) {}

void TableManagerProcess::start() {
  trap_exit(true);
  take_name();
  subscribe_names();
  claim();
}

void TableManagerProcess::take_name() {
  try {
    register_name(name_);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::already_exists) throw;
    throw Error(ErrorCode::already_exists, "manage the table \"" + std::string(options_.table_id.text()) + '"',
                "another table manager does: " + error.detail());
  }
}

void TableManagerProcess::run() {
  const auto anything = [](const process::Message&) { return true; };
  const auto me = process::acting().process;
  for (;;) {
    const auto message = process::take(*me, anything, next_try_);
    if (!message) {
      timer_expired();
    } else if (const auto* transfer = std::get_if<EtsTransfer>(&*message)) {
      handle(*transfer);
    } else {
      handle(std::get<Term>(*message));
    }
  }
}

void TableManagerProcess::handle(const EtsTransfer& transfer) {
  if (transfer.table.name() != options_.table_id) {
    complain("got a table that it does not manage");
    return;
  }
  // On the usual way back the heir is still this manager. Who else had the table may have changed that.
  if (transfer.from != owner_) set_heir(transfer.table);
  hold(transfer.table);
}

void TableManagerProcess::handle(const Term& message) {
  if (const auto answer = finder_.answer(message)) {
    found(*answer);
  } else if (process::is_exit(message)) {
    exit(Term(message.element(3)));
  } else if (process::is_down(message, monitor_)) {
    // Its transfer, if it had the table to the end, came before: then the table is held already. Else it had given the table
    // to a third process, or the heir was another.
    owner_.reset();
    if (!table_) try_claim();
  } else if (message == Term(process::atoms().names_changed)) {
    names_changed_ = true;
    if (table_) look_for_user();
  }
}

void TableManagerProcess::timer_expired() {
  next_try_.reset();
  if (finder_.is_asked()) {
    complain("find_me has not returned for " + std::to_string(kFindMeIsSlow.count() / 1000) + " s; the table waits");
  } else if (table_) {
    look_for_user();
  } else if (!owner_) {
    try_claim();
  }
}

// ----------------------------------------------------------------------------------------------- having the table or not

Table TableManagerProcess::open_or_create() {
  TableOptions table_options = options_.table_options;
  table_options.heir = heir();
  auto handle = node_.runtime()->make_table(options_.table_id, table_options, true, Runtime::IfThere::open,
                                            options_.find_me.names());
  if (!handle)
    std::move(handle).failure().within("open or create table " + std::string(options_.table_id.text())).raise();
  return Table(*std::move(handle));
}

void TableManagerProcess::claim() {
  Table table = open_or_create();
  const std::optional<Pid> owner = table.info().owner;
  if (owner == self()) {
    hold(std::move(table));
  } else if (owner) {
    follow(*owner);
    if (!std::exchange(introduced_, true)) set_heir(table);
  } else {
    retry_later();  // its owner ended just now
  }
}

// The owner may do this, and the heir. Who is neither - the owner has chosen another heir - will inherit when that one ends.
void TableManagerProcess::set_heir(const Table& table) {
  const auto& id = table.info().id;
  const Status set = node_.runtime()->set_heir(id, self(), heir(), options_.find_me.names());
  if (!set && set.failure().code != ErrorCode::not_owner && set.failure().code != ErrorCode::id) set.failure().raise();
}

void TableManagerProcess::try_claim() {
  try {
    claim();
  } catch (const Error& error) {
    // What another manager or other moment may change; anything else ends this one, for its supervisor to judge.
    const bool may_pass = error.code() == ErrorCode::no_manager || error.code() == ErrorCode::timed_out ||
                          error.code() == ErrorCode::id || error.code() == ErrorCode::full ||
                          error.code() == ErrorCode::system_limit;
    if (!may_pass) throw;
    complain(error.what());
    retry_later();
  }
}

void TableManagerProcess::hold(Table table) {
  if (owner_) demonitor(monitor_);
  owner_.reset();
  table_ = std::move(table);
  introduced_ = true;
  back_off_.reset();
  look_for_user();
}

void TableManagerProcess::follow(Pid owner) {
  table_.reset();
  owner_ = owner;
  monitor_ = monitor(owner);
  next_try_.reset();
  last_complaint_.clear();
}

// ------------------------------------------------------------------------------------------------------- finding its user

void TableManagerProcess::look_for_user() {
  if (!options_.find_me.names().empty()) return look_for_names();
  if (finder_.is_asked()) return;  // the answer looks at names_changed_
  names_changed_ = false;
  finder_.ask();
  next_try_ = process::deadline_after(kFindMeIsSlow);
}

// Whoever is not there yet comes with a change of names: no reason to look again before.
void TableManagerProcess::look_for_names() {
  next_try_.reset();
  bool again = false;
  for (const Atom name : options_.find_me.names()) {
    try {
      const auto user = whereis(name);
      const Outcome outcome = user ? hand_over(*user) : Outcome::nobody;
      if (outcome == Outcome::given) return;
      again = again || outcome == Outcome::not_now;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::no_manager) throw;
      complain(error.what());
      again = true;
    }
  }
  if (again) retry_later();
}

void TableManagerProcess::found(const TableFinder::Answer& answer) {
  next_try_.reset();
  if (!table_) return;
  if (const auto* failed = std::get_if<TableFinder::Failed>(&answer)) complain("find_me failed: " + failed->why);
  if (const auto* user = std::get_if<Pid>(&answer)) {
    if (hand_over(*user) == Outcome::given) return;
  }
  if (names_changed_) {
    look_for_user();
  } else {
    retry_later();
  }
}

TableManagerProcess::Outcome TableManagerProcess::hand_over(Pid user) {
  try {
    table_->give_away(user, options_.gift_data);
    back_off_.reset();
    follow(user);
    return Outcome::given;
  } catch (const Error& error) {
    switch (error.code()) {
      case ErrorCode::noproc: return Outcome::nobody;  // it died since it was found: the next one will do
      case ErrorCode::owner: complain("find_me returned the table manager itself"); return Outcome::not_now;
      case ErrorCode::no_manager:
      case ErrorCode::timed_out:
      case ErrorCode::full:
      case ErrorCode::system_limit: complain(error.what()); return Outcome::not_now;
      case ErrorCode::id:         // deleted: made anew
      case ErrorCode::not_owner:  // somebody's by now: the answer of an earlier attempt was lost
        complain(error.what());
        table_.reset();
        try_claim();
        return Outcome::given;
      default: throw;
    }
  }
}

void TableManagerProcess::retry_later() { next_try_ = process::deadline_after(back_off_.next()); }

void TableManagerProcess::complain(const std::string& what) {
  if (what == last_complaint_) return;
  last_complaint_ = what;
  std::ostringstream line;
  line << "table manager of " << options_.table_id << ": " << what;
  process::log_line(line.str());
}

Heir TableManagerProcess::heir() const { return {name_, options_.gift_data}; }

}  // namespace heirloom::node
