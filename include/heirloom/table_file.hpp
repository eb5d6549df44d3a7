// SPDX-License-Identifier: Apache-2.0
//
// Tables in files, as ets:tab2file and ets:file2tab write and read them: a file of Erlang's loads here, and the other way round.
//
//   tab2file(users, "users.tab", {.sync = true, .object_count = true, .md5sum = true});
//   try {
//     Table users = file2tab(node, "users.tab", {.verify = true});
//   } catch (const TableFileError& error) {
//     std::cerr << error.what() << '\n';                      // where in the file, and what would be right
//     if (error.reason() == Term("badfile"_atom)) ...         // what Erlang calls it
//   }
//
// docs/table-files.md describes the format, what is promised, and where Erlang does otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "heirloom/atom.hpp"
#include "heirloom/error.hpp"
#include "heirloom/node.hpp"
#include "heirloom/table.hpp"
#include "heirloom/table_options.hpp"
#include "heirloom/term.hpp"

namespace heirloom {

// What is wrong with a file, or with options: reason() is what Erlang says, the R of {error,R}; `badfile` where Erlang raises an
// exception instead. code() says it in ours:
//
//   badarg          {unknown_option,_}, {malformed_option,_}
//   corrupt         badfile, checksum_error, invalid_object_count, {read_error,{not_a_log_file,_}}
//   layout          {unsupported_file_version,_}
//   already_exists  cannot_create_table: the name is taken
//   badarg          cannot_create_table: no table has such options
//   id              badtab: the table to be saved was deleted
//   not_found, not_permitted, full, io ...: {read_error,{file_error,Name,Posix}} and {file_error,Name,Posix}, by what the system
//                   said; not_permitted for eaccess, too: the target is there, and no file
//   system_limit    system_limit, which Erlang does not have: an object is beyond InputLimits or what the format can express
class TableFileError : public Error {
 public:
  TableFileError(ErrorCode code, std::string operation, std::string detail, Term reason);
  [[nodiscard]] const Term& reason() const noexcept { return reason_; }

 private:
  Term reason_;
};

// How far a call has come. Told each time that some ten thousand objects or 64 MiB are done, and at the end.
struct TableFileProgress {
  std::uint64_t objects = 0;
  // What the table held at the beginning, or what the file says of it: what comes may be more, or less.
  std::uint64_t objects_total = 0;
  std::uint64_t bytes = 0;        // of the file, done
  std::uint64_t bytes_total = 0;  // of the file that is read; 0 while one is written
  // Of the file that is read without `verify`: those that were passed over, since nothing could be made of them, or since Erlang
  // would pass over them; at the end, with those that were not read any more.
  std::uint64_t bytes_skipped = 0;
};
// What it throws, the call throws, after it has tidied up as for any failure.
using TableFileProgressFunction = std::function<void(const TableFileProgress&)>;

// ------------------------------------------------------------------------------------------------------------------ save

struct Tab2File {
  bool sync = false;          // returns when the file is on the disk, its name too
  bool object_count = false;  // the file ends with the number of its objects,
  bool md5sum = false;        // and with a checksum: what file2tab verifies
  TableFileProgressFunction progress = {};
};

// ets:tab2file/3: writes all objects, in the order of a traversal, and what file2tab() needs to make the table anew. What others write
// meanwhile is in the file or not, object by object; what is there all the time is in it once. It takes memory for some objects.
//
// The file appears under its name in one step, when it is whole: until then, after a failure, and after a death in the middle, a
// file that had the name before is untouched, and nothing else is left behind (docs/table-files.md). A symbolic link of that name is
// replaced, as Erlang does.
//
// Throws TableFileError, and what Table throws: access, corrupt ...
void tab2file(const Table& table, const std::filesystem::path& file, const Tab2File& options = {});

// The options as Erlang's list: [{sync,true},{extended_info,[object_count,md5sum]}]. Throws TableFileError{badarg}.
[[nodiscard]] Tab2File tab2file_options(const Term& list);

// ------------------------------------------------------------------------------------------------------------------ load

struct File2Tab {
  // Refuses a file of which anything is broken or missing: by its checksum and number of objects where it has them, else by the
  // number of objects that the table had when it was saved. Without it, what cannot be read is skipped, exactly as Erlang does.
  bool verify = false;
  // Into this table, which the caller may write, instead of a new one: it keeps its own type and options, and what it holds. After a
  // failure it is there still, with some of the objects of the file (Erlang deletes it).
  std::optional<Table> table = {};

  // Ours; for a new table:
  std::optional<Atom> name = {};  // instead of the one in the file
  // A node table, once it is whole, which outlives every owner; the caller is the first.
  bool node_table = false;
  std::optional<std::uint64_t> max_bytes = {};  // as in TableOptions

  // Of each object; new_atoms_max of the whole file. Whatever a table can hold, and as many atoms as an Erlang VM; for the files of
  // strangers, less.
  InputLimits limits = {.memory_bytes_max = 8 * Term::kWordsMax, .new_atoms_max = std::size_t{1} << 20};
  TableFileProgressFunction progress = {};
};

// ets:file2tab/2: makes a table of the name, type, protection, keypos, compression and concurrency that the file says - not its heir
// - owned by the caller, and inserts the objects, some at a time; others see them as they come. All tables of a node are named: one
// that had no name in Erlang gets the name that it was made with. A table that was made is deleted when the call fails. Memory and time
// are bounded by the bytes that there are and by the limits, whatever the bytes say.
//
// Throws TableFileError, and what Table::insert() throws into a table: full, access, corrupt ...
Table file2tab(const Node& node, const std::filesystem::path& file, const File2Tab& options = {});

// The options as Erlang's list: [{verify,true}]; {table,Name} is a table of the node. Throws TableFileError{badarg}, also when there is
// no such table.
[[nodiscard]] File2Tab file2tab_options(const Node& node, const Term& list);

// ----------------------------------------------------------------------------------------------------------------- about

// What a file says of its table, in its first item.
struct TableFileInfo {
  Atom name;
  TableType type;
  Protection protection;
  bool named_table;
  std::int64_t keypos;
  std::uint64_t size;  // objects, when saving began
  bool object_count;   // whether it ends with the number of its objects,
  bool md5sum;         // and with a checksum
  std::uint64_t major_version;
  std::uint64_t minor_version;
  Term header;  // the whole item: a tuple of pairs, those of ets:info/1 first
};

// ets:tabfile_info/1. Looks at no object. Throws TableFileError; `badfile` also where the file says of its table what no table can be.
[[nodiscard]] TableFileInfo tabfile_info(const std::filesystem::path& file);
// Erlang's list: [{name,_},{type,_},{protection,_},{named_table,_},{keypos,_},{size,_},{extended_info,_},{version,{1,0}}].
[[nodiscard]] Term to_term(const TableFileInfo& info);

}  // namespace heirloom
