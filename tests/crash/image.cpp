// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include <fcntl.h>
#include <linux/futex.h>
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
  bool written = descriptor >= 0 && ::ftruncate(descriptor, static_cast<off_t>(file.bytes)) == 0;
  for (const auto& [number, page] : file.pages) {
    written = written && ::pwrite(descriptor, page->data(), page->size(),
                                  static_cast<off_t>(number * kImagePageBytes)) == static_cast<ssize_t>(page->size());
  }
  ::close(descriptor);
  if (!written) throw std::runtime_error("cannot write " + path);
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
    if (!name.starts_with("processes/")) continue;
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
  for (const auto& [name, file] : image.files) write_file(path_ + "/" + name, file);
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
