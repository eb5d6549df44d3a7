// SPDX-License-Identifier: Apache-2.0
//
// Numbers, booleans, atoms, pids, times and whole terms.
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "heirloom/typed/codec.hpp"

namespace heirloom::typed {

template <std::integral T>
requires(sizeof(T) <= sizeof(std::uint64_t)) struct Codec<T> : CodecOf<> {
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;

  template <typename Sink>
  static void put(Sink& sink, T value) {
    sink.integer(static_cast<Wide>(value));
  }

  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Wide value = 0;
    if (!read_integer(view, value) || value < kMin || value > kMax) {
      return reading.refuse(view, [&] { return view.is_integer() ? expected_range() : expected(); });
    }
    into = static_cast<T>(value);
    return true;
  }

  static std::string expected() { return "an integer"; }

 private:
  static constexpr Wide kMin = static_cast<Wide>(std::numeric_limits<T>::min());
  static constexpr Wide kMax = static_cast<Wide>(std::numeric_limits<T>::max());

  static std::string expected_range() {
    return "an integer from " + std::to_string(kMin) + " to " + std::to_string(kMax);
  }
};

// Not long double, which a term cannot hold.
template <typename T>
requires(std::same_as<T, float> || std::same_as<T, double>) struct Codec<T> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, T value) {
    sink.floating(static_cast<double>(value));
  }

  // A double is rounded to the nearest float.
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    double value = 0;
    if (!read_float(view, value) || !std::isfinite(static_cast<T>(value))) {
      return reading.refuse(view, [&] { return view.is_float() ? "a float of 32 bits" : expected(); });
    }
    into = static_cast<T>(value);
    return true;
  }

  static std::string expected() { return "a float"; }
};

template <>
struct Codec<bool> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, bool value) {
    sink.boolean(value);
  }
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    const bool value = is_true(view);
    if (!value && !is_false(view)) return reading.refuse(view, expected);
    into = value;
    return true;
  }
  static std::string expected() { return "true or false"; }
};

template <>
struct Codec<Atom> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, Atom value) {
    sink.atom(value);
  }
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    if (!view.is_atom()) return reading.refuse(view, expected);
    into = view.as_atom();
    return true;
  }
  static std::string expected() { return "an atom"; }
};

template <>
struct Codec<Pid> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, Pid value) {
    sink.pid(value);
  }
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Pid value;
    if (!read_pid(view, value)) return reading.refuse(view, expected);
    into = value;
    return true;
  }
  static std::string expected() { return "a pid of this node"; }
};

template <>
struct Codec<Term> : CodecOf<> {
  template <typename Sink>
  static void put(Sink& sink, const Term& value) {
    sink.term(value);
  }
  template <typename Into>
  static bool read(Reading& /*reading*/, const TermView& view, Into& into) {
    into = Term(view);
    return true;
  }
  static std::string expected() { return "any term"; }
};

template <>
struct Codec<TermView> : CodecOf<> {
  static constexpr bool kBorrows = true;

  template <typename Sink>
  static void put(Sink& sink, TermView value) {
    sink.term(value);
  }
  template <typename Into>
  static bool read(Reading& /*reading*/, const TermView& view, Into& into) {
    into = view;
    return true;
  }
  static std::string expected() { return "any term"; }
};

// The count of a duration, in its own unit.
template <typename Rep, typename Period>
struct Codec<std::chrono::duration<Rep, Period>> : CodecOf<Rep> {
  using Duration = std::chrono::duration<Rep, Period>;

  template <typename Sink>
  static void put(Sink& sink, Duration value) {
    Codec<Rep>::put(sink, value.count());
  }
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Slot<Rep> count;
    if (!count.read(reading, view)) return false;
    into = Duration(count.take());
    return true;
  }
  static std::string expected() { return Codec<Rep>::expected(); }
};

// The time since the clock's epoch, in the unit of the time point.
template <typename Clock, typename Duration>
struct Codec<std::chrono::time_point<Clock, Duration>> : CodecOf<Duration> {
  using TimePoint = std::chrono::time_point<Clock, Duration>;

  template <typename Sink>
  static void put(Sink& sink, TimePoint value) {
    Codec<Duration>::put(sink, value.time_since_epoch());
  }
  template <typename Into>
  static bool read(Reading& reading, const TermView& view, Into& into) {
    Slot<Duration> since;
    if (!since.read(reading, view)) return false;
    into = TimePoint(since.take());
    return true;
  }
  static std::string expected() { return Codec<Duration>::expected(); }
};

}  // namespace heirloom::typed
