// SPDX-License-Identifier: Apache-2.0
//
// Having the table or not, and finding its user; managed_table_crashes.cpp has what is done when its users crash.
#include "node/managed_table.hpp"

#include <utility>

#include "heirloom/error.hpp"

namespace heirloom::node {

namespace {

// A user found by its name comes with a change of names. These are for what changes without one, as a file that find_me reads.
constexpr std::chrono::milliseconds kBackOffMin{10};
constexpr std::chrono::milliseconds kBackOffMax{1000};
// Then a call of find_me that has not returned is worth a line.
constexpr std::chrono::milliseconds kFindMeIsSlow{10000};
// A table that was set aside under its name comes back as a transfer; that it was dropped nobody tells.
constexpr std::chrono::milliseconds kIsItDropped{5000};

constexpr std::string_view kManagers = "table_manager:";

}  // namespace

ManagedTable::ManagedTable(TableManager::Options options, Atom manager, ManagedTableEffects& effects)
    : options_(std::move(options)), manager_(manager), effects_(effects), back_off_(kBackOffMin, kBackOffMax) {}

// ---------------------------------------------------------------------------------------------------------- what happens

void ManagedTable::transferred(const std::string& id, Pid from, TenureEnd cause) {
  const bool returned = cause == TenureEnd::gave_away || cause == TenureEnd::reclaimed;
  // On the usual way back this manager is the heir. Who gives the table may have chosen another.
  if (returned || from != owner_) introduced_ = set_heir(id);
  if (returned) avoided_ = from;
  hold(id, is_crash(cause));
}

// Its transfer, if it had the table to the end, came before: then the table is held already. Else it had given the table to a third
// process, or the heir was another, or a successor waited.
void ManagedTable::owner_died() {
  owner_.reset();
  if (!table_) try_claim();
}

void ManagedTable::names_changed() {
  names_changed_ = true;
  if (table_) look_for_user();
}

void ManagedTable::requested(Pid user) {
  if (!table_ || pausing()) return;
  if (avoided_ == user) avoided_.reset();
  hand_over(user);
}

void ManagedTable::timer_expired() {
  next_try_.reset();
  if (effects_.finder_is_asked() && !pausing()) {
    complain("find_me has not returned for " + std::to_string(kFindMeIsSlow.count() / 1000) + " s; the table waits");
  } else if (table_) {
    look_for_user();
  } else if (!owner_) {
    try_claim();
  }
}

// ----------------------------------------------------------------------------------------------- having the table or not

void ManagedTable::claim() {
  ManagedTableEffects::Found found;
  try {
    found = effects_.open_or_create();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::quarantined) throw;
    complain(error.detail() + "; `heirloom release` gives it back");
    return retry_in(kIsItDropped);
  }
  if (found.owner == effects_.self()) {
    // Its own already, perhaps, by a transfer that is still to come: with the heir that its owner before has chosen.
    introduced_ = set_heir(found.id);
    hold(found.id, true);  // who died while there was no manager may have died of it
  } else if (found.owner) {
    if (!introduced_) refuse_second_manager(found.id);
    follow(*found.owner);
    if (!introduced_) introduced_ = set_heir(found.id);
  } else {
    retry_later();  // its owner ended just now
  }
}

// One that manages it together with other tables, under another name: one of the same name was refused that.
void ManagedTable::refuse_second_manager(const std::string& id) {
  const auto name = effects_.heir_name(id);
  if (!name || *name == manager_ || !name->text().starts_with(kManagers) || !effects_.whereis(*name)) return;
  throw Error(ErrorCode::already_exists, "manage the table \"" + std::string(options_.table_id.text()) + '"',
              "another table manager does: the one that is registered as \"" + std::string(name->text()) + '"');
}

// The owner may do this, and the heir. Who is neither - the owner has chosen another heir - will inherit when that one ends.
bool ManagedTable::set_heir(const std::string& id) {
  try {
    effects_.set_heir(id);
    return true;
  } catch (const Error& error) {
    switch (error.code()) {
      case ErrorCode::not_owner:
      case ErrorCode::id: return true;
      case ErrorCode::no_manager:
      case ErrorCode::timed_out:
      case ErrorCode::full: complain(error.what()); return false;
      default: throw;
    }
  }
}

void ManagedTable::try_claim() {
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

void ManagedTable::hold(const std::string& id, bool after_crash) {
  let_go();
  table_ = id;
  back_off_.reset();
  if (!after_crash || judge_crashes()) look_for_user();
}

void ManagedTable::follow(Pid owner) {
  let_go();
  owner_ = owner;
  effects_.follow(owner);
  next_try_.reset();
  pause_ends_.reset();
  last_complaint_.clear();
}

void ManagedTable::let_go() {
  table_.reset();
  if (owner_) effects_.leave(*owner_);
  owner_.reset();
}

// ------------------------------------------------------------------------------------------------------- finding its user

void ManagedTable::look_for_user() {
  if (pausing()) {
    next_try_ = pause_ends_;
    return;
  }
  if (!options_.find_me.names().empty()) return look_for_names();
  if (effects_.finder_is_asked()) return;  // the answer looks at names_changed_
  names_changed_ = false;
  effects_.ask_finder();
  retry_in(kFindMeIsSlow);
}

// Whoever is not there yet comes with a change of names: no reason to look again before.
void ManagedTable::look_for_names() {
  next_try_.reset();
  bool again = false;
  for (const Atom name : options_.find_me.names()) {
    try {
      const auto user = effects_.whereis(name);
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

void ManagedTable::found(const TableFinder::Answer& answer) {
  if (!table_ || pausing()) return;
  next_try_.reset();
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

ManagedTable::Outcome ManagedTable::hand_over(Pid user) {
  if (user == avoided_) return Outcome::nobody;
  if (!introduced_) introduced_ = set_heir(*table_);
  if (!introduced_) return Outcome::not_now;
  try {
    effects_.give_away(*table_, user);
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
      case ErrorCode::id:           // deleted: made anew
      case ErrorCode::quarantined:  // by an operator
      case ErrorCode::not_owner:    // somebody's by now: the answer of an earlier attempt was lost
        complain(error.what());
        table_.reset();
        try_claim();
        return Outcome::given;
      default: throw;
    }
  }
}

void ManagedTable::complain(const std::string& what) {
  if (what == last_complaint_) return;
  last_complaint_ = what;
  effects_.say(what);
}

}  // namespace heirloom::node
