// SPDX-License-Identifier: Apache-2.0
#include "term/order_prefix.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "term/arithmetic.hpp"
#include "term/key_range.hpp"

namespace heirloom::term {

namespace {

constexpr std::uint64_t kAritiesTold = 15;
constexpr std::uint64_t kMapSizesTold = 255;

// Beyond all floats it is infinite. A float on either side of the integer stays there, or becomes equal.
double nearest_double(TermView integer) {
  if (const std::optional<double> value = to_double(integer)) return *value;
  return is_kind(integer.word(), Kind::negative_integer) ? -HUGE_VAL : HUGE_VAL;
}

std::uint64_t first_bytes(const char* bytes, std::uint64_t count) noexcept {
  std::uint64_t result = 0;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, 8); ++i) {
    result |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (56 - 8 * i);
  }
  return result;
}

std::uint64_t first_bytes_of_bitstring(TermView bitstring) noexcept {
  const Word word = bitstring.word();
  if (size_field(word) == 0) return 0;
  const std::uint64_t size = size_of(bitstring.base(), word);
  const std::uint64_t bytes = is_kind(word, Kind::binary) ? size : size / 8 + (size % 8 != 0);
  return first_bytes(reinterpret_cast<const char*>(payload_of(bitstring.base(), word)), bytes);
}

std::uint64_t first_bytes_of_atom(TermView atom) {
  const std::string_view text =
      atom.atoms() != nullptr ? atom.atoms()->text(atom_id(atom.word())) : atom.as_atom().text();
  return first_bytes(text.data(), text.size());
}

// Bits from the highest one down.
class Prefix {
 public:
  [[nodiscard]] bool full() const noexcept { return left_ == 0; }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }
  void append(std::uint64_t bits, unsigned count) noexcept { append_highest(bits << (64 - count), count); }
  void fill(bool ones) noexcept { append_highest(ones ? ~std::uint64_t{0} : 0); }
  // As many of the highest `count` bits as there is room for.
  void append_highest(std::uint64_t bits, unsigned count = 64) noexcept {
    if (full()) return;
    value_ |= bits >> (64 - left_);
    left_ -= std::min(left_, count);
  }

 private:
  std::uint64_t value_ = 0;
  unsigned left_ = 64;
};

// `open`: what follows an open word, if there may be one.
std::uint64_t prefix_of(TermView term, std::optional<Edge> open) {
  Prefix prefix;
  while (!prefix.full()) {
    if (open && term.word() == kOpen) {
      prefix.fill(*open == Edge::above);
      return prefix.value();
    }
    const TermKind kind = term_kind(term.word());
    const bool number = kind == TermKind::integer || kind == TermKind::floating;
    prefix.append(static_cast<std::uint64_t>(number ? TermKind::floating : kind), kRankBits);
    switch (kind) {
      case TermKind::integer: prefix.append_highest(ascending(nearest_double(term))); return prefix.value();
      case TermKind::floating:
        prefix.append_highest(ascending(std::bit_cast<double>(*payload_of(term.base(), term.word()))));
        return prefix.value();
      case TermKind::atom: prefix.append_highest(first_bytes_of_atom(term)); return prefix.value();
      case TermKind::bitstring: prefix.append_highest(first_bytes_of_bitstring(term)); return prefix.value();
      case TermKind::map: prefix.append(std::min(size_field(term.word()), kMapSizesTold), 8); return prefix.value();
      case TermKind::tuple: {
        const std::uint64_t size = size_field(term.word());
        prefix.append(std::min(size, kAritiesTold), 4);
        if (size == 0 || size >= kAritiesTold) return prefix.value();
        break;
      }
      case TermKind::list: break;
      default: return prefix.value();
    }
    term = TermView(term.base(), *elements_of(term.base(), term.word()), term.atoms());
  }
  return prefix.value();
}

}  // namespace

std::uint64_t order_prefix_of_other(TermView term) { return prefix_of(term, std::nullopt); }
std::uint64_t order_prefix_of_edge(TermView edge, Edge kind) { return prefix_of(edge, kind); }

}  // namespace heirloom::term
