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
// A name for a file that nobody else makes: `before`, a random number, `after`.
std::string unique_name(const std::string& before, const std::string& after);
Result<std::uint64_t> file_bytes(const Fd& file);

// What of a file system, and of the memory of a control group, is left for what lets others in: their process files, a journal.
enum class Reserve { keep, use };

// Makes bytes [offset, offset + bytes) of the file exist, so that touching them can never be a SIGBUS. `full` when the file
// system, RLIMIT_FSIZE (which would answer with SIGXFSZ) or, of files in memory, the control group of this program (whose limit the
// kernel would answer with the OOM killer) has no room, or no more than the reserve. What is taken between this look and the
// allocation by somebody else is not seen: on a file system the allocation then fails; at the limit of a control group the race remains.
Status allocate(const Fd& file, std::uint64_t offset, std::uint64_t bytes, Reserve reserve = Reserve::keep);
// Gives the memory of these bytes, whole pages, back to the system: they read as zeros then, and are to be allocated before they
// are touched again. A file system that cannot do that keeps them.
void give_back(const Fd& file, std::uint64_t offset, std::uint64_t bytes) noexcept;

// `full` where a file may not have so many bytes (RLIMIT_FSIZE): who writes beyond is sent SIGXFSZ, which ends a program.
Status require_file_bytes_allowed(std::uint64_t bytes);

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
