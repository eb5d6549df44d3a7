// SPDX-License-Identifier: Apache-2.0
#include "live_node.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace heirloom::crash {

namespace {

const Page kZeroPage{};
constexpr std::uint64_t kMappedBytes = std::uint64_t{1} << 28;  // more than any file here has

std::uint64_t hash_of(const std::string& file, std::uint64_t number, const Page& page) {
  const std::string_view bytes(reinterpret_cast<const char*>(page.data()), page.size());
  const std::uint64_t place = std::hash<std::string>()(file) + number * 0x9E3779B97F4A7C15;
  return (std::hash<std::string_view>()(bytes) ^ place) * 0xD6E8FEB86659FD93;
}

std::uint64_t hash_of_length(const std::string& file, const FileImage& image) {
  const std::uint64_t length = image.bytes * 4 + static_cast<std::uint64_t>(image.kind) + 1;
  return (std::hash<std::string>()(file) ^ length * 0x2545F4914F6CDD1D) * 0xD6E8FEB86659FD93;
}

bool is_in(const std::string& name, std::string_view folder) {
  return name.starts_with(folder) || name.find("/" + std::string(folder)) != std::string::npos;
}
bool is_mapped(const std::string& name) {
  return is_in(name, "tables/") || is_in(name, "processes/") || name == "node" || name.ends_with("/node");
}

}  // namespace

LiveNode::LiveNode(std::string path) : path_(std::move(path)) { refresh(true); }

LiveNode::~LiveNode() {
  for (const auto& [name, file] : files_) close(file);
}

void LiveNode::close(const File& file) {
  if (file.base != nullptr) ::munmap(const_cast<std::byte*>(file.base), kMappedBytes);
  if (file.descriptor >= 0) ::close(file.descriptor);
}

bool LiveNode::refresh(bool listed) {
  words_changed_ = 0;
  bool changed = listed && list("");
  for (const auto& [name, file] : files_) {
    if (file.base != nullptr) changed |= compare(name, file);
  }
  if (changed) {
    continues_a_copy_ = words_changed_ == 1 && first_changed_ == changed_before_ + sizeof(std::uint64_t);
    changed_before_ = first_changed_;
  }
  return changed;
}

void LiveNode::note_change(const std::string& name, std::uint64_t number, const Page& before, const Page& now) {
  for (std::size_t at = 0; at < kImagePageBytes && words_changed_ < 2; at += sizeof(std::uint64_t)) {
    if (std::memcmp(before.data() + at, now.data() + at, sizeof(std::uint64_t)) == 0) continue;
    first_changed_ = number * kImagePageBytes + at;
    // A word of another file is no part of a copy.
    words_changed_ += is_in(name, "tables/") ? 1 : 2;
  }
}

// What the folder has now, and what is below it.
bool LiveNode::list(const std::string& folder) {
  DIR* const directory = ::opendir((path_ + "/" + folder).c_str());
  if (directory == nullptr) throw std::runtime_error("cannot list \"" + path_ + "/" + folder + '"');
  std::set<std::string> present;
  std::vector<std::string> folders;
  bool changed = false;
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string_view plain(entry->d_name);
    if (plain == "." || plain == "..") continue;
    std::string name = folder + std::string(plain);
    if (entry->d_type == DT_DIR) {
      name += '/';
      folders.push_back(name);
      changed |= set_kind(name, FileImage::Kind::directory);
    } else if (entry->d_type == DT_SOCK) {
      changed |= set_kind(name, FileImage::Kind::socket);
    } else if (const std::optional<bool> is_new = look_at(name)) {
      changed |= *is_new;
    } else {
      continue;
    }
    present.insert(std::move(name));
  }
  ::closedir(directory);
  std::vector<std::string> gone;
  for (auto entry = image_.files.lower_bound(folder); entry != image_.files.end() && entry->first.starts_with(folder);
       ++entry) {
    // Of this folder itself, or below a folder that is gone.
    const std::size_t end = entry->first.find('/', folder.size());
    const std::string own = end == std::string::npos ? entry->first : entry->first.substr(0, end + 1);
    if (own != folder && !present.contains(own)) gone.push_back(entry->first);
  }
  for (const std::string& name : gone) changed |= forget(name);
  for (const std::string& below : folders) changed |= list(below);
  return changed;
}

