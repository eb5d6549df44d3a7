// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

struct session {     // the record of session.hrl
  std::string user;  // the key
  std::int64_t hits = 0;
  std::int64_t twice = 0;  // as many hits once more: a reader that sees anything else has seen half of a write
  std::string city;
};
