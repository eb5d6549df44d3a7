// SPDX-License-Identifier: Apache-2.0
//
// Peers: the programs of a node, as one of them sees them: who is dead, and which epochs are still being read in.
//
// Its own process file it reads where it writes it, and does not map it again as it does those of the others: the release
// stores of its own threads and the acquire loads here then are of the same address, which is how ThreadSanitizer tells
// that they belong together.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "os/fd.hpp"
#include "os/file.hpp"
#include "shm/node_file.hpp"
#include "shm/process_file.hpp"

namespace heirloom::shm {

class Peers {
 public:
  Peers(int directory, std::shared_ptr<NodeFile> node, std::shared_ptr<ProcessFile> own);

  // Whether the program is dead: proven by what the kernel changed or released, never by a time-out. A program without a file
  // is dead: its file goes only after its death was proven, or by its own leaving. One whose file cannot be looked at (this
  // program has no descriptor left, say) counts as alive.
  bool dead(std::uint32_t program);
  // Whether it has a file, and a thread with a slot that may still run: of a dead program, one that the kernel has not stopped
  // yet. So long the file must stay, for without it the program's locks are taken over, and its epochs count for nothing.
  bool runs(std::uint32_t program);

  // A thread, by its name in lock words. The program's own life word says nothing of it: of the threads of a killed program
  // one may be gone while another still runs.
  enum class Life { alive, dead, unknown };
  Life thread_life(std::uint32_t program, std::uint32_t thread);

  // The word to wait on for a death, mapped as long as somebody holds it; empty when the program is dead, or (never for a
  // thread) has no life word yet or cannot be looked at.
  using LifeWordRef = std::shared_ptr<const std::atomic<std::uint32_t>>;
  LifeWordRef program_life_word(std::uint32_t program);
  LifeWordRef thread_life_word(std::uint32_t program, std::uint32_t thread);
  static bool life_word_dead(std::uint32_t value) noexcept { return !os::LifeWord::is_alive(value); }

  // What a program's file begins with, mapped as long as somebody holds it; empty when it has none.
  std::shared_ptr<const ProcessHeader> program_header(std::uint32_t program);

  // The operating system's pid of a program, for messages; 0 when it has left.
  std::uint64_t os_pid(std::uint32_t program);

  // Raises the node's epoch and returns the first epoch that somebody may still read in: what was retired in an earlier one
  // is out of every reader's reach. Costs a membarrier and a look at every thread slot of the node.
  std::uint64_t advance_epoch();
  // The epoch to stamp on blocks that the caller has made unreachable: who enters a later one does not find them.
  [[nodiscard]] std::uint64_t retirement_epoch() const noexcept;
  // Who has been reading since before the epoch was raised for the last time, if anybody: nothing that was retired since can be used
  // again. Of several, the one that began first.
  struct Reader {
    std::uint32_t program;
    std::uint64_t os_pid;  // as the program itself sees it
    std::string name;      // of the program
    std::uint64_t epoch;   // in which it began
    std::uint64_t behind;  // how often the epoch was raised since
  };
  Result<std::optional<Reader>> longest_reader();
  // What the last advance of this program found; 0 before the first.
  [[nodiscard]] std::uint64_t safe_epoch() const noexcept { return safe_epoch_.load(std::memory_order_acquire); }

 private:
  struct Peer {
    ProcessView view;
    std::shared_ptr<const void> memory;  // keeps the view mapped
    os::Fd file;                         // none: the own program's
    [[nodiscard]] bool dead() const noexcept;
    // The last to go: the kernel releases the lock when the last thread of the program has stopped running.
    [[nodiscard]] bool lock_gone() const noexcept { return file && !os::file_is_locked(file); }
  };
  using PeerRef = std::shared_ptr<const Peer>;

  Result<PeerRef> find(std::uint32_t program);  // nullptr: there is none
  Result<std::vector<PeerRef>> all();
  // A living reader in an epoch before `now`: the one in the earliest.
  struct Lagging {
    const Peer* peer;  // nullptr: there is none
    std::uint64_t epoch;
  };
  static Lagging earliest_reader(const std::vector<PeerRef>& readers, std::uint64_t now);

  int directory_;
  std::shared_ptr<NodeFile> node_;
  std::shared_ptr<ProcessFile> own_;
  PeerRef own_peer_;
  std::shared_mutex mutex_;
  std::unordered_map<std::uint32_t, PeerRef> peers_;
  std::vector<PeerRef> listed_;  // as of listed_changes_
  std::uint64_t listed_changes_ = ~std::uint64_t{0};
  std::atomic<std::uint64_t> safe_epoch_{0};
};

// What a program needs to use the tables of a node.
struct Attachment {
  std::shared_ptr<NodeFile> node;
  std::shared_ptr<ProcessFile> process;
  std::shared_ptr<Peers> peers;

  static Result<Attachment> attach(int directory, bool create);
};

}  // namespace heirloom::shm
