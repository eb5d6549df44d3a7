// SPDX-License-Identifier: Apache-2.0
//
// Records in LMDB as its users set it up for a cache in memory: no sync, one write transaction for each write.
#pragma once

#include <span>
#include <string>

#include <lmdb.h>

#include "record.hpp"

namespace heirloom::bench {

class LmdbTable {
 public:
  explicit LmdbTable(const std::string& directory);
  ~LmdbTable();
  LmdbTable(const LmdbTable&) = delete;
  LmdbTable& operator=(const LmdbTable&) = delete;

  void insert(const Record& record) { insert({&record, 1}); }
  void insert(std::span<const Record> records);  // in one transaction
  bool lookup(std::int64_t key, Record& record);
  // Copies up to `count` records from a key on, in order, for look(record). How many there were.
  template <typename Look>
  std::int64_t scan(std::int64_t from, std::int64_t count, const Look& look) {
    begin_scan(from);
    Record record;
    std::int64_t read = 0;
    for (; read < count && next_of_scan(record); ++read) look(record);
    end_scan();
    return read;
  }

 private:
  void begin_scan(std::int64_t from);
  bool next_of_scan(Record& record);
  void end_scan();

  MDB_env* environment_ = nullptr;
  MDB_dbi database_ = 0;
  MDB_txn* reading_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  std::int64_t from_ = 0;
  MDB_cursor_op step_ = MDB_NEXT;
};

}  // namespace heirloom::bench
