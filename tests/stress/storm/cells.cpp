// SPDX-License-Identifier: Apache-2.0
#include "storm/cells.hpp"

#include <array>
#include <string>

namespace heirloom::stress::storm {

namespace {

bool objects_grow = false;

std::int64_t sum_of(std::int64_t key, std::int64_t writer, std::int64_t stamp) {
  return key * 31 + writer * 7 + stamp * 17;
}

// Mostly small; one in 97 is so large that it lies in pages of its own.
std::size_t text_bytes(std::int64_t stamp) {
  if (objects_grow) return static_cast<std::size_t>(stamp * 4);
  return static_cast<std::size_t>(stamp % 97 == 0 ? 3000 + stamp * 37 % 3000 : stamp * 37 % 300);
}

Atom atom_of(std::int64_t stamp) {
  static const std::array<Atom, 5> atoms{Atom("gale"), Atom("gust"), Atom("squall"), Atom("tempest"),
                                         Atom("whirlwind")};
  return atoms[static_cast<std::size_t>(stamp) % atoms.size()];
}

struct Place {
  Family family;
  std::uint32_t writer;  // 0 for what all share
  std::uint32_t index;
};

Place place_of(const Term& found) {
  const std::int64_t key = found.element(1).as_int64();
  const std::int64_t family = key / 1'000'000 - 1;
  if (family >= 0 && family <= static_cast<std::int64_t>(Family::token)) {
    const std::int64_t writer = key % 1'000'000 / 1000;
    const Place place{static_cast<Family>(family), static_cast<std::uint32_t>(writer == 0 ? 0 : writer - 1),
                      static_cast<std::uint32_t>(key % 1000)};
    if (place.writer < kWriters && place.index < kCellsOf[family] &&
        key_of(place.family, place.writer, place.index) == key) {
      return place;
    }
  }
  throw BreachFound(Breach::doubled, "an object that nobody wrote: " + to_string(found));
}

bool has_shares(const Kind& kind, Family family) { return family == Family::shared && !kind.is_bag(); }

bool is_whole(const Kind& kind, const Place& place, const Term& found) {
  const std::int64_t key = found.element(1).as_int64();
  switch (place.family) {
    case Family::account: return found == account(key, found.element(2).as_int64());
    case Family::counter:
    case Family::tally: return found.size() == 2;
    default: break;
  }
  if (has_shares(kind, place.family)) {
    std::int64_t sum = 0;
    for (std::size_t writer = 0; writer < kWriters; ++writer) sum += found.element(3 + writer).as_int64();
    return found.element(2).as_int64() == sum;
  }
  const std::int64_t writer = found.element(2).as_int64();
  return found == object(key, static_cast<std::uint32_t>(writer), found.element(3).as_int64());
}

// The stamps of one writer's objects of a key, one after another.
std::int64_t state_of_stamps(const Objects& found, std::uint32_t writer) {
  std::int64_t newest = 0;
  std::int64_t count = 0;
  for (const Term& one : found) {
    if (one.element(2).as_int64() != writer) continue;
    const std::int64_t stamp = one.element(3).as_int64();
    if (++count > 1 && stamp != newest + 1)
      throw BreachFound(Breach::torn, "stamps with a gap before " + to_string(one));
    newest = stamp;
  }
  return state_of(newest, count);
}

}  // namespace

void let_objects_grow() { objects_grow = true; }

Term object(std::int64_t key, std::uint32_t writer, std::int64_t stamp) {
  const std::string text(text_bytes(stamp), static_cast<char>('a' + stamp % 26));
  return {key, writer, stamp, sum_of(key, writer, stamp), text, atom_of(stamp)};
}

Term account(std::int64_t key, std::int64_t balance) { return {key, balance, sum_of(key, 0, balance)}; }

void require_whole(const Kind& kind, const Term& found) {
  const Place place = place_of(found);
  if (!is_whole(kind, place, found)) throw BreachFound(Breach::torn, "a torn object: " + to_string(found));
}

std::int64_t read_state(const Table& table, const Kind& kind, std::uint32_t writer, std::uint32_t number) {
  const Objects found = table.lookup(key_of(writer, number));
  for (const Term& one : found) require_whole(kind, one);
  if (!kind.is_bag() && found.size() > 1) {
    throw BreachFound(Breach::doubled,
                      std::to_string(found.size()) + " objects of key " + to_string(found[0].element(1)));
  }
  const Family family = family_of(number);
  if (!has_shares(kind, family) && (family == Family::object || family == Family::pair || family == Family::shared)) {
    return state_of_stamps(found, writer);
  }
  if (found.empty()) return 0;
  const Term& one = found.front();
  switch (family) {
    case Family::shared: return one.element(3 + writer).as_int64();
    case Family::counter: return one.element(2).as_int64() >> (kCounterBits * writer) & kCounterMax;
    default: return one.element(2).as_int64();
  }
}

}  // namespace heirloom::stress::storm
