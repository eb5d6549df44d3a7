// SPDX-License-Identifier: Apache-2.0
#include "shm/segment.hpp"

#include <algorithm>
#include <cstring>

#include "os/file.hpp"

namespace heirloom::shm {

namespace {

constexpr char kMagic[8] = {'h', 'e', 'i', 'r', 't', 'a', 'b', 'l'};
constexpr std::uint64_t kDictionaryBytesMax = std::uint64_t{64} << 20;
constexpr std::uint32_t kFingerprint =
    static_cast<std::uint32_t>(sizeof(SegmentHeader) * 31 + sizeof(Stripe) * 7 + sizeof(Intent) + kSizeClasses);

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

// Where the parts lie, from the two numbers that decide it. Computed here and nowhere else.
struct Parts {
  Offset stripes;
  Offset dictionary;
  Offset page_map;
  Offset pages;
  std::uint64_t page_count_max;
  std::uint64_t mapped_bytes;

  explicit constexpr Parts(const SegmentSpec& spec)
      : stripes(kPageBytes),
        dictionary(round_up(stripes + spec.stripe_count * sizeof(Stripe), kPageBytes)),
        page_map(dictionary + kDictionaryBytesMax),
        pages(0),
        page_count_max(spec.max_bytes_limit / kPageBytes),
        mapped_bytes(0) {
    pages = round_up(page_map + page_count_max * 8, kPageBytes);
    mapped_bytes = pages + page_count_max * kPageBytes;
  }
};

std::uint64_t run_descriptor(std::uint64_t pages, SizeClass size_class, std::uint32_t stripe) {
  return (pages << 32) | (std::uint64_t{size_class} << 16) | stripe;
}

}  // namespace

Status Segment::create(int directory, const std::string& name, const SegmentSpec& spec,
                       const std::function<void(std::byte* table)>& fill) {
  const Parts parts(spec);
  HEIRLOOM_TRY(const os::Fd file, os::create_file(directory, name), "create segment");
  const auto make = [&]() -> Status {
    HEIRLOOM_CHECK(os::allocate(file, 0, parts.dictionary), "create segment");
    HEIRLOOM_TRY(const os::Mapping mapping, os::Mapping::map(file, parts.dictionary, os::Access::read_write),
                 "create segment");
    auto& header = *reinterpret_cast<SegmentHeader*>(mapping.base());
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    header.fingerprint = kFingerprint;
    header.max_bytes.store(spec.max_bytes, std::memory_order_relaxed);
    header.stripe_count = spec.stripe_count;
    header.stripes = parts.stripes;
    header.dictionary = parts.dictionary;
    header.dictionary_bytes_max = kDictionaryBytesMax;
    header.page_map = parts.page_map;
    header.pages = parts.pages;
    header.page_count_max = parts.page_count_max;
    fill(header.table);
    header.version.store(kLayoutVersion, std::memory_order_release);  // S1
    return {};
  };
  Status made = make();
  if (!made) os::remove_file(directory, name);
  return made;
}

Segment::Segment(os::Fd file, os::Mapping mapping)
    : file_(std::move(file)),
      mapping_(std::move(mapping)),
      stripes_(reinterpret_cast<Stripe*>(base() + header().stripes)),
      stripe_count_(header().stripe_count),
      pages_(header().pages),
      known_end_(pages_) {}

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
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) {
      return corrupt("it does not begin with \"heirtabl\": this is no segment");
    }
    const std::uint32_t version = header.version.load(std::memory_order_acquire);
    if (version != kLayoutVersion || header.fingerprint != kFingerprint) {
      return fail(ErrorCode::layout, "it has layout " + std::to_string(version) + "/" +
                                         std::to_string(header.fingerprint) + ", this program knows " +
                                         std::to_string(kLayoutVersion) + "/" + std::to_string(kFingerprint))
          .within(trail);
    }
    constexpr std::uint64_t kPagesMax = (std::uint64_t{1} << 44) / kPageBytes;
    spec = {header.max_bytes.load(std::memory_order_relaxed), header.page_count_max * kPageBytes, header.stripe_count};
    const bool sane = spec.stripe_count >= 2 && spec.stripe_count <= 1024 && std::has_single_bit(spec.stripe_count) &&
                      header.page_count_max - 1 < kPagesMax && spec.max_bytes <= spec.max_bytes_limit;
    if (!sane) return corrupt("its header has an impossible number of stripes or bytes");
    const Parts parts(spec);
    const bool fits = header.stripes == parts.stripes && header.dictionary == parts.dictionary &&
                      header.dictionary_bytes_max == kDictionaryBytesMax && header.page_map == parts.page_map &&
                      header.pages == parts.pages;
    if (!fits) return corrupt("its header says that its parts lie where they cannot");
    // The table may be growing: what must not be more is read before what it must not pass.
    const std::uint64_t pages_used = header.pages_used.load();
    const std::uint64_t pages_in_file = header.pages_in_file.load();
    const std::uint64_t dictionary_bytes = header.dictionary_bytes.load();
    const std::uint64_t dictionary_bytes_given = header.dictionary_bytes_given.load();
    HEIRLOOM_TRY(const std::uint64_t bytes_now, os::file_bytes(file), trail);
    const std::uint64_t needed = pages_in_file == 0 ? parts.dictionary : parts.pages + pages_in_file * kPageBytes;
    if (pages_in_file > parts.page_count_max || pages_used > pages_in_file || bytes_now < needed) {
      return corrupt("it has " + std::to_string(bytes_now) + " bytes where its header needs " + std::to_string(needed) +
                     ": it was cut short");
    }
    if (dictionary_bytes_given > kDictionaryBytesMax || dictionary_bytes > dictionary_bytes_given) {
      return corrupt("its dictionary is longer than its memory");
    }
  }
  HEIRLOOM_TRY(os::Mapping mapping, os::Mapping::map(file, Parts(spec).mapped_bytes, os::Access::read_write), trail);
  return std::unique_ptr<Segment>(new Segment(std::move(file), std::move(mapping)));
}

