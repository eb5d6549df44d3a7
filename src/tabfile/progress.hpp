// SPDX-License-Identifier: Apache-2.0
//
// Telling now and then how far a call has come.
#pragma once

#include "heirloom/table_file.hpp"

namespace heirloom::tabfile {

class Progress {
 public:
  explicit Progress(const TableFileProgressFunction& tell) : tell_(tell) {}

  void reached(const TableFileProgress& now) {
    if (!tell_ || (now.objects < next_objects_ && now.bytes < next_bytes_)) return;
    finished(now);
  }
  void finished(const TableFileProgress& now) {
    if (!tell_) return;
    next_objects_ = now.objects + kObjects;
    next_bytes_ = now.bytes + kBytes;
    tell_(now);
  }

 private:
  static constexpr std::uint64_t kObjects = 10'000;
  static constexpr std::uint64_t kBytes = std::uint64_t{64} << 20;

  const TableFileProgressFunction& tell_;
  std::uint64_t next_objects_ = kObjects;
  std::uint64_t next_bytes_ = kBytes;
};

}  // namespace heirloom::tabfile
