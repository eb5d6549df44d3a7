// SPDX-License-Identifier: Apache-2.0
//
// LiveNode: the shared bytes of a node directory in which another process works, watched from outside: all pages that can
// change are mapped here, and compared with the last image whenever the process has made a step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "image.hpp"
#include "shm/segment.hpp"

namespace heirloom::crash {

inline const std::string kSegmentFile = "tables/1";

class LiveNode {
 public:
  // Opens the files that are there now: those of processes that attach later are not watched.
  explicit LiveNode(const std::string& path);
  ~LiveNode();
  LiveNode(const LiveNode&) = delete;
  LiveNode& operator=(const LiveNode&) = delete;

  // Compares everything with the last image, and takes in what is different. False when nothing is.
  bool refresh();
  [[nodiscard]] const Image& image() const noexcept { return image_; }

  // Whether any lock of the table is held.
  [[nodiscard]] bool any_lock_held() const;

 private:
  struct File {
    std::string name;
    int descriptor;
    const std::byte* base;
    std::uint64_t mapped_bytes;
  };
  void add(const std::string& path, const std::string& name);
  bool refresh_pages(const File& file, FileImage& image, std::uint64_t offset, std::uint64_t bytes);
  [[nodiscard]] const shm::SegmentHeader& segment() const noexcept;

  std::vector<File> files_;
  const std::byte* segment_ = nullptr;
  Image image_;
};

}  // namespace heirloom::crash
