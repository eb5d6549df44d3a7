// SPDX-License-Identifier: Apache-2.0
//
// A table whose segment is damaged in several places, before it is opened and while it is used. Input: a byte that chooses the table, then
// actions: 0 .. 127 changes bytes - how many (1 .. 8, in the lowest three bits), four bytes that choose the offset, the bytes -; what
// is above is one of the things that a program does with a table. Whatever happens, a call answers, or throws an Error.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

#include "damage/examination.hpp"
#include "damage/specimen.hpp"
#include "judge.hpp"

namespace heirloom::fuzz {
namespace {

using damage::Kind;
using damage::Specimen;

class Tables {
 public:
  Tables() {
    for (std::size_t i = 0; i < std::size(damage::kKinds); ++i)
      specimens_[i] = std::make_unique<Specimen>(nodes_[i], damage::kKinds[i]);
  }

  void play(std::string_view rest) {
    const auto take = [&](std::size_t bytes) {
      const std::string_view taken = rest.substr(0, bytes);
      rest.remove_prefix(taken.size());
      return taken;
    };
    const std::size_t chosen = static_cast<std::uint8_t>(take(1).front()) % std::size(damage::kKinds);
    Specimen& specimen = *specimens_[chosen];
    const table::TestNode& node = nodes_[chosen];
    specimen.restore();
    if (attachments_[chosen] == nullptr) attachments_[chosen] = std::make_unique<shm::Attachment>(node.attach());
    std::shared_ptr<table::Table> table;
    while (!rest.empty()) {
      const auto what = static_cast<std::uint8_t>(take(1).front());
      if (what < 128) {
        std::uint32_t number = 0;
        const std::string_view place = take(sizeof number);
        std::memcpy(&number, place.data(), place.size());
        const std::string_view bytes = take(1 + what % 8);
        // Within one line of what there is; the lock words name the living, and are believed.
        const std::uint64_t offset = specimen.bytes()[number % specimen.bytes().size()];
        const std::string_view fitting = bytes.substr(0, 64 - offset % 64);
        if (!is_lock(offset, fitting.size())) specimen.write(offset, fitting);
        continue;
      }
      if (table == nullptr) {
        auto opened = table::Table::open(node.directory(), damage::kSegmentFile, *attachments_[chosen]);
        if (!opened) {
          require(opened.failure().code == ErrorCode::corrupt || opened.failure().code == ErrorCode::layout);
          return;
        }
        table = *opened;
      }
      act(what % 4, *table, specimen);
    }
  }

 private:
  static bool is_lock(std::uint64_t offset, std::uint64_t bytes) {
    const auto meets = [&](std::uint64_t word) { return offset < word + 8 && word < offset + bytes; };
    if (meets(offsetof(shm::SegmentHeader, dictionary_lock)) || meets(offsetof(shm::SegmentHeader, pool_lock)))
      return true;
    const std::uint64_t stripe = (offset - shm::kPageBytes) / sizeof(shm::Stripe);
    return stripe < 8 && meets(shm::kPageBytes + stripe * sizeof(shm::Stripe) + offsetof(shm::Stripe, lock));
  }

  static void act(unsigned what, table::Table& table, const Specimen& specimen) {
    try {
      switch (what) {
        case 0: static_cast<void>(damage::read_all(table, specimen)); break;
        case 1: damage::write_all(table, specimen); break;
        case 2: static_cast<void>(table.check()); break;
        default: static_cast<void>(table.fence()); break;
      }
    } catch (const Error& error) {
      const ErrorCode code = error.code();
      require(code == ErrorCode::corrupt || code == ErrorCode::full || code == ErrorCode::id);
    }
  }

  table::TestNode nodes_[std::size(damage::kKinds)];
  std::unique_ptr<Specimen> specimens_[std::size(damage::kKinds)];
  std::unique_ptr<shm::Attachment> attachments_[std::size(damage::kKinds)];
};

}  // namespace
}  // namespace heirloom::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static heirloom::fuzz::Tables tables;
  if (size > 1) tables.play(heirloom::fuzz::as_bytes(data, size));
  return 0;
}
