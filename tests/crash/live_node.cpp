// SPDX-License-Identifier: Apache-2.0
#include "live_node.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string_view>

namespace heirloom::crash {

namespace {

const Page kZeroPage{};

std::uint64_t hash_of(const std::string& file, std::uint64_t number, const Page& page) {
  const std::string_view bytes(reinterpret_cast<const char*>(page.data()), page.size());
  const std::uint64_t place = std::hash<std::string>()(file) + number * 0x9E3779B97F4A7C15;
  return (std::hash<std::string_view>()(bytes) ^ place) * 0xD6E8FEB86659FD93;
}

std::uint64_t hash_of_length(const std::string& file, std::uint64_t bytes) {
  return (std::hash<std::string>()(file) ^ (bytes + 1) * 0x2545F4914F6CDD1D) * 0xD6E8FEB86659FD93;
}

}  // namespace

LiveNode::LiveNode(const std::string& path) {
  add(path, "node");
  add(path, kSegmentFile);
  segment_ = files_.back().base;
  for (const auto& entry : std::filesystem::directory_iterator(path + "/processes")) {
    add(path, "processes/" + entry.path().filename().string());
  }
  refresh();
}

void LiveNode::add(const std::string& path, const std::string& name) {
  File file{name, ::open((path + "/" + name).c_str(), O_RDONLY | O_CLOEXEC), nullptr, std::uint64_t{1} << 28};
  void* base = ::mmap(nullptr, file.mapped_bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, file.descriptor, 0);
  if (base == MAP_FAILED) throw std::runtime_error("cannot map " + name);
  file.base = static_cast<const std::byte*>(base);
  files_.push_back(std::move(file));
}

LiveNode::~LiveNode() {
  for (const File& file : files_) {
    ::munmap(const_cast<std::byte*>(file.base), file.mapped_bytes);
    ::close(file.descriptor);
  }
}

const shm::SegmentHeader& LiveNode::segment() const noexcept {
  return *reinterpret_cast<const shm::SegmentHeader*>(segment_);
}

bool LiveNode::refresh() {
  bool changed = false;
  for (const File& file : files_) {
    FileImage& image = image_.files[file.name];
    struct stat status {};
    ::fstat(file.descriptor, &status);
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (bytes != image.bytes) {
      image_.hash ^= hash_of_length(file.name, image.bytes) ^ hash_of_length(file.name, bytes);
      image.bytes = bytes;
      changed = true;
    }
    if (file.name != kSegmentFile) {
      changed |= refresh_pages(file, image, 0, bytes);
      continue;
    }
    // Between these lies address space without memory.
    const shm::SegmentHeader& header = segment();
    changed |= refresh_pages(file, image, 0, header.dictionary + header.dictionary_bytes_given.load());
    changed |= refresh_pages(file, image, header.page_map, header.page_map_bytes_given.load());
    changed |= refresh_pages(file, image, header.pages, header.pages_in_file.load() * kImagePageBytes);
  }
  return changed;
}

bool LiveNode::refresh_pages(const File& file, FileImage& image, std::uint64_t offset, std::uint64_t bytes) {
  bool changed = false;
  for (std::uint64_t number = offset / kImagePageBytes; number * kImagePageBytes < offset + bytes; ++number) {
    const auto known = image.pages.find(number);
    const Page& before = known == image.pages.end() ? kZeroPage : *known->second;
    const std::byte* now = file.base + number * kImagePageBytes;
    if (std::memcmp(before.data(), now, kImagePageBytes) == 0) continue;
    auto page = std::make_shared<Page>();
    std::memcpy(page->data(), now, kImagePageBytes);
    image_.hash ^= hash_of(file.name, number, before) ^ hash_of(file.name, number, *page);
    image.pages[number] = std::move(page);
    changed = true;
  }
  return changed;
}

bool LiveNode::any_lock_held() const {
  const shm::SegmentHeader& header = segment();
  bool held = header.pool_lock.holder_token() != 0 || header.dictionary_lock.holder_token() != 0;
  const auto* stripes = reinterpret_cast<const shm::Stripe*>(segment_ + header.stripes);
  for (std::uint32_t i = 0; i < header.stripe_count; ++i) held = held || stripes[i].lock.holder_token() != 0;
  return held;
}

}  // namespace heirloom::crash
