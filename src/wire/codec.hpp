// SPDX-License-Identifier: Apache-2.0
//
// Bytes of messages and journal records. A struct lists its fields once, in `fields(self)`, and is written and read by
// that one list: the two can not drift apart. Numbers are little-endian and of fixed size, a string or a list is preceded
// by a 32-bit count, a variant by one byte that says which.
//
//   struct Whereis {
//     std::string name;
//     static auto fields(auto& self) { return std::tie(self.name); }
//   };
//   std::string bytes = wire::encode(Whereis{"server"});
//   Result<Whereis> back = wire::decode<Whereis>(bytes);
//
// decode() judges bytes from outside: whatever they are, it answers with a value or a Failure that says at which byte it
// stopped, it allocates no more than the bytes it was given can fill, and it accepts no byte left over.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "heirloom/pid.hpp"

#include "base/result.hpp"

namespace heirloom::wire {

template <typename T>
concept Record = requires(T& value) {
  T::fields(value);
};
template <typename T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T>;

class Writer {
 public:
  [[nodiscard]] std::string take() && { return std::move(bytes_); }

  template <Number T>
  void put(T value) {
    // Both supported machines are little-endian (checked below), so the bytes of the value are the bytes of the wire.
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.append(raw, sizeof(T));
  }
  void put(const std::string& text) {
    put(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  void put(Pid pid) { put(pid.packed()); }
  void put(std::monostate /*nothing*/) {}
  template <typename T>
  void put(const std::optional<T>& value) {
    put(static_cast<std::uint8_t>(value.has_value()));
    if (value) put(*value);
  }
  template <typename T>
  void put(const std::vector<T>& values) {
    put(static_cast<std::uint32_t>(values.size()));
    for (const T& value : values) put(value);
  }
  template <typename... T>
  void put(const std::variant<T...>& value) {
    static_assert(sizeof...(T) < 256, "one byte says which alternative follows");
    put(static_cast<std::uint8_t>(value.index()));
    std::visit([&](const auto& alternative) { put(alternative); }, value);
  }
  template <Record T>
  void put(const T& record) {
    std::apply([&](const auto&... field) { (put(field), ...); }, T::fields(record));
  }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - position_; }

  template <Number T>
  void get(T& value) {
    if (left() < sizeof(T)) return stop();
    if constexpr (std::is_same_v<T, bool>) {
      const auto byte = static_cast<unsigned char>(bytes_[position_]);
      if (byte > 1) return stop();
      value = byte == 1;
    } else {
      std::memcpy(&value, bytes_.data() + position_, sizeof(T));
      if constexpr (requires { wire_valid(value); }) {
        if (!wire_valid(value)) return stop();
      }
    }
    position_ += sizeof(T);
  }
  void get(std::string& text) {
    std::uint32_t count = 0;
    get(count);
    if (failed_ || count > left()) return stop();
    text.assign(bytes_.data() + position_, count);
    position_ += count;
  }
  void get(Pid& pid) {
    std::uint64_t packed = 0;
    get(packed);
    pid = Pid::unpack(packed);
  }
  void get(std::monostate& /*nothing*/) {}
  template <typename T>
  void get(std::optional<T>& value) {
    bool present = false;
    get(present);
    value.reset();
    if (present && !failed_) get(value.emplace());
  }
  template <typename T>
  void get(std::vector<T>& values) {
    std::uint32_t count = 0;
    get(count);
    values.clear();
    // Every element takes at least one byte, so a count beyond what is left is a lie; it is found before it costs memory.
    if (failed_ || count > left()) return stop();
    for (std::uint32_t index = 0; index < count && !failed_; ++index) get(values.emplace_back());
  }
  template <typename... T>
  void get(std::variant<T...>& value) {
    std::uint8_t which = 0;
    get(which);
    if (failed_ || which >= sizeof...(T)) return stop();
    get_alternative(value, which, std::index_sequence_for<T...>());
  }
  template <Record T>
  void get(T& record) {
    std::apply([&](auto&... field) { (get(field), ...); }, T::fields(record));
  }

 private:
  template <typename Variant, std::size_t... I>
  void get_alternative(Variant& value, std::size_t which, std::index_sequence<I...> /*all*/) {
    ((I == which ? get(value.template emplace<I>()) : void()), ...);
  }
  void stop() { failed_ = true; }

  std::string_view bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the wire is little-endian, and so are the supported machines");

template <typename T>
[[nodiscard]] std::string encode(const T& value) {
  Writer writer;
  writer.put(value);
  return std::move(writer).take();
}

template <typename T>
[[nodiscard]] Result<T> decode(std::string_view bytes) {
  Reader reader(bytes);
  T value{};
  reader.get(value);
  if (reader.failed()) {
    return fail(ErrorCode::corrupt, "a message of " + std::to_string(bytes.size()) +
                                        " bytes breaks off or is malformed at byte " +
                                        std::to_string(reader.position()));
  }
  if (reader.left() != 0) {
    return fail(ErrorCode::corrupt, std::to_string(reader.left()) + " bytes too many after a message of " +
                                        std::to_string(reader.position()));
  }
  return value;
}

}  // namespace heirloom::wire
