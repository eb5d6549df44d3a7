// SPDX-License-Identifier: Apache-2.0
#include "term/compare.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <boost/container/small_vector.hpp>

#include "term/fun.hpp"
#include "term/identifier.hpp"
#include "term/integer.hpp"
#include "term/key_range.hpp"
#include "term/term_kind.hpp"
#include "term/word.hpp"

namespace heirloom::term {

namespace {

using Order = std::weak_ordering;

double double_of(TermView view) noexcept { return std::bit_cast<double>(*payload_of(view.base(), view.word())); }

Order compare_doubles(double left, double right, Numbers numbers) noexcept {
  if (left < right) return Order::less;
  if (left > right) return Order::greater;
  if (numbers == Numbers::by_value) return Order::equivalent;
  return std::signbit(right) <=> std::signbit(left);
}

Order compare_numbers(TermView left, TermView right, Numbers numbers) noexcept {
  const bool left_integer = is_integer(left.word());
  const bool right_integer = is_integer(right.word());
  if (left_integer && right_integer) return compare_integers(left, right);
  if (!left_integer && !right_integer) return compare_doubles(double_of(left), double_of(right), numbers);
  if (numbers == Numbers::by_type) return right_integer <=> left_integer;
  return left_integer ? compare_integer(left, double_of(right)) : 0 <=> compare_integer(right, double_of(left));
}

std::string_view text_of(TermView atom) {
  return atom.atoms() != nullptr ? atom.atoms()->text(atom_id(atom.word())) : atom.as_atom().text();
}

Order compare_atoms(TermView left, TermView right) {
  if (left.atoms() == right.atoms() && left.word() == right.word()) return Order::equivalent;
  return text_of(left) <=> text_of(right);
}

std::uint64_t bits_of(TermView bitstring) noexcept {
  const Word word = bitstring.word();
  if (size_field(word) == 0) return 0;
  const std::uint64_t size = size_of(bitstring.base(), word);
  return kind_of(word) == Kind::binary ? size * 8 : size;
}

// By bits from the first one on; of two that agree as far as the shorter one goes, that one comes first. The unused bits of
// a last byte are zero, so that bytes can be compared.
Order compare_bitstrings(TermView left, TermView right) noexcept {
  const std::uint64_t left_bits = bits_of(left);
  const std::uint64_t right_bits = bits_of(right);
  const std::uint64_t bits = std::min(left_bits, right_bits);
  if (bits == 0) return left_bits <=> right_bits;
  const auto* a = reinterpret_cast<const unsigned char*>(payload_of(left.base(), left.word()));
  const auto* b = reinterpret_cast<const unsigned char*>(payload_of(right.base(), right.word()));
  if (const int bytes = std::memcmp(a, b, bits / 8); bytes != 0) return bytes <=> 0;
  if (bits % 8 != 0) {
    const unsigned mask = 0xFF00U >> (bits % 8);
    const unsigned x = a[bits / 8] & mask & 0xFF;
    const unsigned y = b[bits / 8] & mask & 0xFF;
    if (x != y) return x <=> y;
  }
  return left_bits <=> right_bits;
}

// The kinds as ranks: numbers are one.
int rank_of(TermView view) noexcept {
  const TermKind kind = term_kind(view.word());
  return kind == TermKind::integer ? static_cast<int>(TermKind::floating) : static_cast<int>(kind);
}

// Elements that are still to be compared, pair by pair, and what decides when all of them are equivalent.
struct Pending {
  const Word* left;
  const Word* right;
  std::uint64_t count;
  Order otherwise;
  Numbers numbers;
};

// With open words (key_range.hpp) on its right side, or without.
enum class Words { closed, open };

template <Words kWords>
class Comparison {
 public:
  // `open`: how everything compares with an open word.
  Comparison(TermView left, TermView right, Order open = Order::equivalent) noexcept
      : left_base_(left.base()),
        right_base_(right.base()),
        left_atoms_(left.atoms()),
        right_atoms_(right.atoms()),
        open_(open) {}

  Order run(Word left, Word right, Numbers numbers) {
    if (const Order order = step(left, right, numbers); order != 0) return order;
    while (!pending_.empty()) {
      Pending& top = pending_.back();
      if (top.count == 0) {
        if (top.otherwise != 0) return top.otherwise;
        pending_.pop_back();
        continue;
      }
      --top.count;
      const Word a = *top.left++;
      const Word b = *top.right++;
      if (const Order order = step(a, b, top.numbers); order != 0) return order;
    }
    return Order::equivalent;
  }

 private:
  // Compares two words as far as they go by themselves, and puts off their elements.
  Order step(Word left, Word right, Numbers numbers) {
    if (is_small(left) && is_small(right)) return small_value(left) <=> small_value(right);
    if (kWords == Words::open && (left == kOpen || right == kOpen))
      return left == right ? Order::equivalent : right == kOpen ? open_ : 0 <=> open_;
    const TermView a(left_base_, left, left_atoms_);
    const TermView b(right_base_, right, right_atoms_);
    if (const Order order = rank_of(a) <=> rank_of(b); order != 0) return order;
    switch (term_kind(left)) {
      case TermKind::integer:
      case TermKind::floating: return compare_numbers(a, b, numbers);
      case TermKind::atom: return compare_atoms(a, b);
      case TermKind::bitstring: return compare_bitstrings(a, b);
      case TermKind::nil: return Order::equivalent;
      case TermKind::tuple: return put_off_tuple(left, right, numbers);
      case TermKind::map: return put_off_map(left, right, numbers);
      case TermKind::list: return put_off_list(left, right, numbers);
      case TermKind::fun: return put_off_fun(left, right, numbers);
      default: return compare_identifiers(a, b);
    }
  }

