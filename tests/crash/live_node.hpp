// SPDX-License-Identifier: Apache-2.0
//
// LiveNode: all files of a node directory in which another process works, watched from outside. What programs map -
// control file, process files, segments - is mapped here too, and compared with the last image after each instruction;
// names, and the files that are written by system calls, after each system call.
//
// The bytes of a file that is still being made, whose name ends in ".new", are no part of the image: whoever finds such
// a file after a death removes it without a look into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "image.hpp"
#include "shm/segment.hpp"

namespace heirloom::crash {

inline const std::string kSegmentFile = "tables/1";

class LiveNode {
 public:
  explicit LiveNode(std::string path);
  ~LiveNode();
  LiveNode(const LiveNode&) = delete;
  LiveNode& operator=(const LiveNode&) = delete;

  // Compares with the last image, and takes in what is different. False when nothing is. `listed`: whether names and
  // lengths can be other ones, too.
  bool refresh(bool listed);
  [[nodiscard]] const Image& image() const noexcept { return image_; }

  // Whether the last change was one word of a segment, and that the word behind the one before: as a copy into a block
  // makes them.
  [[nodiscard]] bool continues_a_copy() const noexcept { return continues_a_copy_; }

  // Whether any lock of the table is held.
  [[nodiscard]] bool any_lock_held() const;

 private:
  struct File {
    std::uint64_t inode = 0;
    int descriptor = -1;
    const std::byte* base = nullptr;  // of one that programs map
    bool is_segment = false;
  };
  bool list(const std::string& folder);
  std::optional<bool> look_at(const std::string& name);
  bool forget(const std::string& name);
  bool set_kind(const std::string& name, FileImage::Kind kind);
  bool set_length(const std::string& name, std::uint64_t bytes);
  void note_change(const std::string& name, std::uint64_t number, const Page& before, const Page& now);
  bool set_page(const std::string& name, std::uint64_t number, const std::byte* now);
  bool compare(const std::string& name, const File& file);
  bool compare_pages(const std::string& name, const File& file, std::uint64_t offset, std::uint64_t bytes);
  bool read_whole(const std::string& name, const File& file);
  static void close(const File& file);

  std::string path_;
  std::map<std::string, File> files_;
  Image image_;

  // Of the present refresh, and the word that changed last before it.
  int words_changed_ = 0;
  std::uint64_t first_changed_ = 0;  // offset in the segment
  std::uint64_t changed_before_ = 0;
  bool continues_a_copy_ = false;
};

}  // namespace heirloom::crash
