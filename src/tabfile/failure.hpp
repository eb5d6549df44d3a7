// SPDX-License-Identifier: Apache-2.0
//
// How a table file is refused: in Erlang's words and in ours.
#pragma once

#include <filesystem>
#include <string>

#include "heirloom/table_file.hpp"

namespace heirloom::tabfile {

// What is being done to which file, for the text of an error: `load a table from "users.tab"`.
std::string doing(const char* what, const std::filesystem::path& file);

// As Erlang writes it: a list of characters. A binary where it is no UTF-8.
Term name_term(const std::filesystem::path& file);

// {file_error,Name,Posix}
Term file_error(const std::filesystem::path& file, int error);
// The same as an exception, with `reason` where it is another one.
[[nodiscard]] TableFileError system_failure(int error, std::string operation, const std::string& what, Term reason);

// `badfile`
[[nodiscard]] TableFileError bad_file(std::string operation, std::string detail);

}  // namespace heirloom::tabfile
