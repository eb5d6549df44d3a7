// SPDX-License-Identifier: Apache-2.0
#include "shm/peers.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <mutex>
#include <string>

#include "os/file.hpp"
#include "os/futex.hpp"
#include "os/listing.hpp"
#include "os/mapping.hpp"
#include "os/membarrier.hpp"

namespace heirloom::shm {

Peers::Peers(int directory, std::shared_ptr<NodeFile> node, std::shared_ptr<ProcessFile> own)
    : directory_(directory),
      node_(std::move(node)),
      own_(std::move(own)),
      own_peer_(std::make_shared<const Peer>(Peer{own_->view(), own_->memory(), {}})) {}

bool Peers::Peer::dead() const noexcept {
  const ProcessHeader& header = view.header();
  if (header.started.load(std::memory_order_acquire) != 0 && life_word_dead(header.life.value())) return true;
  // The second proof, for a death at which the kernel could not reach the life word any more (the OOM reaper had taken
  // the pages that list it), and for a program that only looks.
  return lock_gone();
}

Result<Peers::PeerRef> Peers::find(std::uint32_t program) {
  if (program == own_->number()) return own_peer_;
  if (program < node_->first_living_number()) return PeerRef();  // N2
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = peers_.find(program); found != peers_.end()) return found->second;
  }
  auto file = os::open_file(directory_, process_file_name(program), os::Access::read_only);
  if (!file) {
    // Only a file that is not there says that its program is gone.
    if (file.failure().code == ErrorCode::not_found) return PeerRef();
    return std::move(file).failure().within("look at program " + std::to_string(program));
  }
  HEIRLOOM_TRY(os::Mapping mapping, os::Mapping::map(*file, kProcessFileBytesMax, os::Access::read_only),
               "look at program " + std::to_string(program));
  auto memory = std::make_shared<const os::Mapping>(std::move(mapping));
  auto peer = std::make_shared<const Peer>(Peer{ProcessView(memory->base()), memory, *std::move(file)});
  const std::unique_lock lock(mutex_);
  // Who only looks for deaths never lists the readers, which is where else the dead are forgotten: it would come to have a
  // descriptor for each program that there ever was. One that is looked at again after this is opened again, or has no file.
  std::erase_if(peers_, [](const auto& entry) { return entry.second->lock_gone(); });
  return peers_.emplace(program, std::move(peer)).first->second;
}

bool Peers::dead(std::uint32_t program) {
  if (program == own_->number()) return false;
  const auto peer = find(program);
  return peer.ok() && (*peer == nullptr || (*peer)->dead());
}

bool Peers::runs(std::uint32_t program) {
  // Not as it was found before: who leaves in good order takes the file away, and its threads may go on for long.
  const auto file = os::open_file(directory_, process_file_name(program), os::Access::read_only);
  if (!file) return file.failure().code != ErrorCode::not_found;
  const auto peer = find(program);
  if (!peer || *peer == nullptr) return !peer;
  if ((*peer)->lock_gone()) return false;
  const ProcessView& view = (*peer)->view;
  for (std::uint32_t index = 0, count = view.slot_count(); index < count; ++index) {
    if (!life_word_dead(view.slot(index).life.value())) return true;
  }
  return false;
}

Peers::Life Peers::thread_life(std::uint32_t program, std::uint32_t thread) {
  const auto found = find(program);
  if (!found) return Life::unknown;
  const PeerRef& peer = *found;
  const std::uint32_t index = slot_of_thread(thread);
  if (peer == nullptr || index >= peer->view.slot_count()) return Life::dead;
  const ThreadSlot& slot = peer->view.slot(index);
  if (life_word_dead(slot.life.value())) return Life::dead;
  if (thread_name(slot.incarnation.load(std::memory_order_acquire), index) != thread) return Life::dead;  // P4
  return peer->lock_gone() ? Life::dead : Life::alive;
}

Peers::LifeWordRef Peers::program_life_word(std::uint32_t program) {
  const auto peer = find(program);
  if (!peer || *peer == nullptr || (*peer)->view.header().started.load(std::memory_order_acquire) == 0) return nullptr;
  return {*peer, &(*peer)->view.header().life.word()};
}

Peers::LifeWordRef Peers::thread_life_word(std::uint32_t program, std::uint32_t thread) {
  const auto peer = find(program);
  if (!peer || *peer == nullptr || slot_of_thread(thread) >= (*peer)->view.slot_count()) return nullptr;
  return {*peer, &(*peer)->view.slot(slot_of_thread(thread)).life.word()};
}

