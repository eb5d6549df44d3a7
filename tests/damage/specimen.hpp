// SPDX-License-Identifier: Apache-2.0
//
// Specimen: a small table with everything in it that a segment can hold, and its file as bytes, to be damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "table/table.hpp"
#include "table/table_fixture.hpp"

namespace heirloom::damage {

inline constexpr Pid kCaller{1, 0};
inline const std::string kSegmentFile = "tables/1";

// What somebody had under way.
enum class Remains { none, armed_intent, half_inserted, grave, draining };

struct Kind {
  std::string_view name;
  TableType type;
  bool compressed = false;
  Remains remains = Remains::none;
};
inline void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
inline constexpr Kind kKinds[] = {
    {"set", TableType::set},
    {"ordered_set", TableType::ordered_set},
    {"bag", TableType::bag},
    {"duplicate_bag", TableType::duplicate_bag},
    {"compressed_set", TableType::set, true},
    {"compressed_ordered_set", TableType::ordered_set, true},
    {"set_with_an_armed_intent", TableType::set, false, Remains::armed_intent},
    {"set_with_an_insert_half_done", TableType::set, false, Remains::half_inserted},
    {"bag_with_a_grave", TableType::bag, false, Remains::grave},
    {"set_being_drained", TableType::set, false, Remains::draining},
    {"ordered_set_with_a_grave", TableType::ordered_set, false, Remains::grave},
};

class Specimen {
 public:
  // In the node; its segment is that of `kSegmentFile`. Throws std::runtime_error when nobody could be killed at the right moment.
  Specimen(const table::TestNode& node, const Kind& kind);

  [[nodiscard]] const std::vector<Term>& keys() const noexcept { return keys_; }  // that were ever inserted
  [[nodiscard]] const std::vector<Term>& others() const noexcept {
    return others_;
  }  // one of each stripe, of no object
  [[nodiscard]] std::size_t file_bytes() const noexcept { return file_bytes_; }
  // Offsets of the bytes worth damaging: those of cache lines in which there is anything.
  [[nodiscard]] const std::vector<std::uint64_t>& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint8_t byte(std::uint64_t offset) const;

  // Makes the file what it was.
  void restore();
  void write(std::uint64_t offset, std::string_view bytes) const;
  void cut(std::uint64_t bytes) const;

 private:
  struct Part {
    std::uint64_t offset;
    std::string bytes;
  };
  void fill(const table::TestNode& node);
  void fill_for_draining(table::Table& table);
  void leave_remains(const table::TestNode& node);
  [[nodiscard]] bool has_remains() const;
  void hold_with_remains(pid_t writer) const;
  void read();

  Kind kind_;
  std::string path_;
  os::Fd file_;
  std::uint64_t file_bytes_ = 0;
  std::vector<Part> parts_;
  std::vector<std::uint64_t> bytes_;
  std::vector<Term> keys_;
  std::vector<Term> others_;
};

}  // namespace heirloom::damage
