// SPDX-License-Identifier: Apache-2.0
#include "judge.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "heirloom/error.hpp"

#include "child.hpp"

namespace heirloom::crash {

namespace {

constexpr std::int64_t kProbesFrom = 1'000'000'000;  // keys that no scenario uses

// Judges one image; its findings are lines of text, for the pipe to the parent: "state" and the numbers of those that
// it may be, or "! " and a fault.
class Judge {
 public:
  explicit Judge(const Expected& expected) : expected_(expected) {
    for (const State& state : expected.states) {
      sizes_.insert(objects_in(state));
      for (const auto& [key, object] : state) keys_.push_back(key);
    }
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  }

  // Reads, lets a fence repair, and reads again: repair changes nothing that a reader sees.
  void read_first(Session& session) {
    const Observation before = look(session, "before any repair");
    // The count of objects is right when nobody holds a lock (layout.hpp T3); meanwhile it is between.
    if (expected_.size_known && (before.size < *sizes_.begin() || before.size > *sizes_.rbegin()))
      fault("before any repair the size is " + std::to_string(before.size));
    const table::RepairRecords found = session.table().fence();
    const Observation after = look(session, "after the repair");
    if (after.state != before.state) fault("the repair changed what a reader sees");
    check(session, "after the repair", after);
    for (const table::RepairRecord& record : found) {
      if (record.operation == Operation::none) continue;
      lines_ += "told " + std::string(to_string(record.operation)) + ' ' + record.key + ' ' +
                std::string(to_string(record.outcome)) + '\n';
      if (expected_.fresh && !is_true(record, after.state)) {
        fault("the repair tells that " + std::string(to_string(record.operation)) + " of key '" + record.key +
              "' was " + std::string(to_string(record.outcome)));
      }
    }
  }

  // Writes into each stripe, takes all of it back, and proves that nothing else has changed.
  void write(Session& session) {
    if (!expected_.full) write_probes(session);
    const Observation seen = look(session, "after writing");
    check(session, "after writing", seen);
    rewrite(session, seen.state);
    const Observation rewritten = look(session, "after overwriting everything");
    if (rewritten.state != seen.state) fault("overwriting everything with itself changed something");
    check(session, "after overwriting everything", rewritten);
  }

  // Memory that is retired after the death comes back: a reader that died pins nothing.
  void retire(Session& session) {
    constexpr int kToBegin = 400;  // until blocks of each kind go round
    constexpr int kFurther = 600;  // several pages of them
    const Term probe(kProbesFrom);
    const auto overwrite = [&](int times) {
      for (int i = 0; i < times; ++i) {
        if (is_bag(session.table().options().type)) session.erase(probe);
        session.insert({probe, i});
      }
    };
    overwrite(kToBegin);
    const std::uint64_t allocated = session.table().check().allocated_bytes;
    overwrite(kFurther);
    const std::uint64_t more = session.table().check().allocated_bytes - allocated;
    if (more != 0) fault("memory stays pinned: overwriting an object takes " + std::to_string(more) + " bytes more");
    session.erase(probe);
  }

  void fault(const std::string& what) { lines_ += "! " + what + "\n"; }
  [[nodiscard]] const std::string& lines() const { return lines_; }

 private:
  // "finished": it is as it should become; "undone": as it was. Of a key if the write was to one. Of an operation in several steps,
  // each of a key or of a part of one, it is at least not as it would be otherwise.
  [[nodiscard]] bool is_true(const table::RepairRecord& record, const State& seen) const {
    const State& old = expected_.states.front();
    const State& all = expected_.states.back();
    const bool several_steps = expected_.states.size() > 2;
    const bool finished = record.outcome == RepairOutcome::finished;
    const auto same = [&](const State& left, const State& right) {
      if (record.keys != 1) return left == right;
      const auto one = left.find(record.key);
      const auto other = right.find(record.key);
      if (one == left.end() || other == right.end()) return one == left.end() && other == right.end();
      return one->second == other->second;
    };
    if (several_steps && record.keys == 0) return true;  // a preparation of one of them
    return same(seen, finished ? all : old) || (several_steps && !same(seen, finished ? old : all));
  }

  Observation look(Session& session, const std::string& when) {
    const Observation seen = observe(session.table(), keys_);
    for (const std::string& what : seen.faults) fault(when + ": " + what);
    std::string numbers;
    for (std::size_t i = 0; i < expected_.states.size(); ++i) {
      if (seen.state == expected_.states[i]) numbers += " " + std::to_string(i);
    }
    if (numbers.empty()) fault(when + " the state is neither the old nor the new one: " + difference(seen.state));
    if (!numbers.empty()) lines_ += "state" + numbers + "\n";
    return seen;
  }

