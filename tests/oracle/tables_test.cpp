// SPDX-License-Identifier: Apache-2.0
//
// Strategy: the same random calls to real `ets` and to Heirloom, on tables of each type, keypos and options. After each call the result, or
// the cause of the error, the size, and all objects must be the same; now and then the walks through the table must find its
// keys, info tell the same, and `check` find nothing. A sequence that fails is cut down to the calls that are needed, and printed.
//
// Masked, by name:
//   - insert_list_order: OTP 25.2.3 inserts lists into bags in reverse (OTP-18434): it is asked object by object.
//   - the order among pids, references, ports and funs, which Erlang leaves to the VM.
//   - signed zeros, before OTP 27 (docs/values.md): no term has one.
//   - foreign references of a single number: OTP 25 hashes them by what lies behind them.
//   - update_counter/4 with a default that is too short: corrupts the memory of OTP 25.2.3.
//   - Where Erlang gives no cause beside `badarg`, Heirloom may: it says more.
//
// Then the same by several programs in turns, some of which are killed in the middle of a call: the table must be as before the call,
// or as after it, and if the call had answered, as after it; Erlang then follows.
//
// HEIRLOOM_SEED replays a run; HEIRLOOM_ORACLE_CALLS says how many calls each test makes.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "environment.hpp"
#include "erlang.hpp"
#include "program.hpp"
#include "table_call.hpp"

namespace heirloom::oracle {
namespace {

using namespace literals;

constexpr std::uint64_t kCallsATable = 400;
std::uint64_t call_count() { return number_from_environment("HEIRLOOM_ORACLE_CALLS", 12000); }

// How a table is made: the options of ets:new/2, as text, and what they come to.
struct Kind {
  explicit Kind(std::string list)
      : text(std::move(list)), options(table_options(parse(text))), type(options.type), keypos(options.keypos) {}
  std::string text;
  TableOptions options;
  TableType type;
  std::int64_t keypos;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.text; }

bool is_bag(const Kind& kind) { return kind.type == TableType::bag || kind.type == TableType::duplicate_bag; }

// In one order, whatever that of the table is: key by key, the objects of a key in theirs.
std::map<std::string, std::vector<Term>> by_key(const std::vector<Term>& objects, std::int64_t keypos) {
  std::map<std::string, std::vector<Term>> sorted;
  for (const Term& object : objects) {
    sorted[to_external(Term(object.element(static_cast<std::size_t>(keypos))))].push_back(object);
  }
  return sorted;
}

std::vector<Term> ordered_alike(const std::vector<Term>& objects, std::int64_t keypos) {
  std::vector<Term> told;
  for (const Term& object : objects) {
    if (has_place(Term(object.element(static_cast<std::size_t>(keypos))))) told.push_back(object);
  }
  return told;
}

std::vector<Term> elements_of(const TermView& list) {
  std::vector<Term> elements;
  for (const TermView element : list.elements()) elements.emplace_back(element);
  return elements;
}

// The elements of all chunks, in an order of their own.
Term in_any_order(const Term& answer) {
  if (answer.element(1) != Term("ok"_atom)) return answer;
  std::vector<Term> elements;
  for (const TermView element : answer.element(2).elements()) {
    if (element == Term("$end_of_table"_atom)) continue;
    elements.emplace_back(element);
  }
  std::sort(elements.begin(), elements.end(),
            [](const Term& left, const Term& right) { return to_external(left) < to_external(right); });
  return {"ok"_atom, list(elements)};
}

// The chunks of a table without order, put together.
Term joined(const Term& answer) {
  if (answer.element(1) != Term("ok"_atom)) return answer;
  std::vector<Term> elements;
  for (const TermView chunk : answer.element(2).elements()) {
    if (!chunk.is_list()) continue;
    for (const TermView element : chunk.elements()) elements.emplace_back(element);
  }
  return {"ok"_atom, list(elements)};
}

bool same_answer(const TableCall& call, Term expected, Term got) {
  // A table without order, or with keys of which it is not known, tells its objects in another one than Erlang.
  if (call.has_order_of_table() && !call.order_is_known) {
    const bool chunks = call.function == "chunks"_atom;
    expected = in_any_order(chunks ? joined(expected) : expected);
    got = in_any_order(chunks ? joined(got) : got);
  }
  if (expected == got) return true;
  // It says no more than that an argument was bad.
  const bool silent = expected == Term{"error"_atom, "badarg"_atom};
  return silent && got.element(1) == Term("error"_atom);
}

class Tables : public testing::TestWithParam<Kind> {
 protected:
  Tables() {
    char path[] = "/dev/shm/heirloom-oracle-XXXXXX";
    directory_ = ::mkdtemp(path);
    ets_.emplace(Node::open(directory_));
  }
  ~Tables() override {
    table_.reset();
    ets_.reset();
    std::filesystem::remove_all(directory_);
  }

