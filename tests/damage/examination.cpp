// SPDX-License-Identifier: Apache-2.0
#include "examination.hpp"

#include <new>
#include <set>
#include <stdexcept>

#include "heirloom/external.hpp"

#include "table/search.hpp"

namespace heirloom::damage {

namespace {

constexpr std::size_t kObjectsMax = 5000;  // of a specimen that has some hundred

enum class Stop {
  none,
  corrupt,
  other,  // what damage may bring besides: a key that was just shown is not there, the table has no room
  access  // the protection in the header is another one
};

template <typename Call>
Stop stop_of(const char* what, Call call) {
  try {
    call();
    return Stop::none;
  } catch (const Error& error) {
    switch (error.code()) {
      case ErrorCode::corrupt:
        if (error.detail().size() < 10) throw std::runtime_error(std::string(what) + " does not say what is wrong");
        return Stop::corrupt;
      case ErrorCode::badkey:
      case ErrorCode::badarg:
      case ErrorCode::position:
      case ErrorCode::full: return Stop::other;
      case ErrorCode::access: return Stop::access;
      default: throw std::runtime_error(std::string(what) + " throws " + error.what());
    }
  } catch (const std::bad_alloc&) {
    throw std::runtime_error(std::string(what) + " needs more memory than there can be");
  }
}

void require_few(std::size_t objects, const char* what) {
  if (objects > kObjectsMax) throw std::runtime_error(std::string(what) + " shows more objects than there can be");
}

class Everything final : public table::Visitor {
 public:
  bool wants(const table::Seen& object) override {
    last_ = object.copy();
    return true;
  }
  bool take() override {
    objects.push_back(std::move(last_));
    require_few(objects.size(), "search");
    return true;
  }
  std::vector<Term> objects;

 private:
  Term last_;
};

// Keeps, removes and replaces by itself, in turns.
class Turns final : public table::Judge {
 public:
  [[nodiscard]] Operation operation() const noexcept override { return Operation::select_replace; }
  Verdict judge(const table::Seen& object) override {
    object_ = object.copy();
    constexpr Verdict kVerdicts[] = {Verdict::keep, Verdict::remove, Verdict::replace};
    return kVerdicts[turn_++ % 3];
  }
  Term replacement() override { return object_; }

