// SPDX-License-Identifier: Apache-2.0
//
// The first item of a table file: a tuple of pairs, those of ets:info/1 and those of the file.
#pragma once

#include <optional>
#include <string>

#include "heirloom/table_file.hpp"

namespace heirloom::tabfile {

Term make_header(const TableInfo& info, const Tab2File& options);

class Header {
 public:
  // Throws TableFileError{badfile} when it is none. When a file is verified, Erlang looks for its version under names that no file
  // uses, and so refuses no version; `verify` says to do the same.
  Header(Term item, bool verify, const std::string& operation);

  [[nodiscard]] const Term& term() const noexcept { return term_; }
  [[nodiscard]] const Term& major() const noexcept { return major_; }
  [[nodiscard]] const Term& minor() const noexcept { return minor_; }
  [[nodiscard]] bool object_count() const noexcept { return object_count_; }
  [[nodiscard]] bool md5sum() const noexcept { return md5sum_; }

  // Throw TableFileError{badfile} where there is no such pair.
  [[nodiscard]] Term value_of(const char* key) const;
  [[nodiscard]] Term name() const { return value_of("name"); }
  [[nodiscard]] Term size() const { return value_of("size"); }
  // For ets:new/2.
  [[nodiscard]] Term options() const;
  [[nodiscard]] TableFileInfo info() const;

 private:
  [[nodiscard]] std::optional<TermView> find(const char* key) const;
  [[nodiscard]] Term version(const char* key) const;
  [[nodiscard]] bool says(const char* extended) const;

  Term term_;
  std::string operation_;
  Term major_;
  Term minor_;
  bool object_count_ = false;
  bool md5sum_ = false;
};

}  // namespace heirloom::tabfile
