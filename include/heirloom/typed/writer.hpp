// SPDX-License-Identifier: Apache-2.0
//
// Writer: the second of the two walks over a value that becomes a term. Each function appends one term to the container that
// was opened last, or makes it the root.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "heirloom/typed/codec.hpp"
#include "heirloom/typed/measure.hpp"

namespace heirloom::typed {

class Writer {
 public:
  static constexpr bool kWrites = true;

  // Writes what `measure` has measured. Should the value change between the walks - another thread writes to it, a
  // conversion says something else the second time -, it is refused with Error{badarg}; nothing is written out of bounds.
  explicit Writer(Measure& measure);

  void integer(std::int64_t value);
  void integer(std::uint64_t value);
  void floating(double value);  // Error{badarg} for NaN and infinity
  void boolean(bool value);
  void undefined();
  void atom(Atom value);
  void pid(Pid value);
  void bytes(std::string_view value);
  void term(TermView value);

  // As many terms as `size` follow, for a map all keys in the order of keys and then all values, and then close().
  void open_tuple(std::size_t size);
  void open_list(std::size_t size);  // with close_list(size), since a list without elements is nil
  void open_map(std::size_t pairs);
  void close_list(std::size_t size) noexcept { depth_ -= size != 0; }
  void close() noexcept { --depth_; }

  // Error{badarg} when the last term is the atom `undefined`, by which an optional is empty.
  void refuse_undefined() const;

  [[nodiscard]] Term finish() &&;

 private:
  [[nodiscard]] std::uint64_t elements();
  std::uint64_t& place();
  std::uint64_t* place_payload(std::uint64_t words, std::uint64_t& offset);
  void put_number(unsigned kind, std::uint64_t payload);
  void open(unsigned kind, std::size_t size, std::uint64_t words);

  Levels& levels_;
  Term term_;
  std::uint64_t* block_;
  std::size_t depth_ = 0;
};

// A value as a term: the two walks.
template <typename T>
Term term_of(const T& value) {
  Measure measure;
  Codec<T>::put(measure, value);
  Writer writer(measure);
  Codec<T>::put(writer, value);
  return std::move(writer).finish();
}

// The order of keys in a map. Error{badarg} when two of them are equal.
[[nodiscard]] std::vector<std::size_t> order_of_keys(const std::vector<Term>& keys);

}  // namespace heirloom::typed
