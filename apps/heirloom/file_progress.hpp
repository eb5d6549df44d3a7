// SPDX-License-Identifier: Apache-2.0
//
// FileProgress: what saving and loading a table tells while it goes on: a bar on a terminal, and whether somebody pressed Ctrl-C.
#pragma once

#include <chrono>

#include <heirloom/heirloom.hpp>

#include "interrupts.hpp"
#include "progress.hpp"

namespace heirloom::cli {

class FileProgress {
 public:
  // For the call. It throws Interrupted through it.
  [[nodiscard]] TableFileProgressFunction function() {
    return [this](const TableFileProgress& now) {
      reached_ = now;
      bar_.show(now.objects, now.objects_total);
      interrupts_.throw_if_any();
    };
  }
  [[nodiscard]] const TableFileProgress& reached() const noexcept { return reached_; }

 private:
  Interrupts interrupts_;
  Progress bar_{{.unit = "objects", .patience = std::chrono::milliseconds(500)}};
  TableFileProgress reached_;
};

}  // namespace heirloom::cli
