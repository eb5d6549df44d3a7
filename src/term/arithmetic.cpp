// SPDX-License-Identifier: Apache-2.0
#include "term/arithmetic.hpp"

#include <iterator>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>

#include "term/integer.hpp"

namespace heirloom::term {

namespace {

using Big = boost::multiprecision::cpp_int;

Big to_big(TermView integer) {
  const Word word = integer.word();
  if (is_small(word)) return Big(small_value(word));
  const Word* limbs = payload_of(integer.base(), word);
  Big value;
  import_bits(value, limbs, limbs + size_of(integer.base(), word), 64, false);
  return is_kind(word, Kind::negative_integer) ? Big(-value) : value;
}

}  // namespace

Term add(TermView left, TermView right) {
  if (is_small(left.word()) && is_small(right.word()))
    return Term(small_value(left.word()) + small_value(right.word()));
  const Big sum = to_big(left) + to_big(right);
  std::vector<Word> limbs;
  export_bits(Big(abs(sum)), std::back_inserter(limbs), 64, false);
  return make_integer(sum < 0, limbs);
}

}  // namespace heirloom::term
