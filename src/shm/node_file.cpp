// SPDX-License-Identifier: Apache-2.0
#include "shm/node_file.hpp"

#include <cstring>
#include <string>

#include "os/boot.hpp"
#include "os/file.hpp"

namespace heirloom::shm {

struct NodeFile::Layout {
  char magic[8];
  std::atomic<std::uint32_t> version;  // stored last when the file is made
  std::uint32_t reserved;
  char boot[40];
  std::uint64_t unused;

  alignas(kCacheLineBytes) std::atomic<std::uint32_t> numbers_given;
  std::atomic<std::uint32_t> first_living;
  std::uint64_t device;
  std::uint64_t inode;

  alignas(kCacheLineBytes) std::atomic<std::uint64_t> changes;
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> epoch;
};

namespace {

constexpr char kNodeMagic[8] = {'h', 'e', 'i', 'r', 'n', 'o', 'd', 'e'};
constexpr const char* kName = "node";
constexpr std::uint32_t kProgramsMax = 0x7fffffff;

}  // namespace

Failure other_layout(const std::string& found, const std::string& known) {
  return fail(
      ErrorCode::layout,
      "it has layout " + found + ", and this program knows " + known +
          ": save the tables with the version of Heirloom that made it (heirloom save), and load them with this "
          "one (heirloom load)");
}

static_assert(sizeof(NodeFile::Layout) <= kPageBytes);

NodeFile::NodeFile(os::Mapping mapping, int directory) noexcept
    : mapping_(std::move(mapping)), epoch_(&layout().epoch), directory_(directory) {}

NodeFile::Layout& NodeFile::layout() const noexcept { return *reinterpret_cast<Layout*>(mapping_.base()); }

Result<std::shared_ptr<NodeFile>> NodeFile::open_or_create(int directory, bool create) {
  const std::string trail = "control file \"node\"";
  auto opened = os::open_file(directory, kName, os::Access::read_write);
  if (!opened && opened.failure().code == ErrorCode::not_found && create) {
    // Made whole under a name of its own, then given its name in one step: nobody ever sees half of it, and of two makers
    // one wins. The other may find its own gone: a manager removes such files, since then there is one that has the name.
    const std::string temporary = os::unique_name(std::string(kName) + '.', ".new");
    HEIRLOOM_TRY(const os::Fd file, os::create_file(directory, temporary), trail);
    const auto make = [&]() -> Status {
      HEIRLOOM_CHECK(os::allocate(file, 0, kPageBytes, os::Reserve::use), trail);
      HEIRLOOM_TRY(os::Mapping mapping, os::Mapping::map(file, kPageBytes, os::Access::read_write), trail);
      HEIRLOOM_TRY(const os::Place place, os::place_of(directory), trail);
      auto& layout = *reinterpret_cast<Layout*>(mapping.base());
      std::memcpy(layout.magic, kNodeMagic, sizeof kNodeMagic);
      std::memcpy(layout.boot, place.boot.data(), sizeof layout.boot);
      layout.device = place.device;
      layout.inode = place.inode;
      layout.first_living.store(1, std::memory_order_relaxed);
      layout.epoch.store(1, std::memory_order_relaxed);
      layout.version.store(kLayoutVersion, std::memory_order_release);
      return os::rename_new(directory, temporary, kName);
    };
    if (Status made = make(); !made) {
      os::remove_file(directory, temporary);
      const bool beaten = made.failure().code == ErrorCode::already_exists || os::file_exists(directory, kName);
      if (!beaten) return std::move(made).failure();
    }
    opened = os::open_file(directory, kName, os::Access::read_write);
  }
  if (!opened) return std::move(opened).failure().within(trail);
  HEIRLOOM_TRY(const std::uint64_t bytes, os::file_bytes(*opened), trail);
  if (bytes < kPageBytes) {
    return fail(ErrorCode::corrupt, trail + " has " + std::to_string(bytes) + " bytes where " +
                                        std::to_string(kPageBytes) + " are needed: it was cut short");
  }
  HEIRLOOM_TRY(os::Mapping mapping, os::Mapping::map(*opened, kPageBytes, os::Access::read_write), trail);
  auto file = std::shared_ptr<NodeFile>(new NodeFile(std::move(mapping), directory));
  if (std::memcmp(file->layout().magic, kNodeMagic, sizeof kNodeMagic) != 0) {
    return fail(ErrorCode::corrupt, trail + " does not begin with \"heirnode\": this is no node directory");
  }
  const std::uint32_t version = file->layout().version.load(std::memory_order_acquire);
  if (version != kLayoutVersion) {
    return other_layout(std::to_string(version), std::to_string(kLayoutVersion)).within(trail);
  }
  return file;
}

Result<std::uint32_t> NodeFile::take_program_number() {
  const std::uint32_t number = layout().numbers_given.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (number >= kProgramsMax) return fail(ErrorCode::system_limit, "this node directory has no program numbers left");
  return number;
}

std::uint32_t NodeFile::first_living_number() const noexcept {
  return layout().first_living.load(std::memory_order_acquire);
}

void NodeFile::set_first_living_number(std::uint32_t number) noexcept {
  layout().first_living.store(number, std::memory_order_release);
}

bool NodeFile::same_boot() const {
  const auto place = os::place_of(directory_);
  return place.ok() && std::memcmp(layout().boot, place->boot.data(), sizeof layout().boot) == 0 &&
         layout().device == place->device && layout().inode == place->inode;
}

void NodeFile::adopt_this_boot() {
  const os::Place place = os::place_of(directory_).value_or_raise();
  // Dead first, then valid: a death in between leaves the place unlike, and the next adoption does it again.
  set_first_living_number(layout().numbers_given.load(std::memory_order_acquire) + 1);
  std::memcpy(layout().boot, place.boot.data(), sizeof layout().boot);
  layout().device = place.device;
  layout().inode = place.inode;
}

std::uint64_t NodeFile::changes() const noexcept { return layout().changes.load(std::memory_order_acquire); }
void NodeFile::announce_change() noexcept { layout().changes.fetch_add(1, std::memory_order_seq_cst); }
std::uint64_t NodeFile::advance_epoch() noexcept { return layout().epoch.fetch_add(1, std::memory_order_seq_cst) + 1; }

}  // namespace heirloom::shm
