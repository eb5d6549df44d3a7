// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a table: what src/table keeps in a segment.
//
// Layout
//   TableHeader   in the segment's header: options, ownership, root
//   IndexRoot     one IndexHead for each stripe; replaced as a whole by delete_all_objects
//   directory     of one stripe: offsets of its chunks of buckets
//   chunk         1, 1, 2, 4 ... 128, 256, 256, 256 ... buckets
//   Bucket        one cache line: seven slots and the offset of an overflow bucket
//   slot word     tag (22 bits of the hash) | offset / 16 (41 bits) | pending (1 bit); 0: empty
//   object        a term block (term/word.hpp) whose root word carries other fields; see object.hpp
//   Group         the objects of one key of a bag, where there are several; see group.hpp
//   Pending       what a slot points to while an insert of several objects is under way; see insert_many.cpp
//
// A stripe is a linear hash table: `buckets` in its shape grows by one at a time, and the keys of bucket
// n - bit_floor(n) that belong into the new bucket n move there.
//
// Invariants
//   T1  A slot leads to an object or a Group, or through a Pending to at most one; no two lead to the same key.
//   T2  The key of an object in bucket b of stripe s has a hash that says (s, b) under the shape of s - but for stale
//       slots in the bucket that `sweep` of s names, and whatever lies in the bucket numbered `buckets`, which no reader
//       looks at.
//   T3  `objects` of a head counts its objects, and in a bag `keys` its keys, and `joining` is 0, whenever nobody holds the stripe's
//       lock. With what is joining they are those of whole calls, also while an insert of several is being added to them.
//   T4  A head's shape changes at every move of a slot from one bucket to another: so a reader that found nothing, and
//       finds the shape unchanged, has missed nothing.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "shm/segment.hpp"

namespace heirloom::table {

using shm::Offset;

inline constexpr std::size_t kNameBytesMax = 1020;  // 255 characters of UTF-8
inline constexpr std::size_t kIdBytesMax = 31;

// In the order in which less may be done: a call compares it with how much its handle tolerates. Each byte says it, so that no single
// damaged byte makes one of another.
enum class TableState : std::uint64_t { live = 0, quarantined = 0x0101010101010101, deleted = 0x0202020202020202 };

struct TableHeader {
  // What is looked at by every call: one line that hardly ever changes.
  alignas(shm::kCacheLineBytes) std::atomic<std::uint64_t> state;
  std::atomic<std::uint64_t> owner;       // Pid::packed(); 0: the node
  std::atomic<std::uint64_t> generation;  // owners so far
  std::atomic<std::uint64_t> root;        // offset of the IndexRoot; 0: never written
  std::atomic<std::uint64_t> grave;       // an IndexRoot whose objects were deleted but are not all retired yet; or 0
  std::uint64_t seed;                     // of the hash
  std::uint64_t keypos;
  std::atomic<std::uint32_t> protection;
  std::uint32_t type;

  // Hardly ever written.
  std::atomic<std::uint32_t> fixed;       // somebody has fixed it
  std::atomic<std::uint32_t> node_table;  // for whoever must go without the journal

