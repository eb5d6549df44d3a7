// SPDX-License-Identifier: Apache-2.0
#include "shm/segment.hpp"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "os/file.hpp"
#include "shm/reserve.hpp"

namespace heirloom::shm {

namespace {

constexpr char kSegmentMagic[8] = {'h', 'e', 'i', 'r', 't', 'a', 'b', 'l'};
constexpr std::uint32_t kFingerprint =
    static_cast<std::uint32_t>(sizeof(SegmentHeader) * 31 + sizeof(Stripe) * 7 + sizeof(Intent) + kSizeClasses);

std::uint32_t checksum_of(const SegmentHeader& header) {
  const std::uint64_t numbers[] = {header.stripe_count, header.page_count_max};
  return static_cast<std::uint32_t>(XXH3_64bits(numbers, sizeof numbers));
}

constexpr std::uint64_t free_run(std::uint64_t pages) {
  return Run{.first = 0, .pages = pages, .size_class = Run::kFree, .stripe = 0}.to_word();
}

// Of free runs that a search looks at before it rather takes new pages: there is address space for several times as many.
constexpr std::uint64_t kRunsLookedAt = 256;
// A free run grows no longer, so that its length has room in the page map.
constexpr std::uint64_t kFreePagesMax = std::uint64_t{1} << 18;
// Blocks begin in the first of so many pages of their run (Heap::take_run).
constexpr std::uint64_t kPagesBeforeBlock = 16;

}  // namespace

Status Segment::create(int directory, const std::string& name, const SegmentSpec& spec,
                       const std::function<void(std::byte* table)>& fill) {
  const SegmentParts parts(spec);
  HEIRLOOM_TRY(const os::Fd file, os::create_file(directory, name), "create segment");
  const auto make = [&]() -> Status {
    HEIRLOOM_CHECK(os::allocate(file, 0, parts.dictionary), "create segment");
    HEIRLOOM_TRY(const os::Mapping mapping, os::Mapping::map(file, parts.dictionary, os::Access::read_write),
                 "create segment");
    auto& header = *reinterpret_cast<SegmentHeader*>(mapping.base());
    std::memcpy(header.magic, kSegmentMagic, sizeof kSegmentMagic);
    header.fingerprint = kFingerprint;
    header.max_bytes.store(spec.max_bytes, std::memory_order_relaxed);
    header.stripe_count = spec.stripe_count;
    header.stripes = parts.stripes;
    header.dictionary = parts.dictionary;
    header.dictionary_bytes_max = kDictionaryBytesMax;
    header.page_map = parts.page_map;
    header.pages = parts.pages;
    header.page_count_max = parts.page_count_max;
    header.checksum = checksum_of(header);
    fill(header.table);
    header.version.store(kLayoutVersion, std::memory_order_release);  // S1
    return {};
  };
  Status made = make();
  if (!made) os::remove_file(directory, name);
  return made;
}

Segment::Segment(os::Fd file, os::Mapping mapping, const SegmentSpec& spec)
    : file_(std::move(file)),
      mapping_(std::move(mapping)),
      parts_(spec),
      stripes_(reinterpret_cast<Stripe*>(base() + parts_.stripes)),
      stripe_count_(spec.stripe_count),
      pages_(parts_.pages),
      known_end_(pages_),
      drainage_(stripe_count_) {}

Result<std::unique_ptr<Segment>> Segment::open(int directory, const std::string& name) {
  const std::string trail = "open segment \"" + name + '"';
  HEIRLOOM_TRY(os::Fd file, os::open_file(directory, name, os::Access::read_write), trail);
  HEIRLOOM_TRY(const std::uint64_t bytes, os::file_bytes(file), trail);
  const auto corrupt = [&](const std::string& what) { return fail(ErrorCode::corrupt, what).within(trail); };
  if (bytes < kPageBytes) return corrupt("it has " + std::to_string(bytes) + " bytes, less than a header");

  SegmentSpec spec{};
  {
    HEIRLOOM_TRY(const os::Mapping mapping, os::Mapping::map(file, kPageBytes, os::Access::read_only), trail);
    const auto& header = *reinterpret_cast<const SegmentHeader*>(mapping.base());
    if (std::memcmp(header.magic, kSegmentMagic, sizeof kSegmentMagic) != 0) {
      return corrupt("it does not begin with \"heirtabl\": this is no segment");
    }
    const std::uint32_t version = header.version.load(std::memory_order_acquire);
    if (version != kLayoutVersion || header.fingerprint != kFingerprint) {
      return other_layout(std::to_string(version) + "/" + std::to_string(header.fingerprint),
                          std::to_string(kLayoutVersion) + "/" + std::to_string(kFingerprint))
          .within(trail);
    }
    constexpr std::uint64_t kPagesMax = (std::uint64_t{1} << 44) / kPageBytes;
    spec = {header.max_bytes.load(std::memory_order_relaxed), header.page_count_max * kPageBytes, header.stripe_count};
    const bool sane = spec.stripe_count >= 2 && spec.stripe_count <= 1024 && std::has_single_bit(spec.stripe_count) &&
                      header.page_count_max - 1 < kPagesMax && spec.max_bytes <= spec.max_bytes_limit;
    if (!sane) return corrupt("its header has an impossible number of stripes or bytes");
    const SegmentParts parts(spec);
    if (header.checksum != checksum_of(header)) return corrupt("the numbers in its header have another checksum");
    const bool fits = header.stripes == parts.stripes && header.dictionary == parts.dictionary &&
                      header.dictionary_bytes_max == kDictionaryBytesMax && header.page_map == parts.page_map &&
                      header.pages == parts.pages;
    if (!fits) return corrupt("its header says that its parts lie where they cannot");
    // The table may be growing: what must not be more is read before what it must not pass.
    const std::uint64_t pages_used = header.pages_used.load();
    const std::uint64_t pages_free = header.pages_free.load();
    const std::uint64_t pages_in_file = header.pages_in_file.load();
    const std::uint64_t dictionary_bytes = header.dictionary_bytes.load();
    const std::uint64_t dictionary_bytes_given = header.dictionary_bytes_given.load();
    HEIRLOOM_TRY(const std::uint64_t bytes_now, os::file_bytes(file), trail);
    const std::uint64_t needed =
        parts.bytes_needed(pages_in_file, std::min(dictionary_bytes_given, kDictionaryBytesMax));
    if (pages_in_file > parts.page_count_max || pages_used > pages_in_file || pages_free > pages_in_file ||
        bytes_now < needed) {
      return corrupt("it has " + std::to_string(bytes_now) + " bytes where its header needs " + std::to_string(needed) +
                     ": it was cut short");
    }
    if (dictionary_bytes_given > kDictionaryBytesMax || dictionary_bytes > dictionary_bytes_given) {
      return corrupt("its dictionary is longer than its memory");
    }
    const std::uint64_t map_bytes_given = header.page_map_bytes_given.load();
    if (map_bytes_given > parts.pages - parts.page_map || map_bytes_given / 8 < pages_used)
      return corrupt("its page map is longer than its place, or shorter than its pages");
  }
  HEIRLOOM_TRY(os::Mapping mapping, os::Mapping::map(file, SegmentParts(spec).mapped_bytes, os::Access::read_write),
               trail);
  return std::unique_ptr<Segment>(new Segment(std::move(file), std::move(mapping), spec));
}

std::uint64_t Segment::end() const noexcept {
  return pages_ + header().pages_used.load(std::memory_order_acquire) * kPageBytes;
}

bool Segment::contains_slow(Offset offset, std::uint64_t bytes) const noexcept {
  const std::uint64_t in_file = header().pages_in_file.load(std::memory_order_acquire);
  if (in_file > parts_.page_count_max) return false;
  const std::uint64_t now = pages_ + in_file * kPageBytes;
  // What the header says may be wrong; to touch what the file has not would be a SIGBUS.
  if (now > known_end_.load(std::memory_order_relaxed)) {
    const auto there = os::file_bytes(file_);
    if (!there || *there < now) return false;
  }
  known_end_.store(now, std::memory_order_relaxed);
  return offset >= pages_ && bytes <= now && offset <= now - bytes;
}

std::uint64_t Segment::memory_bytes() const noexcept {
  return parts_.dictionary + header().dictionary_bytes_given.load(std::memory_order_relaxed) +
         header().page_map_bytes_given.load(std::memory_order_relaxed) + pages_with_memory() * kPageBytes;
}

std::uint64_t Segment::pages_with_memory() const noexcept {
  const std::uint64_t in_file = header().pages_in_file.load(std::memory_order_relaxed);
  return in_file - std::min(header().pages_free.load(std::memory_order_relaxed), in_file);
}

bool Segment::is_whole() const noexcept {
  if (const auto bytes = os::file_bytes(file_); !bytes.ok() || *bytes < kPageBytes) return false;
  const std::uint64_t pages = header().pages_in_file.load(std::memory_order_acquire);
  const std::uint64_t dictionary = header().dictionary_bytes_given.load(std::memory_order_acquire);
  if (pages > parts_.page_count_max || dictionary > kDictionaryBytesMax) return false;
  // Of the file as it is after that: it may be growing, and has grown before its header says so.
  const auto bytes = os::file_bytes(file_);
  return bytes.ok() && *bytes >= parts_.bytes_needed(pages, dictionary);
}

bool Segment::may_be_stored(Offset word) const noexcept {
  if (word % 8 != 0) return false;
  const SegmentHeader& head = header();
  const auto within = [&](Offset begin, std::uint64_t bytes) { return word >= begin && word - begin < bytes; };
  const std::uint64_t map_bytes =
      std::min(head.page_map_bytes_given.load(std::memory_order_relaxed), pages_ - parts_.page_map);
  return contains(word, 8) || within(parts_.stripes, parts_.dictionary - parts_.stripes) ||
         within(parts_.page_map, map_bytes) || word == offset_of(&head.pages_used) ||
         word == offset_of(&head.pages_free) || word == offset_of(&head.reviving) ||
         word == offset_of(&head.free_from) || within(offset_of(head.table), kCacheLineBytes);
}

void Segment::refuse(Offset offset, const char* what) const {
  refuse("read segment",
         std::string(what) + " is named at offset " + std::to_string(offset) + ", where there can be none");
}

void Segment::refuse(const std::string& operation, const std::string& detail) const {
  const Error error(ErrorCode::corrupt, operation, detail);
  if (tell_damage_) tell_damage_(operation + ": " + detail);
  throw error;
}

void Segment::grow_dictionary(std::uint64_t bytes) {
  auto& given = header().dictionary_bytes_given;
  const std::uint64_t now = given.load(std::memory_order_relaxed);
  if (bytes <= now) return;
  if (bytes > kDictionaryBytesMax) throw Error(ErrorCode::full, "insert", "the dictionary of atoms is full");
  const std::uint64_t next =
      std::min(SegmentParts::round_up(std::max(bytes, now + now / 2), kPageBytes), kDictionaryBytesMax);
  os::allocate(file_, parts_.dictionary + now, next - now).value_or_raise();
  given.store(next, std::memory_order_release);
}

// How many pages may have memory.
std::uint64_t Segment::pages_allowed() const noexcept { return max_bytes() / kPageBytes + Reserve::pages(); }

void Segment::grow_pages(std::uint64_t pages_needed) {
  SegmentHeader& head = header();
  const std::uint64_t now = head.pages_in_file.load(std::memory_order_relaxed);
  if (pages_needed <= now) return;
  // Nobody writes more into the header than there is address space for; who did would make this process touch what is not there.
  const std::uint64_t free = std::min(head.pages_free.load(std::memory_order_relaxed), now);
  const std::uint64_t pages_max = std::min(pages_allowed() + free, parts_.page_count_max);
  if (pages_needed > pages_max)
    throw Error(ErrorCode::full, "insert", "the table has reached max_bytes, " + std::to_string(max_bytes()));
  // An eighth more, so that growing costs little a page, and at most 2 MiB, so that no call waits long for zeroed pages.
  const std::uint64_t step = std::clamp<std::uint64_t>(now / 8, 16, 512);
  const std::uint64_t wanted =
      Reserve::pages() != 0 ? pages_needed : std::min(std::max(pages_needed, now + step), pages_max);
  if (wanted > pages_needed) {
    try {
      return give_pages(wanted);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;
    }
  }
  give_pages(pages_needed);
}

void Segment::give_pages(std::uint64_t next) {
  SegmentHeader& head = header();
  const std::uint64_t now = head.pages_in_file.load(std::memory_order_relaxed);
  const std::uint64_t map_bytes = SegmentParts::round_up(next * 8, kPageBytes);
  if (const std::uint64_t map_given = head.page_map_bytes_given.load(std::memory_order_relaxed);
      map_bytes > map_given) {
    os::allocate(file_, parts_.page_map + map_given, map_bytes - map_given).value_or_raise();
    head.page_map_bytes_given.store(map_bytes, std::memory_order_release);
  }
  os::allocate(file_, pages_ + now * kPageBytes, (next - now) * kPageBytes).value_or_raise();
  head.pages_in_file.store(next, std::memory_order_release);
}

void Segment::lock_pool(Holder holder) {
  judged([&] { return header().pool_lock.acquire(holder); });
  if (!repairs_) return;
  try {
    // Whatever the way that the lock became free: an armed record comes first.
    settle_intent(header().pool_intent);
    forget_revival();
  } catch (...) {
    header().pool_lock.release();
    throw;
  }
}

// Takes back the memory of a free run that was about to be taken. Not of one that was: its Change has cleared `reviving`.
void Segment::forget_revival() {
  SegmentHeader& head = header();
  const std::uint64_t reviving = head.reviving.load(std::memory_order_relaxed);
  if (reviving == 0) return;
  const std::uint64_t page = reviving & 0xFFFFFFFF;
  const std::optional<Run> run = run_at(page);
  if (!run || !run->is_free() || reviving >> 32 > run->pages) refuse(pages_ + page * kPageBytes, "a free run");
  os::give_back(file_, run->first, (reviving >> 32) * kPageBytes);
  head.reviving.store(0, std::memory_order_release);
}

Repair Segment::state_of(const Intent& intent) const {
  return judged([&] { return shm::state_of(intent, base(), [this](Offset word) { return may_be_stored(word); }); });
}

Repair Segment::settle_intent(Intent& intent) const {
  return judged([&] { return repair(intent, base(), [this](Offset word) { return may_be_stored(word); }); });
}

void Segment::settle_pool(Holder holder) {
  with_pool_locked(holder, [] {});
}

void Segment::with_pool_locked(Holder holder, const std::function<void()>& look) {
  lock_pool(holder);
  try {
    look();
  } catch (...) {
    header().pool_lock.release();
    throw;
  }
  header().pool_lock.release();
}

std::optional<Run> Segment::run_at(std::uint64_t page) const {
  const Offset first = pages_ + page * kPageBytes;
  if (page >= std::min(header().pages_used.load(std::memory_order_relaxed), parts_.page_count_max)) return std::nullopt;
  const std::uint64_t descriptor = word(parts_.page_map + page * 8).load(std::memory_order_acquire);
  if (descriptor == 0) return std::nullopt;
  // Once more: the run may have been taken since, from pages that were not in use before.
  const std::uint64_t used = header().pages_used.load(std::memory_order_relaxed);
  const Run run = Run::from_word(first, descriptor);
  const bool known = run.is_free() || run.size_class < kSizeClasses;
  if (run.pages == 0 || run.pages > used - page || !known || run.stripe >= stripe_count_ ||
      (!run.is_free() && run.free > run.blocks()))
    refuse(first, "a run of pages");
  return run;
}

Run Segment::run_of(Offset block) const {
  if (!contains(block, 1)) refuse(block, "a block");
  const std::uint64_t page = page_of(block);
  for (std::uint64_t back = 0; back <= page && back < kPagesBeforeBlock; ++back) {
    const std::optional<Run> run = run_at(page - back);
    if (!run) continue;
    if (run->is_free() || back >= run->pages) break;
    return *run;
  }
  refuse(block, "a block");
}

// What a run is taken for.
struct Segment::Taken {
  std::uint32_t stripe;
  SizeClass size_class;
  std::uint64_t pages;

