// SPDX-License-Identifier: Apache-2.0
//
// For tests: which error a call fails with.
#pragma once

#include "heirloom/error.hpp"

namespace heirloom {

// The code of what it throws; ErrorCode{} when it does not.
template <typename Call>
ErrorCode code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode{};
}

}  // namespace heirloom
