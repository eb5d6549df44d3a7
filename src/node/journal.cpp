// SPDX-License-Identifier: Apache-2.0
#include "node/journal.hpp"

#include <cstring>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "os/file.hpp"
#include "os/whole_file.hpp"
#include "shm/node_file.hpp"
#include "wire/codec.hpp"

namespace heirloom::node {

namespace {

struct FileHead {
  char magic[8];
  std::uint32_t version;
  std::uint32_t reserved;
};
static_assert(sizeof(FileHead) == 16, "no hidden padding");

struct FrameHead {
  std::uint32_t bytes;
  std::uint32_t reserved;
  std::uint64_t checksum;
};
static_assert(sizeof(FrameHead) == 16, "no hidden padding");

constexpr FileHead kHead = {{'H', 'L', 'j', 'o', 'u', 'r', 'n', 'l'}, 7, 0};

// The offset is part of the checksum, so that a frame of an older journal in the same place of the disk never counts.
std::uint64_t checksum(std::string_view bytes, std::uint64_t offset) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), offset);
}

std::string frame_of(std::span<const Record> records, std::uint64_t offset) {
  const std::string body = wire::encode(std::vector<Record>(records.begin(), records.end()));
  const FrameHead head{static_cast<std::uint32_t>(body.size()), 0, checksum(body, offset)};
  std::string frame(sizeof(head), '\0');
  std::memcpy(frame.data(), &head, sizeof(head));
  return frame + body;
}

// The records of the frame at `offset`, or nothing when the journal ends there or is torn.
std::optional<std::vector<Record>> frame_at(std::string_view bytes, std::uint64_t offset, std::uint64_t& next) {
  FrameHead head{};
  if (bytes.size() - offset < sizeof(head)) return std::nullopt;
  std::memcpy(&head, bytes.data() + offset, sizeof(head));
  if (head.reserved != 0 || bytes.size() - offset - sizeof(head) < head.bytes) return std::nullopt;
  const std::string_view body = bytes.substr(offset + sizeof(head), head.bytes);
  if (checksum(body, offset) != head.checksum) return std::nullopt;
  auto records = wire::decode<std::vector<Record>>(body);
  if (!records) return std::nullopt;
  next = offset + sizeof(head) + head.bytes;
  return *std::move(records);
}

}  // namespace

Result<Journal::Replayed> Journal::read(int directory) {
  Replayed replayed;
  auto file = os::open_file(directory, kName, os::Access::read_only);
  if (!file && file.failure().code == ErrorCode::not_found) return replayed;
  if (!file) return std::move(file).failure();
  HEIRLOOM_TRY(const std::string bytes, os::read_whole(*file), "journal");
  replayed.file_bytes = bytes.size();
  if (bytes.size() < sizeof(FileHead) || std::memcmp(bytes.data(), kHead.magic, sizeof(kHead.magic)) != 0) {
    return fail(ErrorCode::corrupt, "the file \"journal\" is no journal of Heirloom");
  }
  FileHead head{};
  std::memcpy(&head, bytes.data(), sizeof(head));
  if (head.version != kHead.version) {
    return shm::other_layout(std::to_string(head.version), std::to_string(kHead.version)).within("journal");
  }
  replayed.good_bytes = sizeof(FileHead);
  std::uint64_t next = 0;
  while (const auto records = frame_at(bytes, replayed.good_bytes, next)) {
    for (const Record& record : *records) replayed.ledger.apply(record);
    replayed.good_bytes = next;
  }
  return replayed;
}

Result<Journal> Journal::rewrite(int directory, const Ledger& ledger) {
  os::remove_file(directory, kNewName);
  HEIRLOOM_TRY(os::Fd file, os::create_file(directory, kNewName), "journal");
  std::string bytes(sizeof(kHead), '\0');
  std::memcpy(bytes.data(), &kHead, sizeof(kHead));
  bytes += frame_of(ledger.snapshot(), bytes.size());
  if (auto written = os::write_at(file, 0, bytes); !written) {
    os::remove_file(directory, kNewName);
    return std::move(written).failure().within("journal");
  }
  HEIRLOOM_CHECK(os::rename_file(directory, kNewName, kName), "journal");
  return Journal(std::move(file), bytes.size());
}

Status Journal::append(std::span<const Record> records) {
  const std::string frame = frame_of(records, end_);
  if (auto written = os::write_at(file_, end_, frame); !written) {
    // Half a frame would be a torn tail that hides whatever is appended later. Its checksum fails, and the next append
    // begins at the same place; cutting it off only keeps the file tidy.
    static_cast<void>(os::truncate_file(file_, end_).ok());
    return written;
  }
  end_ += frame.size();
  return {};
}

}  // namespace heirloom::node
