// SPDX-License-Identifier: Apache-2.0
#include "shm/holes.hpp"

#include "os/file.hpp"
#include "shm/segment.hpp"

namespace heirloom::shm {

Status fill_holes(int directory, const std::string& name) {
  const std::string trail = "give segment \"" + name + "\" its memory";
  HEIRLOOM_TRY(const os::Fd file, os::open_file(directory, name, os::Access::read_write), trail);
  // What is wrong with it is said by whoever opens it.
  const auto opened = Segment::open(directory, name);
  if (!opened) return {};
  const Segment& segment = **opened;
  const SegmentHeader& header = segment.header();
  const auto allocate = [&](Offset from, std::uint64_t bytes) {
    return bytes == 0 ? Status() : os::allocate(file, from, bytes, os::Reserve::use);
  };
  HEIRLOOM_CHECK(allocate(0, header.dictionary), trail);
  HEIRLOOM_CHECK(allocate(header.dictionary, header.dictionary_bytes_given.load(std::memory_order_relaxed)), trail);
  HEIRLOOM_CHECK(allocate(header.page_map, header.page_map_bytes_given.load(std::memory_order_relaxed)), trail);
  const std::uint64_t used = header.pages_used.load(std::memory_order_relaxed);
  const std::uint64_t in_file = header.pages_in_file.load(std::memory_order_relaxed);
  HEIRLOOM_CHECK(allocate(header.pages + used * kPageBytes, (in_file - used) * kPageBytes), trail);
  try {
    for (std::uint64_t page = 0; page < used;) {
      const std::optional<Run> run = segment.run_at(page);
      if (!run) break;  // of a page map that makes no sense: said by whoever checks it
      if (!run->is_free()) HEIRLOOM_CHECK(allocate(run->first, run->bytes()), trail);
      page += run->pages;
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
  }
  return {};
}

}  // namespace heirloom::shm
