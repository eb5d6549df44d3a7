// SPDX-License-Identifier: Apache-2.0
//
// Image: the shared bytes of a node directory at one moment, page by page. An image of a process that stands between two
// instructions, changed by apply_death() as the kernel changes it, is what the process leaves behind when it is killed there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace heirloom::crash {

inline constexpr std::uint64_t kImagePageBytes = 4096;
using Page = std::array<std::byte, kImagePageBytes>;

struct FileImage {
  std::uint64_t bytes = 0;                                     // the length of the file
  std::map<std::uint64_t, std::shared_ptr<const Page>> pages;  // by number; those that are missing are zero
};

struct Image {
  std::map<std::string, FileImage> files;  // by name in the node directory
  std::uint64_t hash = 0;

  // The word at an offset of a file that may not be there: then 0.
  [[nodiscard]] std::uint64_t word(const std::string& file, std::uint64_t offset) const;
};

// What the kernel does to the life words of all threads that hold one: the mark of a dead owner instead of a thread id. The
// locks on the process files die with the process by themselves: a written image never had them.
Image after_death(Image image);

// A directory under /dev/shm, removed with everything in it at the end.
class ScratchDirectory {
 public:
  ScratchDirectory();
  explicit ScratchDirectory(const Image& image);  // holds the files of the image
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  // What a process left that died of what it judged.
  static void remove_those_of(int pid);

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  int descriptor_;
  int owner_pid_;
};

}  // namespace heirloom::crash
