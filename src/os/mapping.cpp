// SPDX-License-Identifier: Apache-2.0
#include "os/mapping.hpp"

#include <sys/mman.h>

#include <cerrno>

namespace heirloom::os {

Result<Mapping> Mapping::map(const Fd& file, std::uint64_t bytes, Access access) {
  const int protection = access == Access::read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  void* base = ::mmap(nullptr, bytes, protection, MAP_SHARED | MAP_NORESERVE, file.get(), 0);
  if (base == MAP_FAILED) return errno_failure(errno, "map " + std::to_string(bytes) + " bytes");
  // A core dump of a program would otherwise hold every table it uses, and delay the notice of its death by as much.
  ::madvise(base, bytes, MADV_DONTDUMP);
  return Mapping(static_cast<std::byte*>(base), bytes);
}

Mapping::~Mapping() {
  if (base_ != nullptr) ::munmap(base_, bytes_);
}

}  // namespace heirloom::os