  void begin(const Kind& kind) {
    if (asked_ > kTermsOfAChild) erlang_.reset();
    if (table_) table_->drop();
    table_.emplace(ets_->node().create("table"_atom, kind.options));
    erlang().ask({"new"_atom, parse(kind.text)});
  }

  // What differs after this call; empty: nothing.
  std::string compare(const Kind& kind, const TableCall& call, Program* by = nullptr) {
    const Term bytes = ask(kind, call);
    const Term answer = from_external(bytes.as_binary());
    const Term got = by == nullptr ? perform(*ets_, *table_, call) : by->make(call);
    const Term expected(answer.element(1));
    if (!same_answer(call, expected, got)) return "answers " + to_string(got) + ", Erlang " + to_string(expected);
    if (Term(answer.element(2)) != Term(table_->size())) {
      return "has then the size " + std::to_string(table_->size()) + ", Erlang's " + to_string(answer.element(2));
    }
    const auto contents = by_key(table_->tab2list(), kind.keypos);
    if (contents != by_key(elements_of(answer.element(3)), kind.keypos)) {
      return "leaves " + to_string(list(table_->tab2list())) + ", Erlang " + to_string(answer.element(3));
    }
    if (kind.type == TableType::ordered_set &&
        ordered_alike(table_->tab2list(), kind.keypos) != ordered_alike(elements_of(answer.element(3)), kind.keypos))
      return "has another order than Erlang: " + to_string(list(table_->tab2list()));
    return ++calls_ % 50 == 0 ? walk(contents) : "";
  }

  // insert_list_order.
  Term ask(const Kind& kind, const TableCall& call) {
    const auto ask_one = [&](const TableCall& one) { return erlang().ask({"call"_atom, to_external(one.term())}); };
    const bool inserts = call.function == "insert"_atom || call.function == "insert_new"_atom;
    if (!is_bag(kind) || !inserts || !call.arguments[0].is_proper_list() || call.arguments[0].size() < 2)
      return ask_one(call);
    const auto keypos = static_cast<std::size_t>(kind.keypos);
    const std::vector<Term> objects = elements_of(call.arguments[0]);
    for (const Term& object : objects) {
      if (!object.is_tuple() || object.size() < keypos) return ask_one(call);
    }
    if (call.function == "insert_new"_atom) {
      for (const Term& object : objects) {
        // It is Erlang that has not made the call yet.
        const Term bytes = ask_one({"member"_atom, {Term(object.element(keypos))}});
        const Term answer = from_external(bytes.as_binary());
        if (Term(answer.element(1)) == Term{"ok"_atom, true}) return ask_one(call);
      }
    }
    Term answer;
    for (const Term& object : objects) answer = ask_one({"insert"_atom, {object}});
    return answer;
  }

