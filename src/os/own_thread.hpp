// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

namespace heirloom::os {

// A thread that belongs to Heirloom, not to the program it runs in: it takes no signals, which are the program's, and has short
// turns (scheduling.hpp). Throws std::system_error when there is no thread to be had.
[[nodiscard]] std::thread start_own_thread(std::function<void()> body);

}  // namespace heirloom::os
