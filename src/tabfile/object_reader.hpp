// SPDX-License-Identifier: Apache-2.0
//
// ObjectReader: a table file as its header and its objects, some at a time, and as much proof as the file has.
//
// What is skipped, and after what reading ends, is as in Erlang: items that are no terms, blocks in which nothing is whole, a footer
// that is not the last of what is read at a time (disk_log_reader.hpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "heirloom/table_file.hpp"

#include "tabfile/disk_log_reader.hpp"
#include "tabfile/header.hpp"
#include "tabfile/md5.hpp"

namespace heirloom::tabfile {

class ObjectReader {
 public:
  // `operation` is for the text of errors. Throws TableFileError, as all of it.
  ObjectReader(const std::filesystem::path& file, std::string operation, bool verify, const InputLimits& limits);

  [[nodiscard]] const Header& header() const noexcept { return *header_; }

  // The next objects, up to a hundred; none: the end, and the file has proved as right as it was asked to be.
  [[nodiscard]] std::vector<Term> next();
  // Where the object of this number, among those of the last next(), stands in the file.
  [[nodiscard]] std::uint64_t place(std::size_t number) const { return places_[number]; }

  [[nodiscard]] std::uint64_t objects() const noexcept { return objects_; }  // so far
  [[nodiscard]] std::uint64_t bytes() const noexcept { return log_.at(); }
  // Before this place that no item was made of; at the end, of the whole file.
  [[nodiscard]] std::uint64_t bytes_skipped() const noexcept {
    return (at_end_ ? bytes_total() : bytes()) - bytes_used_;
  }
  [[nodiscard]] std::uint64_t bytes_total() const noexcept { return log_.bytes(); }

 private:
  // What disk_log:chunk/3 gives.
  struct TermBlock {
    std::vector<Term> terms;
    std::vector<std::uint64_t> places;
    bool at_end;
  };

  void read_header();
  [[nodiscard]] std::optional<Term> decode(const Item& item);
  [[nodiscard]] Term decode_or_refuse(const Item& item);
  void refuse_broken(const ItemBlock& block) const;
  [[nodiscard]] TermBlock next_terms(std::size_t terms_max);
  [[nodiscard]] std::vector<Term> next_unsummed();
  [[nodiscard]] std::vector<Term> next_summed();
  void prove();
  void prove_count(const Term& expected) const;

  DiskLogReader log_;
  bool verify_;
  InputLimits limits_;
  std::optional<Header> header_;
  Md5 sum_;
  std::uint64_t objects_ = 0;
  std::uint64_t bytes_used_ = 0;
  bool at_end_ = false;
  std::vector<std::uint64_t> places_;
  std::optional<Term> footer_;  // of the last block that had any item
};

}  // namespace heirloom::tabfile
