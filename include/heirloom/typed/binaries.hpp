// SPDX-License-Identifier: Apache-2.0
//
// Text and bytes: binaries.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heirloom/typed/codec.hpp"

namespace heirloom::typed {

// Vectors and arrays of these are binaries; of all other types, lists.
template <typename T>
concept Byte = std::same_as<T, std::byte> || std::same_as<T, char> || std::same_as<T, unsigned char>;

template <typename Bytes>
std::string_view bytes_of(const Bytes& bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <>
struct Codec<std::string_view> : CodecOf<> {
  static constexpr bool kBorrows = true;

  template <typename Sink>
  static void put(Sink& sink, std::string_view value) {
    sink.bytes(value);
  }
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    std::string_view bytes;
    if (!read_binary(view, bytes)) return reading.refuse(view, expected);
    into = bytes;
    return true;
  }
  static std::string expected() { return "a binary"; }
};

template <>
struct Codec<std::string> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, const std::string& value) {
    sink.bytes(value);
  }
  static bool read(Reading& reading, const TermView& view, std::string& into) {
    std::string_view bytes;
    if (!read_binary(view, bytes)) return reading.refuse(view, expected);
    into = bytes;
    return true;
  }
  static std::string expected() { return "a binary"; }
};

// Only to write: bytes in a term do not end in a zero.
template <>
struct Codec<const char*> : CodecOf<> {
  static constexpr bool kReadable = false;

  template <typename Sink>
  static void put(Sink& sink, const char* value) {
    if (value == nullptr) throw Error(ErrorCode::badarg, "make a term", "a null pointer is no binary");
    sink.bytes(value);
  }
};

template <Byte T>
struct Codec<std::vector<T>> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, const std::vector<T>& value) {
    sink.bytes(bytes_of(value));
  }
  static bool read(Reading& reading, const TermView& view, std::vector<T>& into) {
    std::string_view bytes;
    if (!read_binary(view, bytes)) return reading.refuse(view, expected);
    const auto* first = reinterpret_cast<const T*>(bytes.data());
    into.assign(first, first + bytes.size());
    return true;
  }
  static std::string expected() { return "a binary"; }
};

template <Byte T, std::size_t N>
struct Codec<std::array<T, N>> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, const std::array<T, N>& value) {
    sink.bytes(bytes_of(value));
  }
  static bool read(Reading& reading, const TermView& view, std::array<T, N>& into) {
    std::string_view bytes;
    if (!read_binary(view, bytes) || bytes.size() != N) return reading.refuse(view, expected);
    std::copy_n(reinterpret_cast<const T*>(bytes.data()), N, into.begin());
    return true;
  }
  static std::string expected() { return "a binary of " + std::to_string(N) + " bytes"; }
};

}  // namespace heirloom::typed