std::uint64_t Segment::end() const noexcept {
  return pages_ + header().pages_used.load(std::memory_order_acquire) * kPageBytes;
}

bool Segment::contains_slow(Offset offset, std::uint64_t bytes) const noexcept {
  const std::uint64_t in_file = header().pages_in_file.load(std::memory_order_acquire);
  if (in_file > header().page_count_max) return false;
  const std::uint64_t now = pages_ + in_file * kPageBytes;
  known_end_.store(now, std::memory_order_relaxed);
  return offset >= pages_ && bytes <= now && offset <= now - bytes;
}

std::uint64_t Segment::memory_bytes() const noexcept {
  return header().dictionary + header().dictionary_bytes_given.load(std::memory_order_relaxed) +
         header().page_map_bytes_given.load(std::memory_order_relaxed) +
         header().pages_in_file.load(std::memory_order_relaxed) * kPageBytes;
}

void Segment::refuse(Offset offset, const char* what) {
  throw Error(ErrorCode::corrupt, "read segment",
              std::string(what) + " lies at offset " + std::to_string(offset) + ", where there is no block");
}

void Segment::grow_dictionary(std::uint64_t bytes) {
  auto& given = header().dictionary_bytes_given;
  const std::uint64_t now = given.load(std::memory_order_relaxed);
  if (bytes <= now) return;
  if (bytes > header().dictionary_bytes_max) throw Error(ErrorCode::full, "insert", "the dictionary of atoms is full");
  const std::uint64_t next = std::min(round_up(std::max(bytes, now + now / 2), kPageBytes), kDictionaryBytesMax);
  os::allocate(file_, header().dictionary + now, next - now).value_or_raise();
  given.store(next, std::memory_order_release);
}

void Segment::grow_pages(std::uint64_t pages_needed) {
  SegmentHeader& head = header();
  const std::uint64_t now = head.pages_in_file.load(std::memory_order_relaxed);
  if (pages_needed <= now) return;
  // Nobody writes more into the header than there is address space for; who did would make this process touch what is not there.
  const std::uint64_t pages_max = std::min(max_bytes() / kPageBytes, head.page_count_max);
  if (pages_needed > pages_max)
    throw Error(ErrorCode::full, "insert", "the table has reached max_bytes, " + std::to_string(max_bytes()));
  // An eighth more, so that growing costs little a page, and at most 2 MiB, so that no call waits long for zeroed pages.
  const std::uint64_t step = std::clamp<std::uint64_t>(now / 8, 16, 512);
  const std::uint64_t wanted = std::min(std::max(pages_needed, now + step), pages_max);
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
  const std::uint64_t map_bytes = round_up(next * 8, kPageBytes);
  if (const std::uint64_t map_given = head.page_map_bytes_given.load(std::memory_order_relaxed);
      map_bytes > map_given) {
    os::allocate(file_, head.page_map + map_given, map_bytes - map_given).value_or_raise();
    head.page_map_bytes_given.store(map_bytes, std::memory_order_release);
  }
  os::allocate(file_, head.pages + now * kPageBytes, (next - now) * kPageBytes).value_or_raise();
  head.pages_in_file.store(next, std::memory_order_release);
}

void Segment::lock_pool(Holder holder) {
  header().pool_lock.acquire(holder);
  try {
    // Whatever the way that the lock became free: an armed record comes first.
    if (repairs_) repair(header().pool_intent, base(), end());
  } catch (...) {
    header().pool_lock.release();
    throw;
  }
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

void Segment::take_run(Holder holder, std::uint32_t stripe_index, SizeClass size_class, std::uint64_t bytes) {
  SegmentHeader& head = header();
  ClassHeap& heap = stripe(stripe_index).classes[size_class];
  const std::uint64_t block_bytes = class_bytes(size_class);
  const std::uint64_t pages = round_up(std::max(bytes, block_bytes), kPageBytes) / kPageBytes;
  with_pool_locked(holder, [&] {
    const std::uint64_t used = head.pages_used.load(std::memory_order_relaxed);
    grow_pages(used + pages);
    const Offset run = head.pages + used * kPageBytes;
    Change change(head.pool_intent, base());
    change.publish(offset_of(&head.pages_used), used + pages);
    change.store(head.page_map + used * 8, run_descriptor(pages, size_class, stripe_index));
    change.store(offset_of(&heap.bump_next), run);
    change.store(offset_of(&heap.bump_end), run + pages * kPageBytes / block_bytes * block_bytes);
    change.commit();
  });
}

}  // namespace heirloom::shm
