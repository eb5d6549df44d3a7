// SPDX-License-Identifier: Apache-2.0
#include "table/table.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>
#include <random>

#include "table/stripe_guard.hpp"

namespace heirloom::table {

namespace {

constexpr std::uint32_t kStripesFew = 8;
constexpr std::uint32_t kStripesMany = 64;
constexpr std::uint64_t kMaxBytesMin = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxBytesMax = std::uint64_t{1} << 44;
// For how many bytes a table has address space: for what it will need if somebody has thought too small.
constexpr std::uint64_t limit_of(std::uint64_t max_bytes) {
  constexpr std::uint64_t kLeast = std::uint64_t{16} << 30;
  return std::min(std::max(kLeast, 4 * max_bytes), kMaxBytesMax);
}

bool is_state(std::uint64_t state) {
  return state == static_cast<std::uint64_t>(TableState::live) ||
         state == static_cast<std::uint64_t>(TableState::quarantined) ||
         state == static_cast<std::uint64_t>(TableState::deleted);
}

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

Status check_options(const SegmentOptions& options) {
  if (options.keypos < 1 || options.keypos > static_cast<std::int64_t>(kArityMax)) {
    return fail(ErrorCode::badarg, "keypos " + std::to_string(options.keypos) + " is not a position: 1 .. 16777215");
  }
  if (options.max_bytes < kMaxBytesMin || options.max_bytes > kMaxBytesMax) {
    return fail(ErrorCode::badarg,
                "max_bytes " + std::to_string(options.max_bytes) + " is not between 1 MiB and 16 TiB");
  }
  if (options.id.empty() || options.id.size() > kIdBytesMax || options.name.text().size() > kNameBytesMax) {
    return fail(ErrorCode::badarg, "the table's id or name is too long");
  }
  return {};
}

}  // namespace

std::uint64_t checksum_of(const TableHeader& header) noexcept {
  const auto* const constants = reinterpret_cast<const char*>(&header.checksum + 1);
  const std::size_t bytes = static_cast<std::size_t>(reinterpret_cast<const char*>(&header + 1) - constants);
  std::uint64_t checksum = term::hash_bytes({constants, bytes}, header.type);
  for (const std::uint64_t word : {header.seed, header.keypos}) checksum = term::hash_word(word, checksum);
  return checksum;
}

Status Table::create_file(int directory, const std::string& name, const SegmentOptions& options) {
  HEIRLOOM_CHECK(check_options(options), "create table");
  // A tree has one lock; but with as many stripes its root, which delete_all_objects needs anew, is of a size of its own.
  const bool many = options.write_concurrency != WriteConcurrency::off && options.type != TableType::ordered_set;
  const shm::SegmentSpec spec{.max_bytes = options.max_bytes,
                              .max_bytes_limit = limit_of(options.max_bytes),
                              .stripe_count = many ? kStripesMany : kStripesFew};
  return shm::Segment::create(directory, name, spec, [&](std::byte* bytes) {
    auto& header = *reinterpret_cast<TableHeader*>(bytes);
    header.seed = random_seed();
    header.keypos = static_cast<std::uint64_t>(options.keypos);
    header.protection.store(static_cast<std::uint32_t>(options.protection), std::memory_order_relaxed);
    header.type = static_cast<std::uint32_t>(options.type);
    header.node_table.store(options.node_table ? 1 : 0, std::memory_order_relaxed);
    header.write_concurrency = static_cast<std::uint32_t>(options.write_concurrency);
    header.read_concurrency = options.read_concurrency ? 1 : 0;
    header.decentralized_counters = options.decentralized_counters ? 1 : 0;
    header.compressed = options.compressed ? 1 : 0;
    header.id_bytes = static_cast<std::uint32_t>(options.id.size());
    std::memcpy(header.id, options.id.data(), options.id.size());
    const std::string_view text = options.name.text();
    header.name_bytes = static_cast<std::uint32_t>(text.size());
    std::memcpy(header.name, text.data(), text.size());
    header.checksum = checksum_of(header);
  });
}

Result<std::shared_ptr<Table>> Table::open(int directory, const std::string& name, const shm::Attachment& attachment) {
  HEIRLOOM_TRY(std::unique_ptr<shm::Segment> segment, shm::Segment::open(directory, name), "open table");
  const auto& header = *reinterpret_cast<const TableHeader*>(segment->header().table);
  if (header.checksum != checksum_of(header)) {
    return fail(ErrorCode::corrupt,
                "open table: \"" + name + "\": the options in its header, or its name, have another checksum");
  }
  const bool sane =
      is_state(header.state) && header.keypos >= 1 && header.keypos <= kArityMax && header.type <= 3 &&
      header.protection <= 2 && header.write_concurrency <= static_cast<std::uint32_t>(WriteConcurrency::fixed) &&
      header.name_bytes <= kNameBytesMax && header.id_bytes <= kIdBytesMax && segment->stripe_count() <= 64 &&
      segment->max_bytes() >= kMaxBytesMin && segment->max_bytes() <= segment->max_bytes_limit();
  if (!sane)
    return fail(ErrorCode::corrupt,
                "open table: \"" + name + "\": its header has an impossible state, or impossible options");
  try {
    static_cast<void>(Atom(std::string_view(header.name, header.name_bytes)));
  } catch (const Error& error) {
    // Any other one is of this program, which may have no room for another atom.
    const ErrorCode code = error.code() == ErrorCode::badarg ? ErrorCode::corrupt : error.code();
    return fail(code, "open table: \"" + name + "\": its name is no atom: " + error.detail());
  }
  return std::shared_ptr<Table>(new Table(std::move(segment), attachment));
}

Table::Table(std::unique_ptr<shm::Segment> segment, shm::Attachment attachment)
    : segment_(std::move(segment)),
      attachment_(std::move(attachment)),
      header_(*reinterpret_cast<TableHeader*>(segment_->header().table)),
      dictionary_(*segment_),
      seed_(header_.seed),
      keypos_(header_.keypos),
      stored_keypos_(header_.compressed != 0 ? 1 : keypos_),
      type_(static_cast<TableType>(header_.type)),
      compressed_(header_.compressed != 0),
      plain_set_(type_ == TableType::set && !compressed_),
      stripe_shift_(64 - static_cast<unsigned>(std::countr_zero(segment_->stripe_count()))) {}

SegmentOptions Table::options() const {
  if (header_.checksum != checksum_of(header_))
    segment_->refuse("read options", "the options of the table have another checksum");
  SegmentOptions options{.id = std::string(header_.id, header_.id_bytes),
                         .name = Atom(std::string_view(header_.name, header_.name_bytes))};
  options.type = static_cast<TableType>(header_.type);
  options.protection = protection();
  options.keypos = static_cast<std::int64_t>(header_.keypos);
  options.node_table = header_.node_table.load(std::memory_order_relaxed) != 0;
  options.write_concurrency = static_cast<WriteConcurrency>(header_.write_concurrency);
  options.read_concurrency = header_.read_concurrency != 0;
  options.decentralized_counters = header_.decentralized_counters != 0;
  options.compressed = header_.compressed != 0;
  options.max_bytes = segment_->max_bytes();
  return options;
}

void Table::set_owner(Pid owner, std::uint64_t generation) noexcept {
  // The owner is what writers check under their locks; the generation is for people and logs.
  header_.generation.store(generation, std::memory_order_release);
  header_.owner.store(owner.packed(), std::memory_order_release);
}

void Table::set_protection(Protection protection) noexcept {
  header_.protection.store(static_cast<std::uint32_t>(protection), std::memory_order_release);
}

void Table::set_quarantined(bool quarantined) noexcept {
  if (deleted()) return;
  const TableState state = quarantined ? TableState::quarantined : TableState::live;
  header_.state.store(static_cast<std::uint64_t>(state), std::memory_order_release);
}

void Table::mark_deleted() noexcept {
  header_.state.store(static_cast<std::uint64_t>(TableState::deleted), std::memory_order_release);
}

// Told before it is stored: whoever dies between the two has left the rest to those who were told.
void Table::set_aside_when_damaged(std::function<void(const std::string& what)> tell) {
  segment_->on_damage([this, tell = std::move(tell)](const std::string& what) {
    if (deleted()) return;
    tell(what);
    auto state = static_cast<std::uint64_t>(TableState::live);
    header_.state.compare_exchange_strong(state, static_cast<std::uint64_t>(TableState::quarantined),
                                          std::memory_order_acq_rel);
  });
}

void Table::refuse_object(StoredObject object) const {
  segment_->refuse(segment_->offset_of(object.block()), "an object whose parts lie in it");
}

Table::Directory Table::directory_of(const IndexHead& head) const {
  const Directory directory{head.directory.load(std::memory_order_acquire),
                            head.directory_room.load(std::memory_order_acquire)};
  const bool sound = directory.offset == 0 ? directory.room == 0
                                           : directory.offset % shm::kBlockAlignBytes == 0 && directory.room != 0 &&
                                                 directory.room <= shm::kBlockBytesMax / 8 &&
                                                 segment_->contains(directory.offset, directory.room * 8);
  if (!sound) segment_->refuse(directory.offset, "a directory");
  return directory;
}

std::uint32_t Table::buckets_of(const IndexHead& head, std::uint64_t shape) const {
  const std::uint32_t buckets = shape_buckets(shape);
  if (chunks_for(buckets) > head.directory_room.load(std::memory_order_acquire)) [[unlikely]]
    segment_->refuse(segment_->offset_of(&head), "a directory for so many buckets");
  return buckets;
}

void Table::refuse_access(bool write) const {
  const char* const operation = write ? "write" : "read";
  if (!is_state(header_.state)) segment_->refuse(segment_->offset_of(&header_.state), "the state of the table");
  if (deleted()) throw Error(ErrorCode::id, operation, "the table was deleted");
  if (state() != TableState::live) {
    throw Error(ErrorCode::quarantined, operation,
                write ? "the table was set aside for study, and nobody writes to it"
                      : "the table was set aside for study: open it again, under the name that it has now or for the "
                        "table that has taken its place");
  }
  throw Error(ErrorCode::access, operation,
              "the table is " + std::string(to_string(protection())) + " and " +
                  (owner() == Pid{} ? "nobody owns it now" : "another process owns it"));
}

RepairRecords Table::fence() {
  const shm::Waiting waiting(true);
  RepairRecords found;
  const shm::Holder me = holder();
  std::exception_ptr broken;
  for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
    // A stripe that cannot be repaired is no reason not to lock the others.
    try {
      const StripeGuard guard(*this, stripe, me, {}, &found);
    } catch (...) {
      broken = std::current_exception();
    }
  }
  if (!found.empty() && listener_) listener_(found);
  if (broken) std::rethrow_exception(broken);
  return found;
}