  [[nodiscard]] std::string difference(const State& seen) const {
    std::string text;
    for (const auto& [key, object] : seen) {
      const auto old = expected_.states.front().find(key);
      if (old == expected_.states.front().end() || old->second != object) text += " has " + object;
    }
    for (const auto& [key, object] : expected_.states.front()) {
      if (!seen.contains(key)) text += " lacks " + object;
    }
    return "against the old one it" + text.substr(0, 300);
  }

  void check(Session& session, const std::string& when, const Observation& seen) {
    const CheckReport report = session.table().check();
    for (const std::string& finding : report.findings) fault("check " + when + ": " + finding);
    const std::uint64_t known = report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes;
    if (known != report.allocated_bytes) {
      fault("check " + when + ": " + std::to_string(known) + " of " + std::to_string(report.allocated_bytes) +
            " bytes");
    }
    const std::size_t objects = objects_in(seen.state);
    if (report.objects != objects) fault("check " + when + " counts " + std::to_string(report.objects));
    // Nobody holds a lock now, so the count must be exact, whatever it was when the state was read.
    if (session.table().size() != objects) {
      fault(when + " the size is " + std::to_string(session.table().size()) + " of " + std::to_string(objects));
    }
  }

  // A write that a full table may refuse.
  template <typename Write>
  void attempt(Write write) {
    try {
      write();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full || !expected_.full) throw;
    }
  }

  void write_probes(Session& session) {
    std::vector<Term> all;
    std::vector<Term> keys;
    for (std::uint32_t stripe = 0; stripe < kStripes; ++stripe) {
      const std::vector<std::int64_t> probes = keys_of(stripe, 2, kProbesFrom);
      session.insert({probes[0], Atom("an_atom_for_the_dictionary")});
      for (const std::int64_t probe : probes) {
        keys.emplace_back(probe);
        all.push_back({probe, 2});
      }
    }
    session.insert_many(all);
    for (const Term& key : keys) session.erase(key);
  }

  void rewrite(Session& session, const State& state) {
    std::size_t written = 0;
    for (const auto& [key, object] : state) {
      if (++written > 100) break;
      attempt([&, &key = key, &text = object] {
        // A bag would keep both.
        if (is_bag(session.table().options().type)) session.erase(parse(key));
        for (const Term& each : objects_of(text)) session.insert(each);
      });
    }
  }

  const Expected& expected_;
  std::vector<std::string> keys_;
  std::set<std::size_t> sizes_;
  std::string lines_;
};

std::string judge_image(const Image& before, const Image& image, const Expected& expected) {
  Judge judge(expected);
  const ScratchDirectory directory(image);
  Session session(directory.descriptor());
  if (expected.sabotage) session.table().sabotage_repair();
  judge.read_first(session);
  judge.write(session);
  const ScratchDirectory another(before);
  Session writer(another.descriptor());
  if (expected.sabotage) writer.table().sabotage_repair();
  writer.settle_in();
  another.play(before, image);
  judge.write(writer);
  if (!expected.full && !expected.sabotage) judge.retire(writer);
  return judge.lines();
}

}  // namespace

std::string judge_alive(Session& session, const Expected& expected) {
  Judge judge(expected);
  judge.write(session);
  return judge.lines();
}

Verdict verdict_of(const std::string& text) {
  Verdict verdict;
  bool first = true;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("! ")) verdict.faults.push_back(line.substr(2));
    if (line.starts_with("told ")) verdict.told.insert(line.substr(5));
    if (!line.starts_with("state")) continue;
    std::istringstream numbers(line.substr(5));
    const std::set<std::size_t> found{std::istream_iterator<std::size_t>(numbers), {}};
    if (first) verdict.states = found;
    std::erase_if(verdict.states, [&](std::size_t state) { return !found.contains(state); });
    first = false;
  }
  if (!first && verdict.states.empty()) verdict.faults.push_back("one reader finds an older state than another");
  return verdict;
}

std::vector<Verdict> judge(const Image& before, const std::vector<Image>& images, const Expected& expected) {
  const Image dead_before = after_death(before);
  const auto texts =
      gather(images.size(), [&](std::size_t i) { return judge_image(dead_before, after_death(images[i]), expected); });
  std::vector<Verdict> verdicts;
  for (const std::string& text : texts) verdicts.push_back(verdict_of(text));
  return verdicts;
}

State read_state(const Image& image) {
  // In a process of its own, as everything that uses a table here.
  Helper reader([&] {
    const ScratchDirectory directory(after_death(image));
    Session session(directory.descriptor());
    std::string lines;
    for (const auto& [key, object] : observe(session.table(), {}).state) lines += key + '\n' + object + '\n';
    return lines;
  });
  State state;
  std::istringstream lines(reader.result());
  for (std::string key, object; std::getline(lines, key) && std::getline(lines, object);) state.emplace(key, object);
  return state;
}

}  // namespace heirloom::crash
