// SPDX-License-Identifier: Apache-2.0
//
// Damage: any byte of a segment is changed, or its tail cut off, while nobody has it open; then it is opened, read by all ways,
// checked and written.
//
// Strategy: small tables of every kind, some with what a killed writer leaves. Each damage is tried in a forked process, which goes on
// to the next as long as it lives: a signal, a hang, memory beyond bounds or a wrong kind of error is a finding, with the offset
// that repeats it. An answer that differs must be told by an error, or found by `check`, or be one object whose own bytes were
// damaged: these carry no checksum.
//
// In the short form some bytes are drawn, by a seed that is printed (HEIRLOOM_SEED repeats it); HEIRLOOM_DAMAGES says how many of each
// table, 0: all of them (`make torture`).
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <stdexcept>

#include <gtest/gtest.h>

#include "examination.hpp"

namespace heirloom::damage {
namespace {

constexpr int kFindingsMax = 10;
constexpr rlim_t kMemoryMax = rlim_t{1} << 30;  // a segment is no private memory, and does not count
constexpr time_t kHangs = 60;                   // of processor time; and that of a wait, on however busy a machine
constexpr time_t kWaits = 1200;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsBounded = false;  // a sanitizer's own would count
#else
constexpr bool kMemoryIsBounded = true;
#endif

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

std::uint64_t announced_seed() {
  static const std::uint64_t seed = from_environment("HEIRLOOM_SEED", std::random_device()());
  std::printf("HEIRLOOM_SEED=%llu repeats the draw\n", static_cast<unsigned long long>(seed));
  return seed;
}

struct Damage {
  std::uint64_t offset;
  std::uint8_t byte;  // that is there then
};

std::vector<Damage> all_damages(const Specimen& specimen) {
  std::vector<Damage> damages;
  for (const std::uint64_t offset : specimen.bytes()) {
    const std::uint8_t byte = specimen.byte(offset);
    for (const int now : {byte ^ 0x01, byte ^ 0x80, 0x00, 0xFF}) {
      if (now != byte) damages.push_back({offset, static_cast<std::uint8_t>(now)});
    }
  }
  return damages;
}

// How far the forked processes are.
struct Progress {
  std::atomic<std::size_t> next;
  std::atomic<std::size_t> outcomes[5];
  char finding[512];  // of the one that found something and goes on
};

Progress& shared_progress() {
  void* const memory = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory");
  return *new (memory) Progress{};
}

void bound_this_process() {
  const rlimit memory{kMemoryMax, kMemoryMax};
  if (kMemoryIsBounded) ::setrlimit(RLIMIT_DATA, &memory);
  const rlimit core{0, 0};
  ::setrlimit(RLIMIT_CORE, &core);
}

void bound_the_time() {
  const itimerval busy{{0, 0}, {kHangs, 0}};
  ::setitimer(ITIMER_PROF, &busy, nullptr);
  const itimerval waiting{{0, 0}, {kWaits, 0}};
  ::setitimer(ITIMER_REAL, &waiting, nullptr);
}

// Runs `attempt` for each number, in processes that are forked anew when one dies of it; what went wrong, by numbers.
template <typename Attempt>
std::map<std::size_t, std::string> attempt_each(std::size_t count, Progress& progress, Attempt attempt) {
  std::map<std::size_t, std::string> findings;
  while (progress.next < count && findings.size() < kFindingsMax) {
    const pid_t child = ::fork();
    if (child == 0) {
      bound_this_process();
      attempt(progress, count);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
    const std::size_t number = progress.next++;
    findings[number] = WIFSIGNALED(status)
                           ? "ended by signal " + std::to_string(WTERMSIG(status)) +
                                 (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM ? ": it hangs" : "")
                           : std::string(progress.finding);
  }
  return findings;
}

class Damaged : public ::testing::TestWithParam<Kind> {
 protected:
  Damaged() : specimen_(node_, GetParam()) {}

  // In a process of its own: attaches, reads what is healthy, then goes from number to number.
  template <typename Spoil>
  auto attempts(Spoil spoil) {
    return [this, spoil](Progress& progress, std::size_t count) {
      try {
        const shm::Attachment attachment = node_.attach();
        specimen_.restore();
        const Reading healthy = read_healthy(node_, attachment, specimen_);
        for (; progress.next < count; ++progress.next) {
          specimen_.restore();
          bound_the_time();
          spoil(progress.next.load());
          const Outcome outcome = examine(node_, attachment, specimen_, healthy);
          ++progress.outcomes[static_cast<std::size_t>(outcome)];
        }
      } catch (const std::exception& error) {
        std::snprintf(progress.finding, sizeof progress.finding, "%s", error.what());
        ::_exit(1);
      }
    };
  }

  void print(const Progress& progress, const char* what) const {
    std::printf("%s: %zu %s: harmless %zu, refused %zu, reported %zu, found by check %zu, unseen %zu\n",
                std::string(GetParam().name).c_str(), progress.next.load(), what, progress.outcomes[0].load(),
                progress.outcomes[1].load(), progress.outcomes[2].load(), progress.outcomes[3].load(),
                progress.outcomes[4].load());
  }

  table::TestNode node_;
  Specimen specimen_;
};

TEST_P(Damaged, AByteThatIsWrongIsHarmlessOrToldOrOfAnObjectAlone) {
  std::vector<Damage> damages = all_damages(specimen_);
  const std::uint64_t wanted = from_environment("HEIRLOOM_DAMAGES", 1200);
  const std::size_t of = damages.size();
  if (wanted != 0 && wanted < of) {
    std::mt19937_64 random(announced_seed());
    std::shuffle(damages.begin(), damages.end(), random);
    damages.resize(wanted);
  }
  Progress& progress = shared_progress();
  const auto findings = attempt_each(damages.size(), progress, attempts([&](std::size_t number) {
                                       const char byte = static_cast<char>(damages[number].byte);
                                       specimen_.write(damages[number].offset, {&byte, 1});
                                     }));
  print(progress, ("of " + std::to_string(of) + " damages").c_str());
  for (const auto& [number, what] : findings) {
    ADD_FAILURE() << "offset " << damages[number].offset << ": " << int{specimen_.byte(damages[number].offset)}
                  << " -> " << int{damages[number].byte} << ": " << what;
  }
  EXPECT_GT(progress.outcomes[static_cast<std::size_t>(Outcome::refused)] +
                progress.outcomes[static_cast<std::size_t>(Outcome::reported)] +
                progress.outcomes[static_cast<std::size_t>(Outcome::found)],
            0u)
      << "nothing was damaged at all";
}

TEST_P(Damaged, ATableThatWasCutShortDoesNotOpen) {
  std::vector<std::uint64_t> lengths;
  const bool all = from_environment("HEIRLOOM_DAMAGES", 1) == 0;
  std::mt19937_64 random(announced_seed());
  for (const std::uint64_t offset : specimen_.bytes()) {
    if (offset % (all ? 64 : 4096) == 0) lengths.push_back(all ? offset : offset + random() % 4096);
  }
  std::erase_if(lengths, [&](std::uint64_t length) { return length >= specimen_.file_bytes(); });
  lengths.push_back(specimen_.file_bytes() - 1);
  Progress& progress = shared_progress();
  const auto findings =
      attempt_each(lengths.size(), progress, attempts([&](std::size_t number) { specimen_.cut(lengths[number]); }));
  print(progress, "cuts");
  for (const auto& [number, what] : findings) ADD_FAILURE() << "cut to " << lengths[number] << " bytes: " << what;
  EXPECT_EQ(progress.outcomes[static_cast<std::size_t>(Outcome::refused)], lengths.size());
}

INSTANTIATE_TEST_SUITE_P(Tables, Damaged, ::testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace heirloom::damage
