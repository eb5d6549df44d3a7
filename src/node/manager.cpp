// SPDX-License-Identifier: Apache-2.0
#include "node/manager.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "node/lineage.hpp"
#include "os/file.hpp"
#include "os/own_thread.hpp"
#include "os/packet_socket.hpp"
#include "os/pidfd.hpp"
#include "os/scheduling.hpp"

namespace heirloom::node {

namespace {

constexpr std::chrono::milliseconds kLookAgain{10};
// Connections that have not said who they are yet, and what they may say before: a Hello.
constexpr std::size_t kSilentMax = 128;
constexpr std::size_t kHelloBytesMax = 4 * 1024 * 1024;
// Of answers that a program has not read.
constexpr std::size_t kUnreadBytesMax = 4 * 1024 * 1024;

}  // namespace

Manager::Manager(std::shared_ptr<const Directory> directory, ManagerLock lock, shm::Attachment attachment, Log log,
                 os::Poller poller, Ledger ledger, Journal journal)
    : directory_(std::move(directory)),
      lock_(std::move(lock)),
      attachment_(std::move(attachment)),
      log_(std::move(log)),
      poller_(std::move(poller)),
      journal_(std::move(journal)),
      segments_(directory_, attachment_),
      state_(std::move(ledger), *this) {}

Result<std::unique_ptr<Manager>> Manager::start(std::shared_ptr<const Directory> directory, ManagerLock lock,
                                                shm::Attachment attachment, Log log) {
  HEIRLOOM_CHECK(lock.sign(attachment.process->number()), "become the manager");
  auto replayed = read_journal(*directory, log);
  if (!replayed) return std::move(replayed).failure().within("become the manager");
  if (log && replayed->good_bytes != replayed->file_bytes) {
    log("the journal ends in " + std::to_string(replayed->file_bytes - replayed->good_bytes) +
        " bytes of a record that was never finished: dropped");
  }
  HEIRLOOM_TRY(Journal journal, Journal::rewrite(directory->descriptor(), replayed->ledger), "become the manager");
  HEIRLOOM_TRY(os::Poller poller, os::Poller::create(), "become the manager");
  std::unique_ptr<Manager> manager(new Manager(std::move(directory), std::move(lock), std::move(attachment),
                                               std::move(log), std::move(poller), std::move(replayed->ledger),
                                               std::move(journal)));
  Manager& self = *manager;
  const std::lock_guard round(self.round_mutex_);
  self.death_watch_.emplace([&self](std::uint32_t program) { self.died(program); });
  self.remove_leftovers();
  HEIRLOOM_CHECK(self.adopt_segments(), "become the manager");
  self.adopt_programs();
  HEIRLOOM_CHECK(self.listen(), "become the manager");
  self.thread_ = os::start_own_thread([&self] { self.run(); });
  return manager;
}

Manager::~Manager() {
  {
    const std::lock_guard round(round_mutex_);
    stopping_ = true;
  }
  poller_.wake();
  if (thread_.joinable()) thread_.join();
  death_watch_.reset();
  // While the lock is held: afterwards the name may be that of the next manager's. Whoever sees its connection end looks for that one,
  // and must find the lock free.
  os::remove_file(directory_->descriptor(), "manager.sock");
  lock_.abandon();
}

void Manager::after_fork_in_child() noexcept {
  lock_.abandon();
  listener_.reset();
  journal_.abandon();
  poller_.abandon();
  for (const auto& [descriptor, connection] : connections_) {
    connection->channel.close();
    connection->pidfd.reset();
  }
  stopping_programs_.clear();
  unexplained_.clear();
  pidfds_.clear();
  round_mutex_.unlock();
}

Status Manager::listen() {
  HEIRLOOM_TRY(listener_, os::listen_at(directory_->socket_path()), "listen at manager.sock");
  return poller_.add(listener_.get(), [this](os::Poller::Ready) { accept_connections(); });
}

// Nothing: until something happens.
std::optional<std::chrono::milliseconds> Manager::time_until_next_look() {
  std::optional<std::chrono::milliseconds> time = time_until_retry();
  const auto at_most = [&](std::chrono::milliseconds bound) { time = time ? std::min(*time, bound) : bound; };
  if (!stopping_programs_.empty()) at_most(kLookAgain);
  if (const auto look = watchdogs_.next_look()) {
    at_most(std::max(std::chrono::ceil<std::chrono::milliseconds>(*look - Clock::now()), std::chrono::milliseconds(0)));
  }
  return time;
}

void Manager::run() {
  std::optional<std::chrono::milliseconds> until_next_look;
  for (;;) {
    poller_.wait_only(until_next_look);
    const std::lock_guard round(round_mutex_);
    poller_.call_back();
    remove_files_of_the_stopped();
    explain_ends();
    end_the_hung();
    retry_if_due();
    drop_broken();
    until_next_look = time_until_next_look();
    if (!stopping_) continue;
    // What was said before the end was said: this program's own Bye above all.
    for (const auto& [descriptor, connection] : connections_) read_from(*connection);
    return;
  }
}

// -- connections --

void Manager::accept_connections() {
  for (;;) {
    auto accepted = os::accept_from(listener_);
    if (!accepted) {
      drop_silent_connections(0);
      return pause_listener(accepted.failure());
    }
    if (!*accepted) return;
    const auto peer = os::peer_of(*accepted);
    if (!peer || peer->user != os::own_user()) {
      say("a program of another user tried to connect: refused");
      continue;
    }
    const int descriptor = accepted->get();
    drop_silent_connections(kSilentMax);
    auto& connection = connections_[descriptor] =
        std::make_unique<Connection>(*std::move(accepted), peer->process, ++accepted_);
    connection->channel.limit_messages(kHelloBytesMax);
    if (auto added = poller_.add(descriptor, [this, descriptor](os::Poller::Ready) { serve(descriptor); }); !added) {
      say(added.failure().to_string());
      connections_.erase(descriptor);
    }
  }
}

// The oldest first: who means well says Hello at once.
void Manager::drop_silent_connections(std::size_t allowed) {
  std::vector<int> silent;
  for (const auto& [descriptor, connection] : connections_) {
    if (connection->program == 0) silent.push_back(descriptor);
  }
  if (silent.size() <= allowed) return;
  std::sort(silent.begin(), silent.end(),
            [this](int left, int right) { return connections_[left]->number < connections_[right]->number; });
  silent.resize(silent.size() - allowed);
  for (const int descriptor : silent) drop(descriptor);
}

void Manager::serve(int descriptor) {
  const auto found = connections_.find(descriptor);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  if (!connection.channel.flush()) connection.broken = true;
  read_from(connection);
  choose_readiness(connection);
}

// A program that does not read its answers is not asked for more questions.
void Manager::choose_readiness(Connection& connection) {
  const bool reads = connection.channel.waiting_bytes() <= kUnreadBytesMax;
  poller_.want(connection.channel.descriptor(), reads, connection.channel.has_waiting());
}

void Manager::read_from(Connection& connection) {
  // Bounded, so that one program that never stops talking does not silence the others.
  for (int messages = 0; messages < 256 && !connection.broken; ++messages) {
    if (connection.channel.waiting_bytes() > kUnreadBytesMax || take_message(connection) != Taken::message) return;
  }
}

// `nothing`: there is no message now, or none will come any more: then the connection is broken.
Manager::Taken Manager::take_message(Connection& connection) {
  const Channel::Incoming incoming = connection.channel.receive();
  switch (incoming.kind) {
    case Channel::Incoming::Kind::nothing_now: return Taken::nothing;
    case Channel::Incoming::Kind::part: return Taken::part;
    case Channel::Incoming::Kind::message:
      if (handle(connection, incoming.message)) return Taken::message;
      break;
    case Channel::Incoming::Kind::closed: break;
  }
  connection.broken = true;
  return Taken::nothing;
}

bool Manager::handle(Connection& connection, const std::string& message) {
  auto decoded = wire::decode<wire::ToManager>(message);
  if (!decoded) {
    say("program " + std::to_string(connection.program) + " sent what is no message: " + decoded.failure().to_string());
    return false;
  }
  if (connection.program == 0) return greet(connection, *decoded);
  return state_.received(connection.program, *decoded);
}

bool Manager::greet(Connection& connection, const wire::ToManager& message) {
  const auto* hello = std::get_if<wire::Hello>(&message);
  if (hello == nullptr) return false;
  const auto refuse = [&](ErrorCode code, const std::string& why) {
    say("program " + std::to_string(hello->program) + " was refused: " + why);
    static_cast<void>(connection.channel.send(wire::encode(wire::ToProgram(wire::Refusal{code, why}))));
    return false;
  };
  if (hello->version != wire::kProtocolVersion) {
    return refuse(ErrorCode::layout, "it speaks protocol " + std::to_string(hello->version) + ", the manager " +
                                         std::to_string(wire::kProtocolVersion));
  }
  if (hello->program == 0 || attachment_.peers->dead(hello->program)) {
    return refuse(ErrorCode::noproc, "its process file says that it is dead: open the node again");
  }
  if (const auto other = by_program_.find(hello->program); other != by_program_.end()) {
    if (other->second->process != connection.process)
      return refuse(ErrorCode::not_permitted, "another process speaks for it");
  }
  if (!watch_life(hello->program)) {
    note_trouble("program " + std::to_string(hello->program) + " cannot connect", "its file cannot be opened");
    return false;
  }
  take_pidfd(hello->program).reset();
  connection.pidfd = connection.channel.take_descriptor();
  connection.program = hello->program;
  connection.channel.limit_messages(wire::kMessageBytesMax);
  if (const auto old = by_program_.find(hello->program); old != by_program_.end()) old->second->broken = true;
  by_program_[hello->program] = &connection;
  watch_pidfd(connection);
  send(hello->program, wire::Welcome{wire::kProtocolVersion, attachment_.process->number()});
  state_.connected(*hello);
  return true;
}

bool Manager::watch_life(std::uint32_t program) {
  if (watched_.contains(program)) return true;
  const shm::Peers::LifeWordRef word = attachment_.peers->program_life_word(program);
  if (word == nullptr) return false;
  death_watch_->add(program, word);
  watched_.insert(program);
  unwatched_.erase(program);
  return true;
}

void Manager::watch_pidfd(Connection& connection) {
  // A pidfd of somebody else would tell a wrong death; one that is no pidfd, none.
  if (!connection.pidfd || !os::is_pidfd(connection.pidfd)) return connection.pidfd.reset();
  const std::uint32_t program = connection.program;
  if (!poller_.add(connection.pidfd.get(), [this, program](os::Poller::Ready) { settle_death(program); }))
    connection.pidfd.reset();
}

os::Fd Manager::unwatch_pidfd(os::Fd pidfd) {
  if (pidfd) poller_.remove(pidfd.get());
  return pidfd;
}

os::Fd Manager::take_pidfd(std::uint32_t program) {
  const auto found = pidfds_.find(program);
  if (found == pidfds_.end()) return {};
  os::Fd pidfd = std::move(found->second);
  pidfds_.erase(found);
  return unwatch_pidfd(std::move(pidfd));
}

void Manager::drop_broken() {
  // Telling one program that another has gone may break a further connection, hence the second look.
  for (;;) {
    auto found = connections_.begin();
    while (found != connections_.end() && !found->second->broken) ++found;
    if (found == connections_.end()) return;
    drop(found->first);
  }
}

void Manager::drop(int descriptor) {
  const auto found = connections_.find(descriptor);
  const std::unique_ptr<Connection> connection = std::move(found->second);
  connections_.erase(found);
  poller_.remove(descriptor);
  if (dead_.contains(connection->program)) {
    stopping_programs_[connection->program] = unwatch_pidfd(std::move(connection->pidfd));
    bury(connection->program);
  }
  if (connection->program == 0) remove_dead_process_files();
  const auto current = by_program_.find(connection->program);
  if (current == by_program_.end() || current->second != connection.get()) {
    unwatch_pidfd(std::move(connection->pidfd)).reset();
    return;
  }
  by_program_.erase(current);
  // It may come back; its death is seen all the same, and explained.
  if (connection->pidfd) pidfds_[connection->program] = std::move(connection->pidfd);
  state_.disconnected(connection->program);
}

// -- deaths --

void Manager::died(std::uint32_t program) {
  const std::lock_guard round(round_mutex_);
  if (stopping_) return;
  settle_death(program);
  if (std::exchange(round_wanted_, false) || unfinished() != 0 || !stopping_programs_.empty()) poller_.wake();
}

void Manager::settle_death(std::uint32_t program) {
  if (dead_.contains(program)) return;  // the other of two proofs: it is settled, and buried with its connection
  // What it said before it died was said: read that first.
  const auto found = by_program_.find(program);
  Connection* const connection = found == by_program_.end() ? nullptr : found->second;
  while (connection != nullptr && take_message(*connection) != Taken::nothing) continue;
  state_.program_died(program);
  if (connection == nullptr) return bury(program);
  // What is left to do takes longer than all this, and whoever was told of it now wants the processor: it waits until the
  // connection is dropped, at the end of the next round.
  dead_.insert(program);
  connection->broken = true;
  by_program_.erase(program);
}

void Manager::bury(std::uint32_t program) {
  dead_.erase(program);
  death_watch_->remove(program);
  watchdogs_.forget(program);
  watched_.erase(program);
  unwatched_.erase(program);
  stopping_programs_.try_emplace(program, take_pidfd(program));
  remove_files_of_the_stopped();
  remove_dead_process_files();
}

// The kernel knows how a program ended once its parent has asked for it, which may never be. Nobody waits for it: it is looked
// for whenever there is something to do, and when somebody asks.
void Manager::explain_ends() {
  std::erase_if(unexplained_, [this](const auto& entry) {
    const auto& [program, pidfd] = entry;
    const auto status = os::exit_status_of(pidfd);
    if (status) state_.explain_end(program, *status);
    return status.has_value();
  });
}

// -- effects --

void Manager::send(std::uint32_t program, const wire::ToProgram& message) {
  const auto found = by_program_.find(program);
  if (found == by_program_.end()) return;
  Connection& connection = *found->second;
  if (connection.broken) return;
  if (!connection.channel.send(wire::encode(message))) connection.broken = round_wanted_ = true;
  if (connection.channel.has_waiting()) choose_readiness(connection);
  // Who gets a table is what everybody waits for; the names and notices of the death can wait.
  if (std::holds_alternative<wire::Transfer>(message)) os::yield();
}

Status Manager::record(std::span<const Record> records) {
  if (journal_behind_ || journal_.wants_compaction()) {
    auto rewritten = Journal::rewrite(directory_->descriptor(), state_.ledger());
    if (rewritten) {
      journal_ = *std::move(rewritten);
      journal_behind_ = false;
    } else if (journal_behind_) {
      say("the journal cannot be written: " + rewritten.failure().to_string());
      return std::move(rewritten).failure();
    }
  }
  Status appended = journal_.append(records);
  if (!appended) {
    // The state may change all the same (a death does not wait), so what is on file can no longer be appended to.
    journal_behind_ = true;
    say("the journal cannot be written: " + appended.failure().to_string());
  }
  return appended;
}

std::int64_t Manager::now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void Manager::tell_repair(const std::string& table, const wire::Repair& repair) { say(repair_line(table, repair)); }

Status Manager::create_segment(const wire::TableFacts& table) { return segments_.create(table); }

Result<std::uint64_t> Manager::set_owner(const wire::TableFacts& table) {
  auto stored = segments_.set_owner(table);
  if (!stored && !is_lost(stored.failure())) {
    note_trouble("table \"" + table.spec.name + "\" cannot be handed over", stored.failure().to_string());
  }
  return stored;
}

Status Manager::delete_segment(const std::string& id) {
  Status removed = segments_.remove(id);
  if (!removed) note_trouble("table " + id + " cannot be deleted", removed.failure().to_string());
  return removed;
}

void Manager::set_aside_segment(const std::string& id, const Failure& why) {
  const Status aside = segments_.set_aside(id);
  if (aside)
    return say("the segment of table " + id + " cannot be opened and was set aside in broken/: " + why.to_string());
  say("the segment of table " + id + " is lost: " + why.to_string() +
      (aside.failure().code == ErrorCode::not_found ? "" : "; it cannot be set aside: " + aside.failure().to_string()));
}

}  // namespace heirloom::node