  void put_off(Word left, Word right, std::uint64_t first, std::uint64_t count, Numbers numbers,
               Order otherwise = Order::equivalent) {
    // A frame that is used up is dropped here and not only when it is met again, so that a chain of last elements, as a
    // deeply nested list is, does not grow the stack.
    while (!pending_.empty() && pending_.back().count == 0 && pending_.back().otherwise == 0) pending_.pop_back();
    pending_.push_back(
        {elements_of(left_base_, left) + first, elements_of(right_base_, right) + first, count, otherwise, numbers});
  }

  Order put_off_tuple(Word left, Word right, Numbers numbers) {
    const std::uint64_t size = size_field(left);
    if (size != size_field(right)) return size <=> size_field(right);
    put_off(left, right, 0, size, numbers);
    return Order::equivalent;
  }

  Order put_off_map(Word left, Word right, Numbers numbers) {
    const std::uint64_t size = size_field(left);
    if (size != size_field(right)) return size <=> size_field(right);
    put_off(left, right, size, size, numbers);
    put_off(left, right, 0, size, Numbers::by_type);
    return Order::equivalent;
  }

  // Exports come after other funs, ordered by module, function and arity. Others by what tells them apart, by the number of
  // free variables, and by these. Who made them does not count.
  Order put_off_fun(Word left, Word right, Numbers numbers) {
    if (is_export(left) != is_export(right)) return is_export(left) <=> is_export(right);
    const std::uint64_t left_size = size_field(left);
    const std::uint64_t right_size = size_field(right);
    if (!is_export(left) && left_size == right_size) {
      put_off(left, right, kFunFree, left_size - kFunFree, numbers);
      put_off(left, right, kFunVersion, kFunCreator - kFunVersion, numbers);
    }
    put_off(left, right, kFunIdentity, kExportElements, numbers, left_size <=> right_size);
    return Order::equivalent;
  }

  // A list is compared cell by cell: where one ends, its tail is compared with what is left of the other one.
  Order put_off_list(Word left, Word right, Numbers numbers) {
    const std::uint64_t left_size = size_field(left);
    const std::uint64_t right_size = size_field(right);
    const bool tails =
        left_size == right_size && is_kind(left, Kind::improper_list) && is_kind(right, Kind::improper_list);
    const std::uint64_t common = std::min(left_size, right_size);
    if (kWords == Words::open) {
      const bool left_open = has_open_tail(left_base_, left);
      const bool right_open = has_open_tail(right_base_, right);
      if ((left_open && left_size <= right_size) || (right_open && right_size <= left_size)) {
        const bool same = left_open && right_open && left_size == right_size;
        put_off(left, right, 0, common, numbers,
                same                                    ? Order::equivalent
                : right_open && right_size <= left_size ? open_
                                                        : 0 <=> open_);
        return Order::equivalent;
      }
    }
    put_off(left, right, 0, common + (tails ? 1 : 0), numbers,
            tails ? Order::equivalent : rest_rank(left_base_, left, common) <=> rest_rank(right_base_, right, common));
    return Order::equivalent;
  }

  static bool has_open_tail(const Word* base, Word list) noexcept {
    return is_kind(list, Kind::improper_list) && elements_of(base, list)[size_field(list)] == kOpen;
  }

  // The rank of what is left of a list behind its first `count` elements.
  static int rest_rank(const Word* base, Word list, std::uint64_t count) noexcept {
    if (size_field(list) > count) return static_cast<int>(TermKind::list);
    if (is_kind(list, Kind::list)) return static_cast<int>(TermKind::nil);
    return rank_of(TermView(base, elements_of(base, list)[count], nullptr));
  }

  const Word* left_base_;
  const Word* right_base_;
  const AtomSpace* left_atoms_;
  const AtomSpace* right_atoms_;
  Order open_;
  boost::container::small_vector<Pending, 6> pending_;
};

}  // namespace

std::weak_ordering compare(TermView left, TermView right, Numbers numbers) {
  if (is_small(left.word()) && is_small(right.word())) return small_value(left.word()) <=> small_value(right.word());
  return Comparison<Words::closed>(left, right).run(left.word(), right.word(), numbers);
}

std::weak_ordering compare_to_edge(TermView key, TermView edge, Edge kind) {
  const Order open = kind == Edge::below ? Order::greater : Order::less;
  return Comparison<Words::open>(key, edge, open).run(key.word(), edge.word(), Numbers::by_value);
}

}  // namespace heirloom::term

namespace heirloom {

std::weak_ordering compare(TermView left, TermView right) {
  return term::compare(left, right, term::Numbers::by_value);
}

}  // namespace heirloom