 private:
  std::size_t turn_ = 0;
  Term object_;
};

const term::KeyRange& every_key() {
  static const term::KeyRange range{.kind = term::KeyRange::Kind::everything};
  return range;
}

std::vector<Term> walk(const table::Table& table, table::Direction direction) {
  std::vector<Term> keys;
  for (auto key = table.first(kCaller, direction); key; key = table.next(kCaller, *key, direction)) {
    keys.push_back(*key);
    require_few(keys.size(), "first and next");
  }
  return keys;
}

std::vector<Term> look_up(const table::Table& table, const Specimen& specimen) {
  std::vector<Term> found;
  for (const Term& key : specimen.keys()) {
    const Objects objects = table.lookup(kCaller, key);
    std::vector<Term> all;
    for (const Term& object : objects) all.push_back(object);
    require_few(all.size(), "lookup");
    found.push_back(list(all));
    if (table.member(kCaller, key) == objects.empty())
      throw std::runtime_error("member and lookup contradict each other");
    static_cast<void>(table.lookup_element(kCaller, key, 2));
  }
  return found;
}

// Whatever a program may do with a term that it was given.
void use(const Term& term) {
  static_cast<void>(to_string(term));
  static_cast<void>(to_external(term));
  static_cast<void>(compare(term, Term(1.5)));
  static_cast<void>(std::hash<Term>()(term));
}

std::size_t differences(const std::vector<Term>& left, const std::vector<Term>& right) {
  if (left.size() != right.size()) return kObjectsMax;
  std::size_t count = 0;
  for (std::size_t i = 0; i < left.size(); ++i) count += left[i] == right[i] ? 0 : 1;
  return count;
}

}  // namespace

Reading read_all(const table::Table& table, const Specimen& specimen) {
  Reading reading;
  std::size_t way = 0;
  const auto read = [&](const char* what, auto call) {
    std::vector<Term> shown;
    const Stop stop = stop_of(what, [&] { shown = call(); });
    if (stop == Stop::none) reading.ways[way] = std::move(shown);
    reading.corrupt |= stop == Stop::corrupt;
    reading.odd |= stop == Stop::other;
    ++way;
  };
  read("tab2list", [&] { return table.tab2list(kCaller); });
  read("lookup", [&] { return look_up(table, specimen); });
  read("first and next", [&] { return walk(table, table::Direction::up); });
  read("last and prev", [&] { return walk(table, table::Direction::down); });
  read("search", [&] {
    Everything everything;
    table::SearchPosition position;
    static_cast<void>(table.search(kCaller, every_key(), position, {}, everything));
    return everything.objects;
  });
  read("size", [&] { return std::vector<Term>{Term(table.size())}; });
  const auto tell = [&](const char* what, auto call) { reading.corrupt |= stop_of(what, call) == Stop::corrupt; };
  const TableInfo info = table.info();
  static_cast<void>(to_string(to_term(info)));
  reading.corrupt |= info.damage.has_value();
  tell("statistics", [&] { static_cast<void>(table.statistics()); });
  tell("slot", [&] {
    for (std::uint64_t number = 0; number < 100 && table.slot(kCaller, number); ++number) {
    }
  });
  tell("objects_behind", [&] { static_cast<void>(table.objects_behind(kCaller, nullptr, {.limit = 100})); });
  return reading;
}

void write_all(table::Table& table, const Specimen& specimen) {
  const bool bag = table.type() == TableType::bag || table.type() == TableType::duplicate_bag;
  const auto attempt = [&](const char* what, auto call) { static_cast<void>(stop_of(what, call)); };
  const auto insert = [&](const std::vector<Term>& objects) { table.insert(kCaller, objects); };
  for (const Term& key : specimen.others()) {
    attempt("insert", [&] { insert({{key, 1, Term("fresh")}}); });
    attempt("insert_new", [&] { static_cast<void>(table.insert_new(kCaller, std::vector<Term>{{key, 2}})); });
  }
  for (std::size_t i = 0; i < specimen.keys().size(); i += 5) {
    const Term& key = specimen.keys()[i];
    attempt("overwrite", [&] { insert({{key, 1, Term(std::string(i, 'o'))}}); });
    const CounterUpdate update{.position = 2, .increment = 3};
    if (!bag) attempt("count", [&] { static_cast<void>(table.count(kCaller, key, 2, 1)); });
    if (!bag) attempt("update_counter", [&] { table.update_counter(kCaller, key, {&update, 1}, nullptr); });
    attempt("delete_object", [&] { table.delete_object(kCaller, {key, 1, 2}); });
  }
  attempt("insert of several", [&] {
    std::vector<Term> objects;
    for (std::size_t i = 3; i < specimen.keys().size(); i += 7)
      objects.push_back({specimen.keys()[i], Term("of several")});
    insert(objects);
  });
  attempt("fence", [&] { static_cast<void>(table.fence()); });
  Turns turns;
  table::ChangeProgress progress;
  attempt("change", [&] { table.change(kCaller, every_key(), progress, {}, turns); });
  for (std::size_t i = 0; i < specimen.keys().size(); i += 2)
    attempt("take", [&] { static_cast<void>(table.take(kCaller, specimen.keys()[i])); });
  attempt("insert with new atoms", [&] { insert({{999, parse("[never_seen, before]")}}); });
  attempt("delete_all_objects", [&] { static_cast<void>(table.delete_all_objects(kCaller)); });
  for (const Term& key : specimen.others()) attempt("insert", [&] { insert({{key, 1}}); });
}

Reading read_healthy(const table::TestNode& node, const shm::Attachment& attachment, const Specimen& specimen) {
  const auto table = node.open("1", attachment);
  Reading reading = read_all(*table, specimen);
  const CheckReport report = table->check();
  if (reading.corrupt || reading.odd) throw std::runtime_error("a table that is healthy cannot be read");
  if (!report.ok) throw std::runtime_error("the table is not healthy: " + report.findings.front());
  for (std::size_t way = 0; table->size() != 0 && way < Reading::kWays; ++way) {
    if (reading.ways[way]->empty())
      throw std::runtime_error("way " + std::to_string(way) + " of reading shows nothing");
  }
  return reading;
}

Outcome examine(const table::TestNode& node, const shm::Attachment& attachment, const Specimen& specimen,
                const Reading& healthy) {
  auto opened = table::Table::open(node.directory(), kSegmentFile, attachment);
  if (!opened) {
    const ErrorCode code = opened.failure().code;
    if (code == ErrorCode::corrupt || code == ErrorCode::layout) return Outcome::refused;
    throw std::runtime_error("it does not open: " + opened.failure().to_string());
  }
  table::Table& table = **opened;
  const Reading reading = read_all(table, specimen);
  std::size_t most = 0;
  for (std::size_t way = 0; way < Reading::kWays; ++way) {
    if (!reading.ways[way] || !healthy.ways[way]) continue;
    most = std::max(most, differences(*reading.ways[way], *healthy.ways[way]));
    for (const Term& shown : *reading.ways[way]) use(shown);
  }
  CheckReport report;
  const bool seen = stop_of("check", [&] { report = table.check(); }) == Stop::corrupt || !report.ok;
  write_all(table, specimen);
  static_cast<void>(stop_of("check", [&] { static_cast<void>(table.check()); }));
  static_cast<void>(read_all(table, specimen));
  if (reading.corrupt) return Outcome::reported;
  if (seen) return Outcome::found;
  if (most == 0 && !reading.odd) return Outcome::harmless;
  if (most <= 1) return Outcome::unseen;
  throw std::runtime_error("answers differ from those before, by more than one object, and `check` finds nothing");
}

}  // namespace heirloom::damage
