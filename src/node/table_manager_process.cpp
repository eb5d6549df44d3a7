// SPDX-License-Identifier: Apache-2.0
#include "node/table_manager_process.hpp"

#include <algorithm>
#include <sstream>
#include <utility>
#include <variant>

#include "heirloom/process.hpp"

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
      finder_(options_.find_me),
      back_off_(kBackOffMin) {}

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
  if (transfer.from != owner_) Table(transfer.table).set_heir(heir());
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

void TableManagerProcess::claim() {
  TableOptions table_options = options_.table_options;
  table_options.heir = heir();
  Table table = node_.open_or_create(options_.table_id, table_options);
  const std::optional<Pid> owner = table.info().owner;
  if (owner == self()) {
    hold(std::move(table));
  } else if (owner) {
    follow(*owner);
  } else {
    retry_later();  // its owner ended just now
  }
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
  back_off_ = kBackOffMin;
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
  if (finder_.is_asked()) return;  // the answer looks at names_changed_
  names_changed_ = false;
  finder_.ask();
  next_try_ = process::deadline_after(kFindMeIsSlow);
}

void TableManagerProcess::found(const TableFinder::Answer& answer) {
  next_try_.reset();
  if (!table_) return;
  if (const auto* failed = std::get_if<TableFinder::Failed>(&answer)) complain("find_me failed: " + failed->why);
  if (const auto* user = std::get_if<Pid>(&answer)) {
    hand_over(*user);
    if (!table_) return;
  }
  if (names_changed_) {
    look_for_user();
  } else {
    retry_later();
  }
}

void TableManagerProcess::hand_over(Pid user) {
  try {
    table_->give_away(user, options_.gift_data);
    back_off_ = kBackOffMin;
    follow(user);
  } catch (const Error& error) {
    switch (error.code()) {
      case ErrorCode::noproc: return;  // it died since it was found: the next one will do
      case ErrorCode::owner: return complain("find_me returned the table manager itself");
      case ErrorCode::no_manager:
      case ErrorCode::timed_out:
      case ErrorCode::full:
      case ErrorCode::system_limit: return complain(error.what());
      case ErrorCode::id:         // deleted: made anew
      case ErrorCode::not_owner:  // somebody's by now: the answer of an earlier attempt was lost
        complain(error.what());
        table_.reset();
        return try_claim();
      default: throw;
    }
  }
}

void TableManagerProcess::retry_later() {
  next_try_ = process::deadline_after(back_off_);
  back_off_ = std::min(2 * back_off_, kBackOffMax);
}

void TableManagerProcess::complain(const std::string& what) {
  if (what == last_complaint_) return;
  last_complaint_ = what;
  std::ostringstream line;
  line << "table manager of " << options_.table_id << ": " << what;
  process::log_line(line.str());
}

Heir TableManagerProcess::heir() const { return {name_, options_.gift_data}; }

}  // namespace heirloom::node
