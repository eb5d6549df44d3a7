// SPDX-License-Identifier: Apache-2.0
//
// Image: the shared bytes of a node directory at one moment, page by page. An image of a process that stands between
// two instructions, changed by apply_death() as the kernel changes it, is what the process leaves behind when it is
// killed there.
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
  enum class Kind { file, directory, socket };
  Kind kind = Kind::file;
  std::uint64_t bytes = 0;                                     // the length of the file
  std::map<std::uint64_t, std::shared_ptr<const Page>> pages;  // by number; those that are missing are zero
};

struct Image {
  // By name below the directory; the names of directories end in '/', so that each stands before what is in it.
  std::map<std::string, FileImage> files;
  std::uint64_t hash = 0;

  // The word at an offset of a file that may not be there: then 0.
  [[nodiscard]] std::uint64_t word(const std::string& file, std::uint64_t offset) const;
};

// What the kernel does to the life words of all threads that hold one: the mark of a dead owner instead of a thread id.
// The locks on the process files die with the process by themselves: a written image never had them.
Image after_death(Image image);

// A directory under /dev/shm, removed with everything in it at the end.
class ScratchDirectory {
 public:
  ScratchDirectory();
  explicit ScratchDirectory(const Image& image);  // holds what the image does
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  // Makes it what `image` is, where `before` is what it was: files that programs have mapped get other bytes where the
  // two differ, and only there.
  void play(const Image& before, const Image& image) const;

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
