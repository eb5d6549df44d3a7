// SPDX-License-Identifier: Apache-2.0
//
// Runs on their way back to the pool (heap.hpp, "Draining").
//
// Death: that a run is drained, and its list, are in the page map, and each block changes its list by one Change. So whoever comes
// next goes on, or lets the run be as it is: nothing has to be finished.
#include <algorithm>

#include <boost/unordered/unordered_flat_map.hpp>

#include "os/futex.hpp"
#include "shm/heap.hpp"

namespace heirloom::shm {

namespace {

constexpr double kShareWanted = 0.75;                  // free blocks of a run that is drained by the way of a write
constexpr std::uint64_t kFreeBytesWanted = 128 << 10;  // of a class in a stripe, before anybody looks for runs to drain
// So that what is deleted and inserted again need not go to the system and back, some blocks stay, unless they are huge.
constexpr std::uint64_t kBytesStaying = 64 << 10;
constexpr std::uint64_t kStayingBytesMax = 4 << 20;
constexpr std::size_t kRunsAtOnce = 4;   // by the way of a write
constexpr std::size_t kRunsMax = 16384;  // when there is no other way to memory
constexpr unsigned kLooksAtRun = 64;     // before a run that does not become empty is released
constexpr int kLooksWhileDraining = 100;

std::uint64_t load(const std::atomic<std::uint64_t>& word) { return word.load(std::memory_order_relaxed); }

}  // namespace

std::vector<Offset> Heap::free_blocks(const Run& run) const {
  std::vector<Offset> blocks;
  if (!run.drained) return blocks;
  // The list of an empty run is not followed any more (H4).
  if (run.is_empty()) {
    for (std::uint64_t i = 0; i < run.blocks(); ++i) blocks.push_back(run.block(i));
    return blocks;
  }
  for (Offset block = first_free(run); blocks.size() < run.free; block = next_free(run, block)) blocks.push_back(block);
  return blocks;
}

// The first one of the list of a run, and the one after another: 0 where the list ends, as it may not while the run counts more.
Offset Heap::first_free(const Run& run) const { return inside(run, run.block(run.free_first)); }
Offset Heap::next_free(const Run& run, Offset block) const {
  const Offset next = next_free(block);
  return next == 0 ? 0 : inside(run, next);
}

Offset Heap::inside(const Run& run, Offset block) const {
  if (block < run.first || run.number_of(block) >= run.blocks() || run.block(run.number_of(block)) != block)
    segment_.refuse(block, "a free block of a run that is drained");
  return block;
}

// A magazine of blocks that readers were in has become the first of the free ones, or a spare one if it was empty.
void Heap::came_back(SizeClass size_class, Offset reclaimed) {
  const ClassHeap& heap = classes(size_class);
  if (stripe_.drained != 0) {
    due_ = true;
    if (heap.free_magazines == reclaimed) set_aside_of(reclaimed, at(heap.free_magazines), size_class);
  }
  const std::uint64_t magazines = free_magazine_count(heap.magazines);
  if (magazines * room(size_class) * class_bytes(size_class) < kFreeBytesWanted) return;
  if (magazines < drainage().census_at[size_class]) return;
  crowded_ = size_class;
  due_ = true;
}

void Heap::drain_some(const Move& move) {
  due_ = false;
  give_back_empty();
  learn_of_drained();
  release_old(kLooksAtRun);
  const SizeClass crowded = std::exchange(crowded_, kSizeClasses);
  if (const std::size_t known = drainage().runs.size(); crowded != kSizeClasses && known < kRunsAtOnce) {
    begin_draining(crowded, Share::most, kRunsAtOnce - known);
  }
  show_blocks(move);
  give_back_empty();
}

std::uint64_t Heap::drain_all(const Move& move) {
  std::uint64_t pages = give_back_empty();
  learn_of_drained();
  for (SizeClass size_class = 0; size_class < kSizeClasses; ++size_class) {
    for (std::uint64_t emptied = 1; emptied != 0; pages += emptied) {
      emptied = 0;
      if (!begin_draining(size_class, Share::any, kRunsMax) && drainage().runs.empty()) break;
      show_blocks(move);
      for (int looks = 0; looks < kLooksWhileDraining && !drainage().runs.empty(); ++looks) {
        if (looks != 0) os::sleep_briefly();
        reclaim_all();
        emptied += give_back_empty();
      }
      release_old(0);
    }
  }
  return pages;
}

// Of the stripe's runs those that are drained: other programs may have begun with some, and have died since. Without the lock of the
// pool: where somebody is about to take, merge or cut a run of another stripe, the way ends, and the next time it goes on.
void Heap::learn_of_drained() {
  if (drainage().runs.size() == stripe_.drained) return;
  for (std::uint64_t page = 0; page < load(segment_.header().pages_used);) {
    const std::optional<Run> run = segment_.run_at(page);
    if (!run) return;
    if (!run->is_free() && run->stripe == index_ && run->drained) know(*run, false);
    page += run->pages;
  }
}

void Heap::know(const Run& run, bool shown) {
  auto& runs = drainage().runs;
  if (std::none_of(runs.begin(), runs.end(), [&](const auto& known) { return known.run == run.first; }))
    runs.push_back({.run = run.first, .shown = shown, .looks = 0});
}

// Chooses the runs of a class in which the least lives: where most is free, or anything, so that the other runs have room for what
// lives in them. Of nodes, which nobody can move, only what is free as a whole. False when there is none.
bool Heap::begin_draining(SizeClass size_class, Share share, std::size_t runs_max) {
  const ClassHeap& heap = classes(size_class);
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> free_of_page;
  std::uint64_t free = 0;
  const auto count = [&](Offset block) {
    ++free_of_page[block / kPageBytes];
    ++free;
  };
  std::uint64_t expected = free_magazine_count(heap.magazines);
  for (Offset next = heap.free_magazines; next != 0; next = magazine(next).next) {
    const Magazine& listed = magazine(next);
    if (expected-- == 0 || listed.count > kMagazineRoom)
      segment_.refuse(next, "a list of free blocks that is not too long");
    std::for_each_n(std::begin(listed.blocks), listed.count, count);
  }
  for (Offset next = heap.free_list; next != 0; next = next_free(next)) {
    if (free > segment_.end() / kBlockAlignBytes) segment_.refuse(next, "a list of free blocks that is not too long");
    count(next);
  }
  boost::unordered_flat_map<Offset, std::uint64_t> free_of_run;
  std::vector<Run> candidates;
  for (const auto& [page, blocks] : free_of_page) {
    const Run run = segment_.run_of(page * kPageBytes);
    if (run.stripe != index_ || run.size_class != size_class) segment_.refuse(page * kPageBytes, "a free block");
    std::uint64_t& sum = free_of_run[run.first];
    if (sum == 0) candidates.push_back(run);
    sum += blocks;
    if (sum > run.blocks()) segment_.refuse(run.first, "a run with so many free blocks");
  }
  const auto live = [&](const Run& run) { return run.blocks() - free_of_run[run.first]; };
  double emptiest = 0;
  for (const Run& run : candidates)
    emptiest = std::max(emptiest, static_cast<double>(free_of_run[run.first]) / static_cast<double>(run.blocks()));
  std::erase_if(candidates, [&](const Run& run) {
    const bool cut = heap.bump_next < heap.bump_end && heap.bump_next - run.first < run.bytes();
    if (is_node_class(size_class) && live(run) != 0) return true;
    return cut || run.drained ||
           (share == Share::most &&
            static_cast<double>(live(run)) > (1 - kShareWanted) * static_cast<double>(run.blocks()));
  });
  std::sort(candidates.begin(), candidates.end(),
            [&](const Run& left, const Run& right) { return live(left) < live(right); });
  std::uint64_t staying = 0;
  if (share == Share::most) staying = kBytesStaying / class_bytes(size_class);
  if (share == Share::most && staying == 0 && class_bytes(size_class) <= kStayingBytesMax) staying = 1;
  std::uint64_t moving = 0;
  std::size_t begun = 0;
  for (Run run : candidates) {
    // What is free elsewhere must do for what moves.
    if (begun == runs_max || moving + live(run) + staying > free - free_of_run[run.first]) break;
    moving += live(run);
    free -= free_of_run[run.first];
    run.drained = true;
    Change change = this->change();
    change.publish(segment_.word_of(run), run.to_word());
    change.store(at(stripe_.drained), stripe_.drained + 1);
    change.commit();
    drainage().runs.push_back({.run = run.first, .shown = false, .looks = 0});
    ++begun;
  }
  // A look costs as much as there are free blocks. If objects are deleted at random, there must be so many times more of them for the
  // emptiest run to be empty enough; if not, a quarter more is worth a look.
  const double times = begun != 0 ? 0 : std::clamp(kShareWanted / std::max(emptiest, kShareWanted / 2), 1.02, 1.25);
  drainage().census_at[size_class] =
      static_cast<std::uint32_t>(static_cast<double>(free_magazine_count(heap.magazines)) * times);
  return begun != 0;
}

void Heap::show_blocks(const Move& move) {
  std::vector<Run> fresh;
  for (auto& known : drainage().runs) {
    const std::optional<Run> run = segment_.run_at(segment_.page_of(known.run));
    if (!known.shown && run && run->drained && !run->released) fresh.push_back(*run);
    known.shown = true;
  }
  SizeClass cleared = kSizeClasses;
  for (const Run& run : fresh) {
    if (run.size_class != cleared) set_aside_listed(run.size_class);
    cleared = run.size_class;
  }
  for (const Run& run : fresh) {
    const auto empty = [&] { return segment_.run_of(run.first).is_empty(); };  // H4
    for (std::uint64_t i = 0; i < run.blocks() && !empty(); ++i) move(run.block(i), run.size_class);
  }
}

// The run of a free block that has a list of its own for it; nothing: it is for all.
std::optional<Run> Heap::drained_run_of(Offset block) const {
  if (stripe_.drained == 0) return std::nullopt;
  const Run run = segment_.run_of(block);
  if (!run.drained || run.released) return std::nullopt;
  return run;
}

// The free blocks of a class that lie in runs that are drained, from the lists of all to those of their runs.
void Heap::set_aside_listed(SizeClass size_class) {
  ClassHeap& heap = classes(size_class);
  std::uint64_t left =
      segment_.end() / kBlockAlignBytes;  // more blocks there are not: a list that is longer goes round
  const auto count = [&](Offset next) {
    if (left-- == 0) segment_.refuse(next, "a list of free blocks that is not too long");
  };
  Offset link = at(heap.free_magazines);
  while (const Offset listed = load(segment_.word(link))) {
    count(listed);
    if (!set_aside_of(listed, link, size_class)) link = at(magazine(listed).next);
  }
  link = at(heap.free_list);
  while (const Offset block = load(segment_.word(link))) {
    count(block);
    const std::optional<Run> run = drained_run_of(checked(block, size_class));
    if (!run) {
      link = block;
      continue;
    }
    Change change = this->change();
    change.publish(link, next_free(block));
    set_aside(change, *run, block);
    change.commit();
  }
}

// Those of one magazine of free blocks, to which the word at `link` leads. True when it has become empty, and a spare one.
bool Heap::set_aside_of(Offset listed, Offset link, SizeClass size_class) {
  Magazine& magazine = this->magazine(listed);
  ClassHeap& heap = classes(size_class);
  if (magazine.count > kMagazineRoom) segment_.refuse(listed, "a list of free blocks that is not too long");
  for (std::uint64_t i = magazine.count; i-- > 0;) {
    const Offset block = magazine.blocks[i];
    const std::optional<Run> run = drained_run_of(block);
    if (!run) continue;
    const std::uint64_t last = magazine.count - 1;
    Change change = this->change();
    change.publish(at(magazine.count), last);
    if (i != last) change.store(at(magazine.blocks[i]), magazine.blocks[last]);
    set_aside(change, *run, block);
    if (last == 0) {
      change.store(link, magazine.next);
      change.store(at(heap.magazines), heap.magazines - kFreeMagazine);
      change.store(at(magazine.next), stripe_.spare_magazines);
      change.store(at(stripe_.spare_magazines), listed);
    }
    change.commit();
    if (last == 0) return true;
  }
  return false;
}

// As part of a Change that takes it out of another list: into that of its run.
void Heap::set_aside(Change& change, const Run& run, Offset block) {
  if (run.free == run.blocks()) segment_.refuse(block, "one more free block of its run");
  change.store(inside(run, block), run.free == 0 ? 0 : run.block(run.free_first));  // no reader is in it
  Run after = run;
  after.free_first = run.number_of(block);
  ++after.free;
  change.store(segment_.word_of(run), after.to_word());
  if (after.is_empty()) know(run, true);
}

// Forgets the runs that are not drained any more. Returns how many pages it gave back.
std::uint64_t Heap::give_back_empty() {
  std::uint64_t pages = 0;
  std::erase_if(drainage().runs, [&](const auto& known) {
    const std::optional<Run> run = segment_.run_at(segment_.page_of(known.run));
    if (!run || run->is_free() || run->stripe != index_ || !run->drained) return true;
    if (!run->is_empty()) return false;
    try {
      segment_.give_back_run(holder(), *run);
    } catch (const Error& error) {
      if (!is_shortage(error)) throw;
      return false;  // later
    }
    pages += run->pages;
    return true;
  });
  return pages;
}

void Heap::release_old(unsigned looks) {
  std::vector<Offset> old;
  for (auto& known : drainage().runs) {
    if (segment_.run_of(known.run).released || (known.shown && ++known.looks > looks)) old.push_back(known.run);
  }
  for (const Offset first : old) {
    if (release(first)) std::erase_if(drainage().runs, [&](const auto& known) { return known.run == first; });
  }
}

// By the way of what is retired, since that is how blocks come into the lists of all. False when there is no magazine for them: later.
bool Heap::release(Offset first) try {
  Run run = segment_.run_of(first);
  if (run.is_empty()) return false;  // H4
  const Offset word = segment_.word_of(run);
  const auto store = [&](const Run& after) { segment_.word(word).store(after.to_word(), std::memory_order_release); };
  run.released = true;
  store(run);
  while (run.free != 0) {
    prepare_retire(run.size_class);
    const Offset block = first_free(run);
    const Offset next = next_free(run, block);
    Run after = run;
    --after.free;
    after.free_first = after.free == 0 ? 0 : run.number_of(next);
    Change change = this->change();
    change.publish(word, after.to_word());
    retire(change, run.size_class, block);
    change.commit();
    run = after;
  }
  run.drained = run.released = false;
  Change change = this->change();
  change.publish(word, run.to_word());
  change.store(at(stripe_.drained), stripe_.drained - 1);
  change.commit();
  return true;
} catch (const Error& error) {
  if (!is_shortage(error)) throw;
  return false;
}

}  // namespace heirloom::shm
