// SPDX-License-Identifier: Apache-2.0
#include "tabfile_maker.hpp"

#include <algorithm>
#include <array>

#include "heirloom/external.hpp"

#include "tabfile/format.hpp"

namespace heirloom::oracle {

using namespace literals;
using namespace tabfile;

// None of the letters whose tags only a VM may write for itself.
std::string TableFileMaker::bytes(std::size_t count) {
  std::string text(count, '\0');
  for (char& byte : text) byte = static_cast<char>('a' + below(26));
  return text;
}

// Now and then something that is no object, or no term.
std::string TableFileMaker::object(std::uint64_t number, std::size_t padding_max) {
  if (one_in(900)) {
    static const Term odd = parse(
        "[a, 7, {}, [], #{}, ['$end_of_table', []], ['$end_of_table', [{count, 3}]], ['$end_of_table'],"
        " {'EXIT'}, {1}, {a, b, c, d, e}]");
    return to_external(one_of(odd));
  }
  const Term key = one_in(40) ? Term(below(number + 1)) : Term(number);
  const std::string padding = bytes(below(padding_max));
  const Term object = one_in(3) ? Term{key, padding} : Term{key, "some"_atom, padding, list({number, 1.5})};
  std::string term = to_external(object, {.compression = one_in(30) ? 6 : 0});
  if (one_in(200)) term += bytes(1 + below(5));
  return term;
}

Term TableFileMaker::header(std::uint64_t size, bool object_count, bool md5sum) {
  static const Term types = parse("[set, ordered_set, bag, duplicate_bag]");
  std::vector<Term> extended;
  if (object_count) extended.emplace_back("object_count"_atom);
  if (md5sum) extended.emplace_back("md5sum"_atom);
  std::vector<Term> pairs = {{"name"_atom, "t"_atom},
                             {"size"_atom, one_in(12) ? Term(below(9)) : Term(size)},
                             {"named_table"_atom, one_in(2)},
                             {"type"_atom, one_of(types)},
                             {"keypos"_atom, one_in(6) ? 2 : 1},
                             {"protection"_atom, "public"_atom},
                             {"major_version"_atom, 1},
                             {"minor_version"_atom, 0},
                             {"extended_info"_atom, list(extended)}};
  if (one_in(2)) pairs.push_back({"compressed"_atom, one_in(2)});
  if (one_in(2)) pairs.push_back({"write_concurrency"_atom, one_in(2)});
  if (one_in(2)) pairs.push_back({"read_concurrency"_atom, one_in(2)});
  std::shuffle(pairs.begin(), pairs.end(), random_);
  if (one_in(5)) {
    static const Term odd = parse(
        "[{name, \"t\"}, {name, t}, {name, t, t}, {type, none}, {type, public}, {type, compressed}, {protection, all},"
        " {named_table, yes}, {keypos, 0}, {keypos, a}, {keypos, 3}, {size, 0}, {size, 2.0}, {size, many}, {size},"
        " {major_version, 2}, {major_version, 0}, {major_version, a}, {minor_version, 7}, {major, 2}, {minor, 1},"
        " {extended_info, md5sum}, {extended_info, [md5sum | object_count]}, {extended_info, [other, md5sum]},"
        " {extended_info}, {compressed, 1}, {write_concurrency, auto}, {write_concurrency, 1}, {write_concurrency},"
        " {read_concurrency, 1}, {read_concurrency, a, b}, {}, [], a, {{name, t}, 1}]");
    const std::size_t place = below(pairs.size());
    switch (below(3)) {
      case 0: pairs[place] = one_of(odd); break;
      case 1: pairs.insert(pairs.begin() + static_cast<std::ptrdiff_t>(place), one_of(odd)); break;
      default: pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(place));
    }
  }
  return one_in(60) ? list(pairs) : tuple(pairs);
}