// What a stripe counts, and what would make it another sum with the rest.
struct Table::Counted {
  std::uint64_t tally;
  std::uint64_t joining;  // 0 unless it counts
  friend bool operator==(const Counted&, const Counted&) = default;
  [[nodiscard]] std::uint64_t objects() const noexcept { return tally_count(tally) + tally_count(joining); }
};

Table::Counted Table::count_of(const IndexHead& head) const {
  // In this order: the transaction of what joins is there as long as `objects` has its version, or this reader is in its epoch.
  const std::uint64_t tally = head.objects.load(std::memory_order_acquire);
  const std::uint64_t joining = head.joining.load(std::memory_order_acquire);
  if (tally_count(joining) == 0 || tally_version(joining) != tally_version(tally)) return {tally, 0};
  const Offset offset = head.joining_transaction.load(std::memory_order_acquire);
  const auto& transaction = segment_->at<const Transaction>(offset, "a transaction");
  return {tally, transaction.committed.load(std::memory_order_acquire) != 0 ? joining : 0};
}

// Of one moment, if there is one among so many looks in which nothing has changed: the sum is never looked for for ever.
std::uint64_t Table::size() const {
  constexpr int kLooksMax = 1000;
  const shm::ReadEpoch epoch = read_epoch();
  std::uint64_t objects = 0;
  for (int look = 0; look < kLooksMax; ++look) {
    const Offset root = header_.root.load(std::memory_order_acquire);
    if (root == 0) return 0;
    Counted counted[kStripesMany];
    objects = 0;
    for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe)
      objects += (counted[stripe] = count_of(head_at(root, stripe))).objects();
    bool same = true;
    for (std::uint32_t stripe = 0; same && stripe < segment_->stripe_count(); ++stripe)
      same = count_of(head_at(root, stripe)) == counted[stripe];
    if (same && header_.root.load(std::memory_order_acquire) == root) break;
  }
  return objects;
}