  std::string walk(const std::map<std::string, std::vector<Term>>& contents) {
    std::size_t keys = 0;
    for (auto key = table_->first(); key; key = table_->next(*key), ++keys) {
      if (!contents.contains(to_external(*key))) return "next() finds the key " + to_string(*key);
    }
    if (keys != contents.size()) return "first() and next() find " + std::to_string(keys) + " keys";
    std::vector<Term> objects;
    for (const Term& object : *table_) objects.push_back(object);
    if (objects != table_->tab2list()) return "the range differs from tab2list()";
    const CheckReport report = table_->check();
    if (!report.ok) return "check: " + report.findings.front();
    const Term bytes = erlang().ask("info"_atom);
    const Term infos = from_external(bytes.as_binary());
    for (const TermView pair : infos.elements()) {
      const Atom item = pair.element(1).as_atom();
      if (const Term told = table_->info(item); told != Term(pair.element(2)))
        return "info says " + to_string(Term{item, told}) + ", Erlang's " + to_string(pair);
    }
    return "";
  }

  std::optional<std::string> run(const Kind& kind, const std::vector<TableCall>& calls) {
    begin(kind);
    for (const TableCall& call : calls) {
      std::string difference;
      try {
        difference = compare(kind, call);
      } catch (const Error& error) {
        difference = std::string("throws ") + error.what();
      } catch (const ErlangIsGone& gone) {
        difference = std::string("ends Erlang: ") + gone.what();
        erlang_.reset();
      }
      if (!difference.empty()) return to_string(call.term()) + " " + difference;
    }
    return std::nullopt;
  }

  // Leaves out what the failure does not need: halves first, then single calls.
  void report(const Kind& kind, std::vector<TableCall> calls, const std::string& difference) {
    for (std::size_t length = calls.size() / 2; length > 0; length /= 2) {
      for (std::size_t from = 0; from + length <= calls.size();) {
        std::vector<TableCall> fewer(calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(from));
        fewer.insert(fewer.end(), calls.begin() + static_cast<std::ptrdiff_t>(from + length), calls.end());
        if (run(kind, fewer)) {
          calls = std::move(fewer);
        } else {
          from += length;
        }
      }
    }
    std::string text;
    for (const TableCall& call : calls) text += "  " + to_string(call.term()) + "\n";
    FAIL() << kind.text << ": " << run(kind, calls).value_or(difference + " - but not again") << "\nafter\n" << text;
  }

  Erlang& erlang() {
    if (!erlang_) {
      erlang_ = std::make_unique<Erlang>();
      asked_ = 0;
    }
    ++asked_;
    return *erlang_;
  }

  std::string directory_;
  std::optional<Ets> ets_;
  std::optional<Table> table_;
  std::unique_ptr<Erlang> erlang_;
  std::uint64_t asked_ = 0;
  std::uint64_t calls_ = 0;
};

TEST_P(Tables, AnswerAsErlangs) {
  const std::uint64_t seed = announced_seed();
  const std::uint64_t count = call_count();
  for (std::uint64_t done = 0; done < count && !HasFailure(); done += kCallsATable) {
    CallGenerator generator(seed + done, GetParam().type, GetParam().keypos, erlang().release() >= 26);
    std::vector<TableCall> calls;
    while (calls.size() < kCallsATable) calls.push_back(generator.next());
    if (const auto difference = run(GetParam(), calls)) report(GetParam(), calls, *difference);
  }
}

// Programs that are there before this one has threads.
class TablesOfSeveralPrograms : public Tables {
 protected:
  static constexpr std::size_t kPrograms = 20;
  TablesOfSeveralPrograms() : random_(announced_seed()) { erlang(); }

  [[nodiscard]] Program& some_program() { return *programs_[random_() % programs_.size()]; }
  void open_everywhere() {
    for (const auto& program : programs_) program->open(directory_, "table");
  }
  [[nodiscard]] std::vector<Term> contents_of_erlang() {
    const Term bytes = erlang().ask({"call"_atom, to_external(TableCall{"member"_atom, {Term("no key")}}.term())});
    const Term answer = from_external(bytes.as_binary());
    return elements_of(answer.element(3));
  }