  [[nodiscard]] std::uint64_t run() const {
    return Run{.first = 0, .pages = pages, .size_class = size_class, .stripe = stripe}.to_word();
  }
  // As part of a Change of the pool: the run of these pages goes to the stripe.
  void to_stripe(Change& change, Segment& segment, std::uint64_t page) const {
    ClassHeap& heap = segment.stripe(stripe).classes[size_class];
    const Offset run = segment.pages_ + page * kPageBytes;
    const std::uint64_t block_bytes = class_bytes(size_class);
    change.store(segment.offset_of(&heap.bump_next), run);
    change.store(segment.offset_of(&heap.bump_end), run + pages * kPageBytes / block_bytes * block_bytes);
  }
};

void Segment::take_run(Holder holder, std::uint32_t stripe_index, SizeClass size_class, std::uint64_t bytes) {
  const std::uint64_t pages = SegmentParts::round_up(std::max(bytes, class_bytes(size_class)), kPageBytes) / kPageBytes;
  const Taken taken{stripe_index, size_class, pages};
  with_pool_locked(holder, [&] {
    if (take_free_run(taken, kRunsLookedAt)) return;
    try {
      take_new_run(taken);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full || !take_free_run(taken, parts_.page_count_max)) throw;
    }
  });
}

void Segment::take_new_run(const Taken& taken) {
  SegmentHeader& head = header();
  const std::uint64_t used = head.pages_used.load(std::memory_order_relaxed);
  if (used > parts_.page_count_max) refuse(offset_of(&head.pages_used), "the number of pages in use");
  grow_pages(used + taken.pages);
  if (const Offset run = pages_ + used * kPageBytes; !contains(run, taken.pages * kPageBytes))
    refuse(run, "a run of pages");
  Change change = pool_change();
  change.publish(offset_of(&head.pages_used), used + taken.pages);
  change.store(parts_.page_map + used * 8, taken.run());
  taken.to_stripe(change, *this, used);
  change.commit();
}