  // Written once.
  std::uint64_t checksum;           // of all that is, here and above: checksum_of()
  std::uint32_t write_concurrency;  // WriteConcurrency
  std::uint32_t read_concurrency;
  std::uint32_t decentralized_counters;
  std::uint32_t compressed;
  std::uint32_t name_bytes;
  std::uint32_t id_bytes;
  char id[kIdBytesMax + 1];
  char name[kNameBytesMax];
};
static_assert(sizeof(TableHeader) <= sizeof(shm::SegmentHeader::table));
static_assert(offsetof(TableHeader, fixed) == shm::kCacheLineBytes);
[[nodiscard]] std::uint64_t checksum_of(const TableHeader& header) noexcept;

// `work` of a stripe: what is under way in it beyond one Change. Whoever takes the lock finishes it first.
enum Work : std::uint32_t {
  kSweep = 0,        // 1 + number of the bucket whose moved slots are not all cleared
  kTransaction = 1,  // first Pending of this stripe
  kHome = 2,         // the Transaction record, in the stripe that owns it
  kDetached = 3,     // a Group that no slot leads to any more, and whose objects are being retired
};

struct alignas(2 * shm::kCacheLineBytes) IndexHead {
  std::atomic<std::uint64_t> shape;  // version << 32 | buckets
  std::atomic<std::uint64_t> directory;
  // A line of its own: readers need not see it change.
  alignas(shm::kCacheLineBytes) std::atomic<std::uint64_t> objects;  // a tally
  std::atomic<std::uint64_t> directory_room;                         // chunks
  // In a grave: how many chunks were retired, from the last to the first; room + 1 when the directory was, too. Readers with the
  // old root still follow both, which their epoch protects.
  std::atomic<std::uint64_t> retired;
  std::atomic<std::uint64_t> keys;  // of a bag
  // What an insert of several adds to `objects` once it is committed, and until it is added: a tally with the version of `objects` for
  // which that is so; 0 when there is no such insert. And its Transaction.
  std::atomic<std::uint64_t> joining;
  std::atomic<std::uint64_t> joining_transaction;
  [[nodiscard]] bool empty_grave() const noexcept {
    return directory.load(std::memory_order_acquire) == 0 ||
           retired.load(std::memory_order_acquire) > directory_room.load(std::memory_order_relaxed);
  }
};
static_assert(sizeof(IndexHead) == 128);

// -- tallies: version << 40 | count --
// The version says how often the count has changed: who reads several of them, and finds all unchanged, has read what was so at
// one moment.
inline constexpr unsigned kTallyBits = 40;
constexpr std::uint64_t tally_count(std::uint64_t tally) noexcept {
  return tally << (64 - kTallyBits) >> (64 - kTallyBits);
}
constexpr std::uint64_t tally_version(std::uint64_t tally) noexcept { return tally >> kTallyBits; }
constexpr std::uint64_t make_tally(std::uint64_t version, std::uint64_t count) noexcept {
  return version << kTallyBits | count;
}

inline constexpr std::uint64_t kSlotsABucket = 7;
struct alignas(shm::kCacheLineBytes) Bucket {
  std::atomic<std::uint64_t> slots[kSlotsABucket];
  std::atomic<std::uint64_t> overflow;
};
static_assert(sizeof(Bucket) == shm::kCacheLineBytes);
inline constexpr shm::SizeClass kBucketClass = shm::node_class_of(sizeof(Bucket));

// The commit word of an insert of several objects: 1 from the moment at which all of them are there.
struct Transaction {
  std::atomic<std::uint64_t> committed;
  std::uint64_t stripes;  // bit i: stripe i takes part
};
inline constexpr shm::SizeClass kTransactionClass = shm::class_of(sizeof(Transaction));

struct Pending {
  std::uint64_t old_slot;  // what the slot was, 0 for an absent key
  std::uint64_t new_slot;
  std::uint64_t transaction;
  std::uint64_t next;  // Pending of the same stripe
  std::uint64_t slot;  // offset of the slot
};
inline constexpr shm::SizeClass kPendingClass = shm::class_of(sizeof(Pending));

// The first word of a Group: no term begins like that.
inline constexpr std::uint64_t kGroupByte = 0x05;
struct Group {
  std::uint64_t room;                // of its members << 8 | kGroupByte
  std::atomic<std::uint64_t> count;  // members that readers see
  // Of a detached group: how many members, from the last to the first, are dealt with; and whether only those go whose words are
  // marked (1), or all of them (0). What else is marked means nothing.
  std::uint64_t retired;
  std::uint64_t only_marked;
  // Members follow: like slot words, but their tag is of the hash of the whole object (of a duplicate_bag, 0), and in place of what
  // says that a slot is pending they have the mark.
};
static_assert(sizeof(Group) == 32);

// -- slot words --
inline constexpr std::uint64_t kPendingBit = 1;
inline constexpr std::uint64_t kMarkBit = kPendingBit;
inline constexpr unsigned kTagBits = 22;
inline constexpr unsigned kTagShift = 64 - kTagBits;
inline constexpr unsigned kTagFirstBit = 8;  // the lowest bit of the hash that a tag holds

constexpr std::uint64_t tag_of_hash(std::uint64_t hash) noexcept { return (hash >> kTagFirstBit) << kTagShift; }
constexpr std::uint64_t make_slot(std::uint64_t tag, Offset offset, bool pending) noexcept {
  return tag | ((offset >> 4) << 1) | (pending ? kPendingBit : 0);
}
constexpr std::uint64_t slot_tag(std::uint64_t slot) noexcept { return slot >> kTagShift << kTagShift; }
constexpr Offset slot_offset(std::uint64_t slot) noexcept { return (slot << kTagBits) >> (kTagBits + 1) << 4; }
constexpr bool slot_is_pending(std::uint64_t slot) noexcept { return (slot & kPendingBit) != 0; }

static_assert(slot_offset(make_slot(tag_of_hash(~std::uint64_t{0}), 0x123456789ab0, true)) == 0x123456789ab0);

// Which slots of a bucket have the tag, bit by bit. Without a branch for each slot, since no processor foresees in which one
// a key is, and a wrong guess costs as much as the rest of a lookup. What it tells may be outdated: who follows a slot loads
// it again.
inline unsigned slots_with_tag(const Bucket& bucket, std::uint64_t tag) noexcept {
#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
  // The tags lie in the upper halves of the slots, which the processor loads two at a time, each of them at once.
  const auto* pairs = reinterpret_cast<const __m128*>(bucket.slots);
  const auto upper = [&](int pair) { return _mm_shuffle_ps(pairs[pair], pairs[pair + 1], _MM_SHUFFLE(3, 1, 3, 1)); };
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag >> kTagShift));
  const auto equal = [&](__m128 halves) {
    const __m128i tags = _mm_srli_epi32(_mm_castps_si128(halves), kTagShift - 32);
    return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(tags, wanted))));
  };
  const unsigned found = (equal(upper(0)) | equal(upper(2)) << 4) & ((1U << kSlotsABucket) - 1);
  std::atomic_thread_fence(std::memory_order_acquire);
  return found;
