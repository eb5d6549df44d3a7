// SPDX-License-Identifier: Apache-2.0
//
// Finding: one thing that heirloom doctor has looked at, what it is like, and what to do about it.
#pragma once

#include <string>
#include <string_view>

namespace heirloom::cli::doctor {

enum class Gravity {
  fine,
  note,     // good to know
  warning,  // will hurt one day
  bad       // hurts now
};

constexpr std::string_view to_string(Gravity gravity) noexcept {
  switch (gravity) {
    case Gravity::fine: return "fine";
    case Gravity::note: return "note";
    case Gravity::warning: return "warning";
    case Gravity::bad: break;
  }
  return "bad";
}

struct Finding {
  Gravity gravity;
  std::string topic;
  std::string what;
  std::string cure = {};  // empty: none is needed
};

}  // namespace heirloom::cli::doctor