Term TableFileMaker::footer(const std::vector<std::string>& terms, bool object_count, bool md5sum) {
  Md5 sum;
  for (const std::string& term : terms) sum.update(term);
  std::vector<Term> end;
  if (object_count) end.push_back({"count"_atom, one_in(20) ? terms.size() : terms.size() - 1});
  if (md5sum) end.push_back({"md5"_atom, one_in(20) ? Term(bytes(16)) : Term(sum.finish())});
  Term said = list(end);
  if (one_in(15)) {
    static const Term odd = parse(
        "[a, [{count, 1} | a], [{count}], [{md5, 1}, {count, 2.0}], [a, {count, 3, 4}, b], {count, 1},"
        " [{count, none}, {count, 4}]]");
    said = one_of(odd);
  }
  return list({"$end_of_table"_atom, said});
}

std::vector<std::string> TableFileMaker::terms() {
  static constexpr std::array<std::uint64_t, 8> kCounts = {0, 1, 2, 5, 99, 100, 101, 350};
  static constexpr std::array<std::uint64_t, 5> kPaddings = {1, 30, 300, 3000, 20};
  const std::uint64_t objects = one_in(3) ? kCounts[below(kCounts.size())] : below(260);
  const std::size_t padding = kPaddings[below(kPaddings.size())];
  const bool object_count = one_in(2);
  const bool md5sum = one_in(2);
  std::vector<std::string> terms = {to_external(header(objects, object_count, md5sum))};
  for (std::uint64_t i = 0; i < objects; ++i) {
    // Around the least size of a long item, too.
    const bool is_long = one_in(150);
    terms.push_back(is_long ? to_external(Term{i, bytes(65460 + below(one_in(2) ? 80 : 9000))}) : object(i, padding));
  }
  if (object_count || md5sum) terms.push_back(to_external(footer(terms, object_count, md5sum)));
  return terms;
}

void TableFileMaker::damage_terms(std::vector<std::string>& terms) {
  const std::size_t place = below(terms.size());
  const auto at = terms.begin() + static_cast<std::ptrdiff_t>(place);
  switch (below(6)) {
    case 0: terms.erase(at); break;
    case 1: terms.insert(at, std::string(*at)); break;
    case 2: std::swap(*at, terms[below(terms.size())]); break;
    case 3: at->resize(below(at->size() + 1)); break;
    case 4: (*at)[0] = static_cast<char>(below(256)); break;
    default: (*at)[below(at->size())] ^= static_cast<char>(1U << below(8));
  }
  if (terms.empty()) terms.emplace_back();
}

std::string TableFileMaker::framed(const std::string& term) {
  const std::string size = size_bytes(static_cast<std::uint32_t>(term.size()));
  if (one_in(400)) return size + std::string(kOldItemMagic) + term;
  return size + std::string(kItemMagic) + (term.size() >= kLongItemBytes ? sum_of_size(size) : "") + term;
}

void TableFileMaker::damage_bytes(std::string& file, const std::vector<std::size_t>& begins) {
  // Near the beginning of an item more often than anywhere.
  std::size_t at = one_in(3) ? below(file.size()) : begins[below(begins.size())] + below(26);
  at = std::min(at, file.size() - 1);
  const std::size_t few = one_in(3) ? below(400) : 1 + below(12);
  switch (below(7)) {
    case 0: file.resize(at); break;
    case 1: file.resize(file.size() - std::min(file.size(), below(40))); break;
    case 2: file.insert(at, bytes(few)); break;
    case 3: file.erase(at, few); break;
    case 4: file[at] = static_cast<char>(below(256)); break;
    case 5: file.insert(at, file.substr(at, few)); break;
    default: file[at] = static_cast<char>(file[at] ^ (1U << below(8)));
  }
}

std::string TableFileMaker::file() {
  std::vector<std::string> all = terms();
  if (one_in(3)) damage_terms(all);
  std::string file = std::string(kLogMagic) + std::string(one_in(6) ? kOpened : kClosed);
  std::vector<std::size_t> begins = {0};
  for (const std::string& term : all) {
    begins.push_back(file.size());
    file += framed(term);
  }
  for (std::uint64_t damages = one_in(3) ? 0 : 1 + below(3); damages > 0 && !file.empty(); --damages) {
    damage_bytes(file, begins);
  }
  return file;
}

}  // namespace heirloom::oracle
