// SPDX-License-Identifier: Apache-2.0
#include "storm/reader.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace heirloom::stress::storm {

void Reader::step() {
  const std::uint32_t choice = some(400);
  if (choice == 0) return walk();
  if (choice <= 2) return list();
  if (choice <= 4) return select();
  return choice % 2 == 0 ? look_up() : look_at_pair();
}

void Reader::look_up() {
  const std::uint32_t number = some(kCells);
  if (exists(kind_, family_of(number))) read_state(table_, kind_, some(kWriters), number);
}

// What is read later is never older.
void Reader::look_at_pair() {
  const std::uint32_t writer = some(kWriters);
  const std::uint32_t first = cell(Family::pair, 2 * some(kCellsOf[static_cast<std::size_t>(Family::pair)] / 2));
  const std::int64_t earlier = newest_of(read_state(table_, kind_, writer, first));
  const std::int64_t later = newest_of(read_state(table_, kind_, writer, first + 1));
  if (later >= earlier) return;
  throw BreachFound(Breach::half, "of the pair of keys " + std::to_string(key_of(writer, first)) +
                                      " the first is at stamp " + std::to_string(earlier) +
                                      ", and the second, read later, at " + std::to_string(later));
}

void Reader::require_once(std::vector<std::int64_t> keys, const char* how) const {
  if (kind_.is_bag()) return;
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return;
  throw BreachFound(Breach::doubled, std::string(how) + " finds key " + std::to_string(*twice) + " twice");
}

void Reader::list() {
  std::vector<std::int64_t> keys;
  for (const Term& one : table_.tab2list()) {
    require_whole(kind_, one);
    keys.push_back(one.element(1).as_int64());
  }
  require_once(keys, "tab2list");
}

void Reader::select() {
  static const MatchSpec whole(
      parse("[{{'$1','$2','$3','$4','_','_'},"
            "[{'=:=','$4',{'+',{'+',{'*','$1',31},{'*','$2',7}},{'*','$3',17}}}],['$_']}]"));
  static const MatchSpec all(parse("[{{'_','_','_','_','_','_'},[],['$_']}]"));
  // The shared accounts of sets have six elements, too, and add up otherwise.
  std::vector<std::int64_t> keys;
  for (const Term& one : table_.select(some(2) == 0 ? whole : all)) {
    require_whole(kind_, one);
    keys.push_back(one.element(1).as_int64());
  }
  require_once(keys, "select");
}

// With the table fixed: a process that dies then leaves a fixation behind.
void Reader::walk() {
  table_.safe_fixtable(true);
  std::vector<std::int64_t> keys;
  for (auto key = table_.first(); key; key = table_.next(*key)) keys.push_back(key->as_int64());
  table_.safe_fixtable(false);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end()) throw BreachFound(Breach::doubled, "a walk meets key " + std::to_string(*twice) + " twice");
}

}  // namespace heirloom::stress::storm
