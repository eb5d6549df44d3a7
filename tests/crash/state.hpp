// SPDX-License-Identifier: Apache-2.0
//
// State: what a table holds, as its readers see it; and Session: a process' use of the one table of a test.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "table/table.hpp"

namespace heirloom::crash {

inline constexpr Pid kCaller{1, 0};
inline constexpr std::uint32_t kStripes = 8;

// Whether a key may have several objects.
constexpr bool is_bag(TableType type) noexcept { return type == TableType::bag || type == TableType::duplicate_bag; }

using State = std::map<std::string, std::string>;  // text of the key -> text of its object; of a bag, of its objects

inline constexpr std::string_view kBetweenObjects = " & ";
std::size_t objects_in(const State& state);
std::vector<Term> objects_of(const std::string& text);

// A process that has the table of a test open.
class Session {
 public:
  explicit Session(int directory);
  ~Session() { attachment_.process->release_program_life(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void insert(const Term& object, int times = 1);
  void insert_many(std::span<const Term> objects);
  bool insert_new(const Term& object);
  void erase(const Term& key);
  // Reads everything and looks at all programs of the node once, as who has been there for long has.
  void settle_in();
  [[nodiscard]] const shm::SegmentHeader& segment() const noexcept { return segment_->header(); }
  table::Table& table() noexcept { return *table_; }

 private:
  shm::Attachment attachment_;
  std::shared_ptr<table::Table> table_;
  std::unique_ptr<shm::Segment> segment_;  // the same file, to look at
};

// The table of a test: always with this seed, so that each run has the same stripes and buckets.
inline constexpr std::uint64_t kSeed = 20240229;
void create_table(int directory, std::uint64_t max_bytes, TableType type = TableType::set, bool compressed = false);

// The first integers from `from` whose hash says this stripe and, in the bits of `mask`, this bucket.
std::vector<std::int64_t> keys_of(std::uint32_t stripe, std::size_t count, std::int64_t from = 0,
                                  std::uint64_t bucket = 0, std::uint64_t mask = 0);

struct Observation {
  State state;
  std::uint64_t size = 0;
  std::vector<std::string> faults;  // where readings contradict each other
};
// Reads without writing: tab2list, first and next, lookup of the keys of the table and of `other_keys`, size.
Observation observe(const table::Table& table, const std::vector<std::string>& other_keys);

}  // namespace heirloom::crash