// Of the free runs the first one that is long enough; neighbours become one on the way. False when there is none among so many runs, or
// no more pages may have memory.
bool Segment::take_free_run(const Taken& taken, std::uint64_t runs_max) {
  SegmentHeader& head = header();
  const std::uint64_t free = head.pages_free.load(std::memory_order_relaxed);
  if (taken.pages > free || pages_with_memory() + taken.pages > pages_allowed()) return false;
  const std::uint64_t used = head.pages_used.load(std::memory_order_relaxed);
  bool all_taken = true;  // so far
  std::uint64_t page = head.free_from;
  const auto run_from = [&](std::uint64_t number) {
    const std::optional<Run> run = run_at(number);
    if (!run) refuse(pages_ + number * kPageBytes, "a run of pages");
    return *run;
  };
  for (; page < used && runs_max != 0; --runs_max) {
    const Run run = run_from(page);
    const std::uint64_t behind = page + run.pages;
    if (!run.is_free()) {
      page = behind;
      continue;
    }
    if (all_taken) head.free_from = page;
    all_taken = false;
    if (const Run next = behind < used ? run_from(behind) : run;
        behind < used && next.is_free() && run.pages + next.pages < kFreePagesMax) {
      Change change = pool_change();
      change.publish(parts_.page_map + page * 8, free_run(run.pages + next.pages));
      change.store(parts_.page_map + behind * 8, 0);
      change.commit();
      continue;
    }
    if (run.pages < taken.pages) {
      page = behind;
      continue;
    }
    head.reviving.store(taken.pages << 32 | page, std::memory_order_release);
    if (Status given = os::allocate(file_, run.first, taken.pages * kPageBytes); !given) {
      forget_revival();
      std::move(given).value_or_raise();
    }
    Change change = pool_change();
    change.publish(parts_.page_map + page * 8, taken.run());
    if (run.pages != taken.pages)
      change.store(parts_.page_map + (page + taken.pages) * 8, free_run(run.pages - taken.pages));
    change.store(offset_of(&head.pages_free), free - taken.pages);
    change.store(offset_of(&head.reviving), 0);
    taken.to_stripe(change, *this, page);
    change.commit();
    return true;
  }
  if (all_taken) head.free_from = page;
  return false;
}

void Segment::give_back_run(Holder holder, const Run& run) {
  SegmentHeader& head = header();
  // Before anybody else can take it. Who finds it so after a death gives it back once more.
  os::give_back(file_, run.first, run.bytes());
  with_pool_locked(holder, [&] {
    const std::uint64_t page = page_of(run.first);
    std::uint64_t& drained = stripe(run.stripe).drained;
    Change change = pool_change();
    change.publish(word_of(run), free_run(run.pages));
    change.store(offset_of(&head.pages_free), head.pages_free.load(std::memory_order_relaxed) + run.pages);
    if (page < head.free_from) change.store(offset_of(&head.free_from), page);
    change.store(offset_of(&drained), drained - 1);
    change.commit();
  });
}

}  // namespace heirloom::shm
