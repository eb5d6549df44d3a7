// SPDX-License-Identifier: Apache-2.0
//
// Records in LMDB as its users set it up for a cache in memory: no sync, one write transaction for each write.
#pragma once

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

  void insert(const Record& record);
  bool lookup(std::int64_t key, Record& record);

 private:
  MDB_env* environment_ = nullptr;
  MDB_dbi database_ = 0;
  MDB_txn* reading_ = nullptr;
};

}  // namespace heirloom::bench