// Nothing: it is gone since it was listed.
std::optional<bool> LiveNode::look_at(const std::string& name) {
  int descriptor = ::open((path_ + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw std::runtime_error("cannot open " + name + ": " + std::strerror(errno));
  }
  bool changed = false;
  auto found = files_.find(name);
  if (found != files_.end() && found->second.inode != status.st_ino) {
    changed |= forget(name);
    found = files_.end();
  }
  if (found == files_.end()) {
    changed |= set_kind(name, FileImage::Kind::file);
    File file{.inode = status.st_ino, .is_segment = is_in(name, "tables/")};
    if (!name.ends_with(".new")) {
      file.descriptor = std::exchange(descriptor, -1);
      if (is_mapped(name)) {
        void* base = ::mmap(nullptr, kMappedBytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, file.descriptor, 0);
        if (base == MAP_FAILED) throw std::runtime_error("cannot map " + name + ": " + std::strerror(errno));
        file.base = static_cast<const std::byte*>(base);
      }
    }
    found = files_.emplace(name, file).first;
  }
  if (descriptor >= 0) ::close(descriptor);
  if (found->second.descriptor < 0) return changed;
  changed |= set_length(name, static_cast<std::uint64_t>(status.st_size));
  if (found->second.base == nullptr) changed |= read_whole(name, found->second);
  return changed;
}

bool LiveNode::set_kind(const std::string& name, FileImage::Kind kind) {
  if (const auto found = image_.files.find(name); found != image_.files.end() && found->second.kind == kind)
    return false;
  forget(name);
  FileImage& image = image_.files[name];
  image.kind = kind;
  image_.hash ^= hash_of_length(name, image);
  return true;
}

bool LiveNode::set_length(const std::string& name, std::uint64_t bytes) {
  FileImage& image = image_.files.at(name);
  if (image.bytes == bytes) return false;
  image_.hash ^= hash_of_length(name, image);
  image.bytes = bytes;
  image_.hash ^= hash_of_length(name, image);
  const std::uint64_t pages = (bytes + kImagePageBytes - 1) / kImagePageBytes;
  for (auto page = image.pages.lower_bound(pages); page != image.pages.end(); page = image.pages.erase(page)) {
    image_.hash ^= hash_of(name, page->first, kZeroPage) ^ hash_of(name, page->first, *page->second);
  }
  return true;
}

bool LiveNode::set_page(const std::string& name, std::uint64_t number, const std::byte* now) {
  FileImage& image = image_.files.at(name);
  const auto known = image.pages.find(number);
  const Page& before = known == image.pages.end() ? kZeroPage : *known->second;
  if (std::memcmp(before.data(), now, kImagePageBytes) == 0) return false;
  auto page = std::make_shared<Page>();
  std::memcpy(page->data(), now, kImagePageBytes);
  image_.hash ^= hash_of(name, number, before) ^ hash_of(name, number, *page);
  note_change(name, number, before, *page);
  image.pages[number] = std::move(page);
  return true;
}

bool LiveNode::forget(const std::string& name) {
  if (const auto file = files_.find(name); file != files_.end()) {
    close(file->second);
    files_.erase(file);
  }
  const auto found = image_.files.find(name);
  if (found == image_.files.end()) return false;
  if (found->second.kind == FileImage::Kind::file) set_length(name, 0);
  image_.hash ^= hash_of_length(name, found->second);
  image_.files.erase(found);
  return true;
}

bool LiveNode::read_whole(const std::string& name, const File& file) {
  bool changed = false;
  for (std::uint64_t number = 0; number * kImagePageBytes < image_.files.at(name).bytes; ++number) {
    Page page{};
    if (::pread(file.descriptor, page.data(), page.size(), static_cast<off_t>(number * kImagePageBytes)) < 0)
      throw std::runtime_error("cannot read " + name);
    changed |= set_page(name, number, page.data());
  }
  return changed;
}

bool LiveNode::compare(const std::string& name, const File& file) {
  const std::uint64_t bytes = image_.files.at(name).bytes;
  if (!file.is_segment) return compare_pages(name, file, 0, bytes);
  if (bytes < sizeof(shm::SegmentHeader)) return false;
  // Between these lies address space without memory.
  const auto& header = *reinterpret_cast<const shm::SegmentHeader*>(file.base);
  bool changed = compare_pages(name, file, 0, header.dictionary + header.dictionary_bytes_given.load());
  changed |= compare_pages(name, file, header.page_map, header.page_map_bytes_given.load());
  changed |= compare_pages(name, file, header.pages, header.pages_in_file.load() * kImagePageBytes);
  return changed;
}

bool LiveNode::compare_pages(const std::string& name, const File& file, std::uint64_t offset, std::uint64_t bytes) {
  bool changed = false;
  const FileImage& image = image_.files.at(name);
  auto known = image.pages.lower_bound(offset / kImagePageBytes);
  for (std::uint64_t number = offset / kImagePageBytes; number * kImagePageBytes < offset + bytes; ++number) {
    const bool has = known != image.pages.end() && known->first == number;
    const std::byte* const now = file.base + number * kImagePageBytes;
    if (std::memcmp(has ? known->second->data() : kZeroPage.data(), now, kImagePageBytes) != 0) {
      changed |= set_page(name, number, now);
      if (!has) known = image.pages.find(number);
    }
    if (known != image.pages.end() && known->first == number) ++known;
  }
  return changed;
}

bool LiveNode::any_lock_held() const {
  const std::byte* const segment = files_.at(kSegmentFile).base;
  const auto& header = *reinterpret_cast<const shm::SegmentHeader*>(segment);
  bool held = header.pool_lock.holder_token() != 0 || header.dictionary_lock.holder_token() != 0;
  const auto* stripes = reinterpret_cast<const shm::Stripe*>(segment + header.stripes);
  for (std::uint32_t i = 0; i < header.stripe_count; ++i) held = held || stripes[i].lock.holder_token() != 0;
  return held;
}

}  // namespace heirloom::crash
