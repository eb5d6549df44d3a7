// SPDX-License-Identifier: Apache-2.0
//
// What Heirloom throws: one exception type with a closed set of codes. ETS raises badarg with a cause; C++ throws
// Error with that cause as its code. Looking up what is not there is no error: it returns an empty result.
//
//   try {
//     users.insert({"alice"_atom, 41});
//   } catch (const heirloom::Error& error) {
//     if (error.code() == heirloom::ErrorCode::access) ...   // the table belongs to another process
//   }
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace heirloom {

// Why a call failed. The first group are the causes of ETS (`error_info` of a badarg), under ETS' own names; the second
// is what a table in shared memory, shared by several programs, adds.
enum class ErrorCode {
  badarg = 1,      // an argument that no other code describes
  type,            // not a table, or a term of the wrong kind
  id,              // no such table, or it was deleted
  access,          // the calling process lacks the right to read or write
  badkey,          // no object with this key
  keypos,          // the key element cannot be changed
  position,        // no such element in the object
  owner,           // the receiver already owns the table
  not_owner,       // only the owner may do this
  table_type,      // not supported by this type of table
  already_exists,  // the name is taken
  system_limit,    // beyond what a term or a table can hold, or more descriptors or threads than the system gives

  full,           // max_bytes, the file system or the dictionary of atoms is full; the table is unchanged
  corrupt,        // the bytes of a file break its invariants
  layout,         // the file was written by an incompatible layout version
  no_manager,     // the node's manager is gone or does not answer
  timed_out,      // no answer within the time given
  noproc,         // no such process
  forked,         // the handle belongs to the parent of this forked child: open the node again
  not_found,      // no such file or directory
  not_permitted,  // the operating system refuses it (another user's directory, a read-only file system)
  io,             // any other failure of the operating system
  syntax,         // text or bytes that are no term
  quarantined,    // the table was set aside for study: `heirloom release` gives it back
  busy,           // it would have had to wait for a lock, which this thread must not (no_wait.hpp): later
};

// The name of a code, as it is written above.
std::string_view to_string(ErrorCode code) noexcept;

const std::error_category& error_category() noexcept;
std::error_code make_error_code(ErrorCode code) noexcept;

// `operation` says what was attempted, outermost first ("open node \"/run/x\": lock manager.lock"); `detail` says what was
// wrong and, where that helps, what would be right. what() is "operation: detail (code)".
class Error : public std::system_error {
 public:
  Error(ErrorCode code, std::string operation, std::string detail);

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& operation() const noexcept { return operation_; }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

 private:
  ErrorCode code_;
  std::string operation_;
  std::string detail_;
  std::string what_;
};

}  // namespace heirloom

template <>
struct std::is_error_code_enum<heirloom::ErrorCode> : std::true_type {};