void Table::set_max_bytes(std::uint64_t bytes) {
  if (deleted()) throw Error(ErrorCode::id, "set max_bytes", "the table was deleted");
  const std::uint64_t limit = segment_->max_bytes_limit();
  if (bytes < kMaxBytesMin || bytes > limit) {
    throw Error(ErrorCode::badarg, "set max_bytes",
                std::to_string(bytes) + " is not between 1 MiB and " + std::to_string(limit) +
                    ", for which the table was given address space when it was made");
  }
  segment_->set_max_bytes(bytes);
}

TableInfo Table::info() const {
  if (deleted()) throw Error(ErrorCode::id, "info", "the table was deleted");
  const SegmentOptions options = this->options();
  TableInfo info{.id = options.id,
                 .name = options.name,
                 .type = options.type,
                 .protection = options.protection,
                 .keypos = options.keypos,
                 .owner = std::nullopt,
                 .heir = std::nullopt,
                 .size = 0,
                 .memory_words = segment_->memory_bytes() / 8,
                 .memory_bytes = segment_->memory_bytes(),
                 .max_bytes = options.max_bytes,
                 .max_bytes_limit = segment_->max_bytes_limit(),
                 .generation = generation(),
                 .stripes = is_ordered() ? 1 : segment_->stripe_count(),
                 .atoms = 0,
                 .write_concurrency = options.write_concurrency,
                 .read_concurrency = options.read_concurrency,
                 .decentralized_counters = options.decentralized_counters,
                 .compressed = options.compressed,
                 .node_table = options.node_table,
                 .repairs_finished = 0,
                 .repairs_undone = 0};
  try {
    info.size = size();
    info.atoms = dictionary_.count();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    info.size = 0;
    info.damage = std::string(error.operation()) + ": " + error.detail();
  }
  if (const Pid owner = this->owner(); owner != Pid{}) info.owner = owner;
  for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
    info.repairs_finished += segment_->stripe(stripe).repairs_finished.load(std::memory_order_relaxed);
    info.repairs_undone += segment_->stripe(stripe).repairs_undone.load(std::memory_order_relaxed);
  }
  if (const auto reader = attachment_.peers->longest_reader(); reader && *reader) {
    const auto& [program, os_pid, name, epoch, behind] = **reader;
    info.held_up = {program, os_pid, name, epoch, behind, shm::Heap::waiting_bytes(*segment_)};
  }
  return info;
}

}  // namespace heirloom::table