#else
  unsigned found = 0;
  for (std::uint64_t i = 0; i < kSlotsABucket; ++i) {
    const std::uint64_t slot = bucket.slots[i].load(std::memory_order_acquire);
    found |= static_cast<unsigned>(slot_tag(slot) == tag) << i;
  }
  return found;
#endif
}

// -- shapes --
constexpr std::uint32_t shape_buckets(std::uint64_t shape) noexcept { return static_cast<std::uint32_t>(shape); }
constexpr std::uint64_t next_shape(std::uint64_t shape, std::uint32_t buckets) noexcept {
  return ((shape >> 32) + 1) << 32 | buckets;
}

// The bucket of a hash among `buckets`, at least 1.
constexpr std::uint32_t bucket_of(std::uint64_t hash, std::uint32_t buckets) noexcept {
  const std::uint32_t low = std::bit_floor(buckets);
  const std::uint32_t bucket = static_cast<std::uint32_t>(hash) & (2 * low - 1);
  return bucket - (low & -std::uint32_t{bucket >= buckets});  // no branch: no processor could foresee it
}

// -- chunks --
inline constexpr std::uint32_t kChunkBucketsMax = 256;
inline constexpr std::uint32_t kSmallChunks = 9;  // buckets 0 .. 255

struct ChunkPlace {
  std::uint32_t chunk;
  std::uint32_t index;  // of the bucket in it
};
constexpr ChunkPlace chunk_of(std::uint32_t bucket) noexcept {
  if (bucket >= kChunkBucketsMax) return {kSmallChunks - 1 + bucket / kChunkBucketsMax, bucket % kChunkBucketsMax};
  const auto width = static_cast<std::uint32_t>(std::bit_width(bucket));
  return {width, bucket - (std::bit_floor(bucket))};
}
constexpr std::uint32_t chunk_buckets(std::uint32_t chunk) noexcept {
  if (chunk >= kSmallChunks) return kChunkBucketsMax;
  return chunk == 0 ? 1 : 1U << (chunk - 1);
}
constexpr std::uint32_t chunks_for(std::uint32_t buckets) noexcept {
  return buckets == 0 ? 0 : chunk_of(buckets - 1).chunk + 1;
}

static_assert(chunk_of(0).chunk == 0 && chunk_of(1).chunk == 1 && chunk_of(3).chunk == 2 && chunk_of(3).index == 1);
static_assert(chunk_of(255).chunk == 8 && chunk_of(255).index == 127 && chunk_of(256).chunk == 9);

}  // namespace heirloom::table