  // Empty: the table is the old or the new one.
  std::string kill_in(const Kind& kind, const TableCall& call) {
    const auto before = by_key(contents_of_erlang(), kind.keypos);
    std::unique_ptr<Program> victim = std::move(programs_.back());
    programs_.pop_back();
    const auto answer = victim->make_and_be_killed(call, std::chrono::nanoseconds(random_() % 60'000));
    const auto found = by_key(table_->tab2list(), kind.keypos);
    ++(answer ? answered_ : found == before ? not_done_ : done_);
    if (!answer && found == before)
      return table_->size() == contents_size(found) ? "" : "counts other objects than there are";
    const Term bytes = ask(kind, call);
    const Term expected = from_external(bytes.as_binary());
    if (found != by_key(elements_of(expected.element(3)), kind.keypos))
      return "killed in it, the table is neither as before nor as after: " + to_string(list(table_->tab2list()));
    if (answer && !same_answer(call, Term(expected.element(1)), *answer)) return "answers " + to_string(*answer);
    return walk(found);
  }
  static std::size_t contents_size(const std::map<std::string, std::vector<Term>>& contents) {
    std::size_t size = 0;
    for (const auto& [key, objects] : contents) size += objects.size();
    return size;
  }

  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Program>> programs_;
  int answered_ = 0;
  int done_ = 0;
  int not_done_ = 0;
};

TEST_P(TablesOfSeveralPrograms, AnswerAsErlangsWhoeverCallsAndDies) {
  const Kind kind = GetParam();
  const std::uint64_t rounds = call_count() / 2000;
  for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    programs_.clear();
    table_.reset();
    ets_.reset();
    while (programs_.size() < kPrograms) programs_.push_back(std::make_unique<Program>());
    ets_.emplace(Node::open(directory_));
    begin(kind);
    open_everywhere();
    CallGenerator generator(random_(), kind.type, kind.keypos, erlang().release() >= 26);
    while (programs_.size() > 2) {
      const TableCall call = generator.next();
      const std::string difference =
          call.is_one_step() && random_() % 8 == 0 ? kill_in(kind, call) : compare(kind, call, &some_program());
      ASSERT_EQ(difference, "") << to_string(call.term());
    }
    ASSERT_EQ(walk(by_key(table_->tab2list(), kind.keypos)), "");
  }
  std::printf("killed after the answer: %d, before it and done: %d, not done: %d\n", answered_, done_, not_done_);
}

const auto kKinds = testing::Values(
    Kind("[public]"), Kind("[public, {keypos, 3}, {write_concurrency, true}]"), Kind("[public, compressed]"),
    Kind("[ordered_set, public]"), Kind("[ordered_set, public, {keypos, 2}, {write_concurrency, true}]"),
    Kind("[ordered_set, public, compressed, {keypos, 2}]"), Kind("[bag, public]"),
    Kind("[bag, public, {keypos, 2}, {write_concurrency, auto}]"),
    Kind("[bag, public, {keypos, 3}, compressed, {read_concurrency, true}]"),
    Kind("[duplicate_bag, public, {write_concurrency, {debug_hash_fixed_number_of_locks, 64}}]"),
    Kind("[duplicate_bag, public, {keypos, 2}]"), Kind("[duplicate_bag, public, {keypos, 2}, compressed]"));
std::string name_of(const testing::TestParamInfo<Kind>& kind) {
  return std::string(to_string(kind.param.type)) + "_" + std::to_string(kind.param.keypos) +
         (kind.param.options.compressed ? "_compressed" : "");
}
INSTANTIATE_TEST_SUITE_P(OfEachKind, Tables, kKinds, name_of);
INSTANTIATE_TEST_SUITE_P(OfEachKind, TablesOfSeveralPrograms, kKinds, name_of);

}  // namespace
}  // namespace heirloom::oracle