std::shared_ptr<const ProcessHeader> Peers::program_header(std::uint32_t program) {
  const auto peer = find(program);
  if (!peer || *peer == nullptr) return nullptr;
  return {*peer, &(*peer)->view.header()};
}

std::uint64_t Peers::os_pid(std::uint32_t program) {
  const auto peer = find(program);
  return !peer || *peer == nullptr ? 0 : (*peer)->view.header().os_pid;
}

Result<std::vector<Peers::PeerRef>> Peers::all() {
  // Read before listing: who comes later is listed at the next advance, and reads nothing that was retired before it came.
  const std::uint64_t changes = node_->changes();
  {
    const std::shared_lock lock(mutex_);
    if (listed_changes_ == changes) return listed_;
  }
  HEIRLOOM_TRY(const auto names, os::list_directory(directory_, "processes"), "look for readers");
  std::vector<PeerRef> found{own_peer_};
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : names) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || number == own_->number()) continue;
    HEIRLOOM_TRY(PeerRef peer, find(number), "look for readers");
    if (peer == nullptr) continue;
    found.push_back(std::move(peer));
    numbers.push_back(number);
  }
  const std::unique_lock lock(mutex_);
  std::erase_if(peers_, [&](const auto& entry) {
    return std::find(numbers.begin(), numbers.end(), entry.first) == numbers.end();
  });
  listed_ = found;
  listed_changes_ = changes;
  return found;
}

std::uint64_t Peers::retirement_epoch() const noexcept {
  // No load passes the stores that made the blocks unreachable (read_epoch.hpp). ThreadSanitizer executes a fence without
  // knowing what it orders, of which g++ warns. It has no need to: this one keeps a reader from a block, so that there is no
  // access to be ordered; what orders the accesses of readers before the next use of a block are the words that
  // advance_epoch() loads.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
  std::atomic_thread_fence(std::memory_order_seq_cst);
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
  return node_->epoch().load(std::memory_order_acquire);
}

Peers::Lagging Peers::earliest_reader(const std::vector<PeerRef>& readers, std::uint64_t now) {
  Lagging found{nullptr, now};
  for (const PeerRef& peer : readers) {
    for (std::uint32_t index = 0, count = peer->view.slot_count(); index < count; ++index) {
      const ThreadSlot& slot = peer->view.slot(index);
      const std::uint64_t epoch = slot.epoch.load(std::memory_order_acquire);
      if (epoch == 0 || epoch >= found.epoch) continue;
      if (life_word_dead(slot.life.value()) || peer->lock_gone()) continue;  // the epochs of the dead count for nothing
      found = {peer.get(), epoch};
    }
  }
  return found;
}

Result<std::optional<Peers::Reader>> Peers::longest_reader() {
  const std::uint64_t now = node_->epoch().load(std::memory_order_acquire);
  HEIRLOOM_TRY(const std::vector<PeerRef> readers, all(), "look for readers");
  const Lagging found = earliest_reader(readers, now);
  if (found.peer == nullptr) return std::optional<Reader>();
  const ProcessHeader& header = found.peer->view.header();
  return std::optional(Reader{header.number, header.os_pid,
                              std::string(header.name, ::strnlen(header.name, sizeof(header.name))), found.epoch,
                              now - found.epoch});
}

std::uint64_t Peers::advance_epoch() {
  const std::uint64_t now = node_->advance_epoch();
  os::membarrier_all();
  const auto readers = all();
  if (!readers) return safe_epoch();  // who cannot see all readers takes nothing from any
  const std::uint64_t oldest = earliest_reader(*readers, now).epoch;
  // Acquire also where nothing is stored: what another thread found goes back to what it saw of the readers.
  std::uint64_t known = safe_epoch_.load(std::memory_order_acquire);
  while (known < oldest && !safe_epoch_.compare_exchange_weak(known, oldest, std::memory_order_acq_rel)) {
  }
  return std::max(known, oldest);
}

Result<Attachment> Attachment::attach(int directory, bool create) {
  HEIRLOOM_TRY(auto node, NodeFile::open_or_create(directory, create), "attach");
  HEIRLOOM_TRY(auto process, ProcessFile::create(directory, node), "attach");
  HEIRLOOM_CHECK(os::futex_usable(), "attach");
  auto peers = std::make_shared<Peers>(directory, node, process);
  return Attachment{node, process, peers};
}

}  // namespace heirloom::shm
