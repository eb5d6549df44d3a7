// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "shm/process_file.hpp"

namespace heirloom::crash {

namespace {

constexpr const char* kParent = "/dev/shm";

std::string prefix_of(int pid) { return "heirloom-crash-" + std::to_string(pid) + "-"; }

void write_file(const std::string& path, const FileImage& file) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool written = descriptor >= 0;
  for (const auto& [number, page] : file.pages) {
    written = written && ::pwrite(descriptor, page->data(), page->size(),
                                  static_cast<off_t>(number * kImagePageBytes)) == static_cast<ssize_t>(page->size());
  }
  // Last, since the file may end within a page.
  written = written && ::ftruncate(descriptor, static_cast<off_t>(file.bytes)) == 0;
  ::close(descriptor);
  if (!written) throw std::runtime_error("cannot write " + path);
}

void make(const std::string& path, const FileImage& file) {
  switch (file.kind) {
    case FileImage::Kind::file: return write_file(path, file);
    case FileImage::Kind::directory: std::filesystem::create_directory(path); return;
    case FileImage::Kind::socket: break;
  }
  if (::mknod(path.c_str(), S_IFSOCK | 0600, 0) != 0) throw std::runtime_error("cannot make the socket " + path);
}

const Page& page_of(const FileImage& file, std::uint64_t number) {
  static const Page kZeroPage{};
  const auto found = file.pages.find(number);
  return found == file.pages.end() ? kZeroPage : *found->second;
}

// The words of a file that differ.
void write_differences(const std::string& path, const FileImage& before, const FileImage& after) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  bool written =
      descriptor >= 0 && (before.bytes == after.bytes || ::ftruncate(descriptor, static_cast<off_t>(after.bytes)) == 0);
  for (const auto& [number, page] : after.pages) {
    const Page& old = page_of(before, number);
    if (&old == page.get()) continue;
    for (std::size_t at = 0; at < page->size(); at += sizeof(std::uint64_t)) {
      if (std::memcmp(old.data() + at, page->data() + at, sizeof(std::uint64_t)) == 0) continue;
      written = written && ::pwrite(descriptor, page->data() + at, sizeof(std::uint64_t),
                                    static_cast<off_t>(number * kImagePageBytes + at)) == sizeof(std::uint64_t);
    }
  }
  ::close(descriptor);
  if (!written) throw std::runtime_error("cannot change " + path);
}

void mark_dead(Page& page, std::size_t offset) {
  std::uint32_t word = 0;
  std::memcpy(&word, page.data() + offset, sizeof word);
  if ((word & FUTEX_TID_MASK) == 0) return;
  word = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
  std::memcpy(page.data() + offset, &word, sizeof word);
}

}  // namespace

std::uint64_t Image::word(const std::string& file, std::uint64_t offset) const {
  const auto found = files.find(file);
  if (found == files.end()) return 0;
  const auto page = found->second.pages.find(offset / kImagePageBytes);
  if (page == found->second.pages.end()) return 0;
  std::uint64_t word = 0;
  std::memcpy(&word, page->second->data() + offset % kImagePageBytes, sizeof word);
  return word;
}

Image after_death(Image image) {
  for (auto& [name, file] : image.files) {
    if (name.find("processes/") == std::string::npos) continue;
    for (auto& [number, page] : file.pages) {
      auto changed = std::make_shared<Page>(*page);
      if (number == 0) {
        mark_dead(*changed, offsetof(shm::ProcessHeader, life));
      } else {
        for (std::size_t slot = 0; slot < kImagePageBytes; slot += sizeof(shm::ThreadSlot)) {
          mark_dead(*changed, slot + offsetof(shm::ThreadSlot, life));
        }
      }
      page = std::move(changed);
    }
  }
  return image;
}

ScratchDirectory::ScratchDirectory() : owner_pid_(::getpid()) {
  path_ = std::string(kParent) + "/" + prefix_of(owner_pid_) + "XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a directory in /dev/shm");
  for (const char* name : {"/tables", "/processes"}) std::filesystem::create_directory(path_ + name);
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

ScratchDirectory::ScratchDirectory(const Image& image) : ScratchDirectory() {
  for (const auto& [name, file] : image.files) make(path_ + "/" + name, file);
}

void ScratchDirectory::play(const Image& before, const Image& image) const {
  for (const auto& [name, file] : image.files) {
    const auto old = before.files.find(name);
    if (old == before.files.end()) {
      make(path_ + "/" + name, file);
    } else if (file.kind == FileImage::Kind::file) {
      write_differences(path_ + "/" + name, old->second, file);
    }
  }
  for (const auto& [name, file] : before.files) {
    if (!image.files.contains(name)) std::filesystem::remove(path_ + "/" + name);
  }
}

ScratchDirectory::~ScratchDirectory() {
  ::close(descriptor_);
  if (::getpid() == owner_pid_) std::filesystem::remove_all(path_);
}

void ScratchDirectory::remove_those_of(int pid) {
  for (const auto& entry : std::filesystem::directory_iterator(kParent)) {
    if (entry.path().filename().string().starts_with(prefix_of(pid))) std::filesystem::remove_all(entry.path());
  }
}

}  // namespace heirloom::crash
