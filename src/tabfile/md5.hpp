// SPDX-License-Identifier: Apache-2.0
//
// MD5, as erlang:md5_init() and its sisters: a sum against accidents, not against people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <md5.h>

namespace heirloom::tabfile {

class Md5 {
 public:
  Md5() noexcept { ::MD5Init(&context_); }
  void update(std::string_view bytes) noexcept {
    ::MD5Update(&context_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  // The 16 bytes of the sum. Nothing may follow.
  [[nodiscard]] std::string finish() {
    std::string sum(MD5_DIGEST_LENGTH, '\0');
    ::MD5Final(reinterpret_cast<std::uint8_t*>(sum.data()), &context_);
    return sum;
  }

 private:
  ::MD5_CTX context_;
};

}  // namespace heirloom::tabfile
