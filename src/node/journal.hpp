// SPDX-License-Identifier: Apache-2.0
//
// Journal: the ledger's records in a file of the node directory, so that the next manager knows what this one knew.
//
// **Layout** of `journal`, numbers little-endian:
//
//   0   8 bytes  magic "HLjournl"
//   8   4 bytes  layout version
//   12  4 bytes  zero
//   16  frames:  4 bytes  n, the bytes of the records
//                4 bytes  zero
//                8 bytes  XXH3 of the n bytes, seeded with the frame's offset in the file
//                n bytes  a list of records (wire/codec.hpp)
//
// **Death.** A frame is written by one write() and counts only when its checksum fits, so a manager that dies while it
// writes leaves a torn tail that the next one drops: nobody was told of it yet. Records of one frame happen together or not
// at all. A compacted journal is written beside the old one and renamed over it.
//
// It is not synced to a disk: it survives the death of every process, as the tables do, not that of the machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "node/ledger.hpp"
#include "os/fd.hpp"

namespace heirloom::node {

class Journal {
 public:
  static constexpr const char* kName = "journal";
  static constexpr const char* kNewName = "journal.new";

  // What a journal says, read without changing it: for those who only look, and may look while a manager writes. A journal
  // that is missing is an empty ledger. Errors: layout, corrupt (not a journal at all).
  struct Replayed {
    Ledger ledger;
    std::uint64_t good_bytes = 0;  // up to the torn tail
    std::uint64_t file_bytes = 0;
  };
  static Result<Replayed> read(int directory);

  // For the manager: writes the ledger compacted, and appends from there.
  static Result<Journal> rewrite(int directory, const Ledger& ledger);

  // All of them or none. Error{full}.
  Status append(std::span<const Record> records);

  [[nodiscard]] std::uint64_t bytes() const noexcept { return end_; }
  // Whether enough was appended since the last compaction that another one is worth its while.
  [[nodiscard]] bool wants_compaction() const noexcept { return end_ > kCompactBytes && end_ > 4 * compacted_bytes_; }

  // Closes it in a forked child.
  void abandon() noexcept { file_.reset(); }

 private:
  static constexpr std::uint64_t kCompactBytes = 1 << 20;
  Journal(os::Fd file, std::uint64_t end) : file_(std::move(file)), end_(end), compacted_bytes_(end) {}

  os::Fd file_;
  std::uint64_t end_;
  std::uint64_t compacted_bytes_;
};

}  // namespace heirloom::node
