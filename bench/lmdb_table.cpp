// SPDX-License-Identifier: Apache-2.0
#include "lmdb_table.hpp"

#include <cstring>
#include <stdexcept>

namespace heirloom::bench {

namespace {

void expect(int outcome) {
  if (outcome != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(outcome));
}

MDB_val bytes_of(const std::int64_t& key) { return {sizeof key, const_cast<std::int64_t*>(&key)}; }

}  // namespace

LmdbTable::LmdbTable(const std::string& directory) {
  expect(mdb_env_create(&environment_));
  expect(mdb_env_set_mapsize(environment_, std::size_t{4} << 30));
  expect(mdb_env_open(environment_, directory.c_str(), MDB_NOSYNC | MDB_NOTLS, 0600));
  MDB_txn* transaction = nullptr;
  expect(mdb_txn_begin(environment_, nullptr, 0, &transaction));
  expect(mdb_dbi_open(transaction, nullptr, MDB_INTEGERKEY, &database_));
  expect(mdb_txn_commit(transaction));
  expect(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &reading_));
  mdb_txn_reset(reading_);
}

LmdbTable::~LmdbTable() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  mdb_txn_abort(reading_);
  mdb_env_close(environment_);
}

void LmdbTable::insert(std::span<const Record> records) {
  MDB_txn* transaction = nullptr;
  expect(mdb_txn_begin(environment_, nullptr, 0, &transaction));
  for (const Record& record : records) {
    MDB_val key = bytes_of(record.key);
    MDB_val value{sizeof record, const_cast<Record*>(&record)};
    expect(mdb_put(transaction, database_, &key, &value, 0));
  }
  expect(mdb_txn_commit(transaction));
}

bool LmdbTable::lookup(std::int64_t key, Record& record) {
  expect(mdb_txn_renew(reading_));
  MDB_val bytes = bytes_of(key);
  MDB_val value{};
  const bool found = mdb_get(reading_, database_, &bytes, &value) == MDB_SUCCESS;
  if (found) std::memcpy(&record, value.mv_data, sizeof record);
  mdb_txn_reset(reading_);
  return found;
}

void LmdbTable::begin_scan(std::int64_t from) {
  expect(mdb_txn_renew(reading_));
  if (cursor_ == nullptr) {
    expect(mdb_cursor_open(reading_, database_, &cursor_));
  } else {
    expect(mdb_cursor_renew(reading_, cursor_));
  }
  from_ = from;
  step_ = MDB_SET_RANGE;
}

bool LmdbTable::next_of_scan(Record& record) {
  MDB_val key = bytes_of(from_);
  MDB_val value{};
  if (mdb_cursor_get(cursor_, &key, &value, step_) != MDB_SUCCESS) return false;
  step_ = MDB_NEXT;
  std::memcpy(&record, value.mv_data, sizeof record);
  return true;
}

void LmdbTable::end_scan() { mdb_txn_reset(reading_); }

}  // namespace heirloom::bench
