// SPDX-License-Identifier: Apache-2.0
#include "tabfile/failure.hpp"

#include <cstring>
#include <utility>

#include "os/file.hpp"
#include "term/characters.hpp"

namespace heirloom {

using namespace literals;

TableFileError::TableFileError(ErrorCode code, std::string operation, std::string detail, Term reason)
    : Error(code, std::move(operation), std::move(detail)), reason_(std::move(reason)) {}

namespace tabfile {

namespace {

// "enoent"
Atom error_name(int error) {
  const char* name = ::strerrorname_np(error);
  std::string text = name != nullptr ? name : std::to_string(error);
  for (char& letter : text) letter = static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
  return Atom(text);
}

}  // namespace

std::string doing(const char* what, const std::filesystem::path& file) {
  return std::string(what) + " \"" + file.string() + '"';
}

Term name_term(const std::filesystem::path& file) {
  const std::string text = file.string();
  return term::characters(text).value_or(Term(text));
}

Term file_error(const std::filesystem::path& file, int error) {
  return {"file_error"_atom, name_term(file), error_name(error)};
}

TableFileError system_failure(int error, std::string operation, const std::string& what, Term reason) {
  Failure failure = os::errno_failure(error, what);
  return {failure.code, std::move(operation), std::move(failure.detail), std::move(reason)};
}

TableFileError bad_file(std::string operation, std::string detail) {
  return {ErrorCode::corrupt, std::move(operation), std::move(detail), "badfile"_atom};
}

}  // namespace tabfile

}  // namespace heirloom
