// SPDX-License-Identifier: Apache-2.0
//
// Files relative to a directory, space that is really there, and locks that the kernel releases at a death.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "os/fd.hpp"

namespace heirloom::os {

// What errno says, as one of our codes and a sentence.
Failure errno_failure(int error, std::string what);

enum class Access { read_only, read_write };

// Never follows a symbolic link in the last component.
Result<Fd> open_file(int directory, const std::string& name, Access access);
// Fails with already_exists when there is one.
Result<Fd> create_file(int directory, const std::string& name);
Result<std::uint64_t> file_bytes(const Fd& file);

// Makes bytes [offset, offset + bytes) of the file exist, so that touching them can never be a SIGBUS. `full` when the file
// system, or RLIMIT_FSIZE (which would answer with SIGXFSZ), has no room.
Status allocate(const Fd& file, std::uint64_t offset, std::uint64_t bytes);

// Extends the file to `bytes` without giving it memory: the hole may only be touched after allocate().
Status set_file_bytes(const Fd& file, std::uint64_t bytes);

Status rename_file(int directory, const std::string& from, const std::string& to);
// Like rename_file, but fails with already_exists when `to` is there.
Status rename_new(int directory, const std::string& from, const std::string& to);
void remove_file(int directory, const std::string& name) noexcept;
// False only when there certainly is no such file. Needs no descriptor.
bool file_exists(int directory, const std::string& name) noexcept;

// How many descriptors this program may have open now.
std::size_t descriptors_max() noexcept;

// An open-file-description lock over the whole file: the kernel releases it when the last descriptor of this opening is
// closed, by whatever death. False when somebody else holds it.
bool try_lock_file(const Fd& file) noexcept;
// Whether anybody else holds a lock on it.
bool file_is_locked(const Fd& file) noexcept;

}  // namespace heirloom::os
