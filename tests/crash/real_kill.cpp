// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <stdexcept>

#include "child.hpp"
#include "live_node.hpp"
#include "scenario.hpp"

namespace heirloom::crash {

namespace {

constexpr int kStaysBlockedMilliseconds = 30;  // longer than a waiter sleeps before it looks again
constexpr int kBoundMilliseconds = static_cast<int>(kHangSeconds) * 1000;
constexpr int kForEver = -1;  // of poll()

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  }
  ~Pipe() {
    for (const int end : ends) ::close(end);
  }
  [[nodiscard]] bool say() const { return ::write(ends[1], "!", 1) == 1; }
  [[nodiscard]] bool hear(int milliseconds) const {
    pollfd waited{ends[0], POLLIN, 0};
    char byte = 0;
    return ::poll(&waited, 1, milliseconds) > 0 && ::read(ends[0], &byte, 1) == 1;
  }
};

std::string kill_once(const Scenario& scenario, const Expected& expected, std::uint64_t step) {
  const ScratchDirectory directory;
  create_table(directory.descriptor(), scenario.max_bytes, scenario.type, scenario.compressed);
  const Pipe ready;
  const Pipe go;
  const auto bystander = [&](const auto& act) {
    return [&] {
      Session session(directory.descriptor());
      session.settle_in();
      // Until then it lives as long as the stepping takes.
      ::alarm(0);
      if (!ready.say() || !go.hear(kForEver)) return std::string("! no signal to go");
      ::alarm(kHangSeconds);
      return act(session);
    };
  };
  const auto writes = [&](Session& session) { return judge_alive(session, expected); };
  const auto reads = [](Session& session) {
    for (const Term& object : session.table().tab2list(kCaller)) {
      static_cast<void>(session.table().lookup(kCaller, object.element(1)));
    }
    return std::string();
  };
  Helper waiter(bystander(writes));
  Helper reader(bystander(reads));
  if (!ready.hear(kBoundMilliseconds) || !ready.hear(kBoundMilliseconds)) return "the others cannot open the table";
  SteppedChild child([&](const auto& mark) {
    Session session(directory.descriptor());
    if (scenario.prepare) scenario.prepare(session);
    static_cast<void>(session.table().size());
    mark();
    scenario.operation(session);
    mark();
  });
  for (std::uint64_t i = 0; i < step && child.step(); ++i) {
  }
  if (!child.failure().empty()) return child.failure();
  const LiveNode live(directory.path());
  const bool held = live.any_lock_held();
  if (!go.say() || !go.say()) return "cannot signal the others";
  // A stopped process is alive: what it holds is nobody else's.
  if (held && waiter.ended_within(kStaysBlockedMilliseconds)) {
    return "another process did not wait for the lock of a stopped one: " + waiter.result();
  }
  if (!reader.ended_within(kBoundMilliseconds)) return "a stopped process holds up a reader";
  if (const std::string fault = reader.result(); !fault.empty()) return "a reader beside a stopped process: " + fault;
  child.kill();
  if (!waiter.ended_within(kBoundMilliseconds)) return "the lock of the dead blocked another process";
  const Verdict verdict = verdict_of(waiter.result());
  return verdict.faults.empty() ? "" : "really killed: " + verdict.faults.front();
}

}  // namespace

int kill_for_real(const Scenario& scenario, const Recording& recording, const Expected& expected, int kills,
                  std::vector<std::string>& failures) {
  const std::size_t moments = recording.moments.size();
  int killed = 0;
  for (int i = 1; i <= kills && moments > 1; ++i, ++killed) {
    // Spread over the images, which lie close together where it matters.
    const Moment& moment =
        recording.moments[moments * static_cast<std::size_t>(i) / (static_cast<std::size_t>(kills) + 1)];
    const std::string fault = kill_once(scenario, expected, moment.step);
    if (!fault.empty()) failures.push_back(scenario.name + ", step " + std::to_string(moment.step) + ": " + fault);
  }
  return killed;
}

}  // namespace heirloom::crash
