// SPDX-License-Identifier: Apache-2.0
//
// check: a full proof of a table's invariants, on a live table, one stripe after another. Each block of each run of a stripe
// is given its one place (shm/heap.hpp H1); what is in two places, or in none, is a finding.
#include <string>
#include <unordered_map>

#include "table/stripe_guard.hpp"
#include "table/table.hpp"
#include "table/tree.hpp"
#include "term/block.hpp"
#include "term/order_prefix.hpp"
#include "term/validate.hpp"

namespace heirloom::table {

namespace {

constexpr std::size_t kFindingsMax = 20;

enum class PlaceOf : std::uint8_t { nowhere, live, retired, free, cached };

std::string_view to_string(PlaceOf place) {
  switch (place) {
    case PlaceOf::nowhere: return "nowhere";
    case PlaceOf::live: return "live";
    case PlaceOf::retired: return "retired";
    case PlaceOf::free: return "free";
    case PlaceOf::cached: return "cached";
  }
  return "?";
}

}  // namespace

class Checker {
 public:
  Checker(Table& table, shm::Holder holder, CheckReport& report)
      : table_(table), segment_(*table.segment_), holder_(holder), report_(report) {}

  void check_stripe(StripeGuard& guard) {
    guard_ = &guard;
    runs_.clear();
    segment_.with_pool_locked(holder_, [&] { collect_runs(); });
    for (shm::SizeClass size_class = 0; size_class < shm::kSizeClasses; ++size_class) check_class(size_class);
    check_spares();
    check_roots();
    check_detached();
    account();
  }

 private:
  struct Run {
    shm::SizeClass size_class;
    std::vector<PlaceOf> blocks;
  };

  void find(std::string what) {
    report_.ok = false;
    if (report_.findings.size() < kFindingsMax) {
      report_.findings.push_back("stripe " + std::to_string(guard_->index()) + ": " + std::move(what));
    }
  }

  // S3, and the runs of this stripe.
  void collect_runs() {
    const shm::SegmentHeader& header = segment_.header();
    const std::uint64_t used = header.pages_used.load(std::memory_order_acquire);
    if (used > header.pages_in_file.load(std::memory_order_acquire))
      return find("more pages are in use than there are: " + std::to_string(used));
    std::uint64_t free = 0;
    std::uint64_t drained = 0;
    for (std::uint64_t page = 0; page < used;) {
      const std::optional<shm::Run> run = segment_.run_at(page);
      if (!run) return find("the page map says nothing sensible of page " + std::to_string(page));
      free += run->is_free() ? run->pages : 0;
      if (!run->is_free() && run->stripe == guard_->index()) {
        runs_.emplace(run->first, Run{run->size_class, std::vector<PlaceOf>(run->blocks(), PlaceOf::nowhere)});
        for (std::uint64_t i = 0; i < run->pages; ++i) run_of_page_[run->first + i * shm::kPageBytes] = run->first;
        drained += run->drained ? 1 : 0;
        for (const Offset block : guard_->heap().free_blocks(*run))
          mark(block, run->size_class, PlaceOf::free, "a block of a drained run");
      }
      page += run->pages;
    }
    if (drained != segment_.stripe(guard_->index()).drained)
      find(std::to_string(drained) + " runs are drained, and it counts others");
    if (const std::uint64_t counted = header.pages_free.load(std::memory_order_acquire); free != counted)
      find(std::to_string(free) + " pages are free, and it counts " + std::to_string(counted));
  }

  bool mark(Offset offset, shm::SizeClass size_class, PlaceOf place, const char* what) {
    const auto page = run_of_page_.find(offset / shm::kPageBytes * shm::kPageBytes);
    const auto run = page == run_of_page_.end() ? runs_.end() : runs_.find(page->second);
    if (run == runs_.end()) {
      find(std::string(what) + " at " + std::to_string(offset) + " lies in no run of the stripe");
      return false;
    }
    const std::uint64_t bytes = shm::class_bytes(run->second.size_class);
    const std::uint64_t index = (offset - run->first) / bytes;
    if (run->second.size_class != size_class || (offset - run->first) % bytes != 0 ||
        index >= run->second.blocks.size()) {
      find(std::string(what) + " at " + std::to_string(offset) + " is no block of its size");
      return false;
    }
    PlaceOf& now = run->second.blocks[index];
    if (now != PlaceOf::nowhere) {
      find(std::string(what) + " at " + std::to_string(offset) + " is " + std::string(to_string(now)) + " and " +
           std::string(to_string(place)));
      return false;  // also how a list that bites its tail ends
    }
    now = place;
    return true;
  }

  // False when there is no use in going on from it.
  bool check_magazine(Offset offset, shm::SizeClass size_class, PlaceOf place, bool may_be_empty) {
    const auto& magazine = guard_->record<shm::Magazine>(offset, "a magazine");
    if (!mark(offset, shm::kMagazineClass, PlaceOf::live, "a magazine")) return false;
    if (magazine.count > shm::kMagazineRoom || (magazine.count == 0 && !may_be_empty)) {
      find("a magazine of " + std::string(to_string(place)) + " blocks has " + std::to_string(magazine.count));
      return false;
    }
    for (std::uint64_t i = 0; i < magazine.count; ++i) mark(magazine.blocks[i], size_class, place, "a listed block");
    return true;
  }

  void check_class(shm::SizeClass size_class) {
    const shm::ClassHeap& heap = segment_.stripe(guard_->index()).classes[size_class];
    for (Offset block = heap.bump_next; block < heap.bump_end; block += shm::class_bytes(size_class)) {
      if (!mark(block, size_class, PlaceOf::cached, "an unused block")) break;
    }
    std::uint64_t free = 0;
    for (Offset next = heap.free_magazines; next != 0; next = guard_->record<shm::Magazine>(next, "a magazine").next) {
      ++free;
      if (!check_magazine(next, size_class, PlaceOf::free, false)) break;
    }
    if (free != shm::free_magazine_count(heap.magazines))
      find("a list of free magazines has another length than it says");
    for (Offset next = heap.free_list; next != 0; next = segment_.at<const std::uint64_t>(next, "a free block")) {
      if (!mark(next, size_class, PlaceOf::free, "a free block")) break;
    }
    if (heap.retire_magazine != 0) check_magazine(heap.retire_magazine, size_class, PlaceOf::retired, true);
    std::uint64_t sealed = 0;
    for (Offset next = heap.sealed_first; next != 0; next = guard_->record<shm::Magazine>(next, "a magazine").next) {
      if (!check_magazine(next, size_class, PlaceOf::retired, true) ||
          ++sealed > shm::sealed_magazine_count(heap.magazines))
        break;
    }
    if (sealed != shm::sealed_magazine_count(heap.magazines))
      find("a queue of sealed magazines has another length than it says");
  }

  void check_spares() {
    for (Offset next = segment_.stripe(guard_->index()).spare_magazines; next != 0;
         next = guard_->record<shm::Magazine>(next, "a magazine").next) {
      if (!mark(next, shm::kMagazineClass, PlaceOf::live, "a spare magazine")) return;
    }
  }

  void check_roots() {
    const TableHeader& header = table_.header_;
    for (const auto& [root, place] : {std::pair{header.root.load(std::memory_order_acquire), PlaceOf::live},
                                      std::pair{header.grave.load(std::memory_order_acquire), PlaceOf::retired}}) {
      if (root == 0) continue;
      if (guard_->index() == 0) {
        mark(root, shm::class_of(sizeof(IndexHead) * segment_.stripe_count()), place, "a root");
      }
      check_head(table_.head_at(root, guard_->index()), place);
    }
  }

  // What a stopped reader has kept from being retired.
  void check_detached() {
    const std::uint64_t offset = guard_->work(kDetached);
    if (offset == 0) return;
    const Members members(segment_.window(), make_slot(0, offset, false));
    if (!members.is_group()) return find("a detached group is none");
    mark(members.offset(), members.size_class(), PlaceOf::retired, "a detached group");
    const Group& group = members.group();
    for (std::uint64_t i = 0; i + group.retired < members.count(); ++i) {
      if (!members.goes(i)) continue;
      mark(segment_.offset_of(members[i].block()), members[i].size_class(), PlaceOf::retired, "a detached object");
    }
  }

  void check_head(const IndexHead& head, PlaceOf place) {
    objects_ = keys_ = 0;
    if (table_.is_ordered()) {
      const Offset root = head.directory.load(std::memory_order_acquire);
      before_ = {};
      const Tree tree(table_);
      if (root != 0) check_node(tree, root, tree.level_of(root), {}, place);
    } else {
      check_buckets(head, place);
    }
    if (place == PlaceOf::live) check_counts(head);
  }

  void check_counts(const IndexHead& head) {  // T3
    report_.objects += objects_;
    const auto compare_count = [&](std::uint64_t there, std::uint64_t counted, const char* what) {
      if (there != counted) find("it has " + std::to_string(there) + what + "and counts " + std::to_string(counted));
    };
    compare_count(objects_, tally_count(head.objects.load(std::memory_order_acquire)), " objects ");
    if (head.joining.load(std::memory_order_acquire) != 0) find("objects of no insert are joining it");
    if (table_.is_bag()) compare_count(keys_, head.keys.load(std::memory_order_acquire), " keys ");
  }

  // The separator that the keys of a node are not below; `block` 0: the least of its prefix.
  struct Separator {
    std::uint64_t prefix = 0;
    std::uint64_t block = 0;
  };

  void check_node(const Tree& tree, Offset node, unsigned level, const Separator& least, PlaceOf place) {
    if (!mark(node, level == 0 ? kLeafClass : kBranchClass, place, level == 0 ? "a leaf" : "a branch")) return;
    if (level == 0) return check_leaf(tree, tree.leaf(node), node, least, place);
    const Branch& branch = tree.branch(node, level);
    for (std::uint64_t i = 0; i < branch.count; ++i) {
      const std::uint64_t block = branch.keys[i].load(std::memory_order_acquire);
      const Separator separator{branch.prefixes[i].load(std::memory_order_acquire), block};
      if (i == 0 && separator.prefix != 0) find("a branch has a separator before its first child");
      if (block != 0) {
        const StoredObject key = guard_->object(block);
        mark(slot_offset(block), key.size_class(), place, "a separator");
        if (check_words(key, 1) && term::order_prefix(key.view(1, table_.dictionary_)) != separator.prefix)
          find("a separator has another prefix than its key says");
      }
      const Offset child = branch.children[i].load(std::memory_order_acquire);
      if (child == 0 && place == PlaceOf::live) find("a branch has no child " + std::to_string(i));
      if (child != 0) check_node(tree, child, level - 1, i == 0 ? least : separator, place);
    }
  }

  // O1, O2. That the keys are not above the next separator, the next leaf finds.
  void check_leaf(const Tree& tree, const Leaf& leaf, Offset node, const Separator& least, PlaceOf place) {
    const std::string where = "the leaf at " + std::to_string(node);
    std::uint64_t before = 0;
    for (std::uint64_t i = 0; i < kLeafRoom; ++i) {
      const std::uint64_t prefix = leaf.prefixes[i].load(std::memory_order_acquire);
      const std::uint64_t slot = leaf.slots[i].load(std::memory_order_acquire);
      if (prefix < before) find(where + " has prefixes that do not ascend");
      before = prefix;
      if (slot == 0) continue;
      if (slot_is_pending(slot)) return find(where + " has a pending object and no writer");
      ++objects_;
      const StoredObject object = guard_->object(slot);
      mark(slot_offset(slot), object.size_class(), place, "an object");
      if (!check_words(object)) return;
      check_place(tree, object, prefix, least, place);
    }
  }

  void check_place(const Tree& tree, StoredObject object, std::uint64_t prefix, const Separator& least, PlaceOf place) {
    const TermView view = table_.key_view(object);
    const std::string where = "the object with key " + heirloom::to_string(view);
    Key key;
    static_cast<void>(table_.find_key(view, key));
    if (key.prefix != prefix) find(where + " has another prefix than its key says");
    if (place != PlaceOf::live) return;  // what led to it may be gone
    if (prefix < least.prefix ||
        (prefix == least.prefix && least.block != 0 && tree.compare_separator(least.block, key) > 0))
      find(where + " lies where nobody looks for it");
    if (before_ && tree.compare(before_, object) >= 0) find(where + " is not above the one before it");
    before_ = object;
  }

  void check_buckets(const IndexHead& head, PlaceOf place) {
    const auto [directory, room] = table_.directory_of(head);
    const std::uint32_t buckets = table_.buckets_of(head, head.shape.load(std::memory_order_acquire));
    if (directory == 0 || head.empty_grave()) return;
    const std::uint64_t retired = head.retired.load(std::memory_order_acquire);
    mark(directory, shm::class_of(room * 8), place, "a directory");
    for (std::uint32_t chunk = 0; chunk + retired < room; ++chunk) {
      const Offset offset = segment_.word(directory + chunk * 8).load(std::memory_order_acquire);
      if (offset == 0) {
        if (chunk < chunks_for(buckets)) find("chunk " + std::to_string(chunk) + " of the buckets is missing");
        continue;
      }
      mark(offset, shm::class_of(chunk_buckets(chunk) * sizeof(Bucket)), place, "a chunk");
    }
    for (std::uint32_t number = 0; number < buckets; ++number) {
      check_bucket(table_.bucket_for_reading(segment_.window(), head, number), number, buckets, place);
    }
    check_unborn_bucket(head, buckets, room, place);
  }

  // T2: what a split cut short left in the bucket after the last.
  void check_unborn_bucket(const IndexHead& head, std::uint32_t buckets, std::uint64_t room, PlaceOf place) {
    const ChunkPlace unborn = chunk_of(buckets);
    if (unborn.chunk + head.retired.load(std::memory_order_acquire) >= room) return;
    const Offset directory = head.directory.load(std::memory_order_acquire);
    if (segment_.word(directory + unborn.chunk * 8).load(std::memory_order_acquire) == 0) return;
    for (Offset next = table_.bucket_for_reading(segment_.window(), head, buckets).overflow.load(); next != 0;) {
      if (!mark(next, kBucketClass, place, "an overflow bucket")) return;
      next = guard_->record<Bucket>(next, "an overflow bucket").overflow.load();
    }
  }

  void check_bucket(const Bucket& first, std::uint32_t number, std::uint32_t buckets, PlaceOf place) {
    std::vector<Key> keys;
    for (const Bucket* bucket = &first;;) {
      for (const auto& slot_word : bucket->slots) {
        const std::uint64_t slot = slot_word.load(std::memory_order_acquire);
        if (slot != 0) check_slot(slot, number, buckets, place, keys);
      }
      const Offset overflow = bucket->overflow.load(std::memory_order_acquire);
      if (overflow == 0) break;
      if (!mark(overflow, kBucketClass, place, "an overflow bucket")) break;
      bucket = &guard_->record<Bucket>(overflow, "an overflow bucket");
    }
    keys_ += keys.size();
  }

  void check_slot(std::uint64_t slot, std::uint32_t number, std::uint32_t buckets, PlaceOf place,
                  std::vector<Key>& keys) {
    if (slot_is_pending(slot)) return find("bucket " + std::to_string(number) + " has a pending object and no writer");
    const Members members(segment_.window(), slot);
    objects_ += members.count();
    if (members.is_group()) {
      if (!table_.is_bag()) return find("bucket " + std::to_string(number) + " of a set has a group");
      mark(members.offset(), members.size_class(), place, "a group");
    }
    for (std::uint64_t i = 0; i < members.count(); ++i) {
      const StoredObject object = members[i];
      mark(segment_.offset_of(object.block()), object.size_class(), place, "an object");
      if (!check_words(object)) return;
    }
    check_key(members[0], slot, number, buckets, keys);
    if (members.is_group()) check_group(members);
  }

  // All have one key, and in a bag no two are the same.
  void check_group(const Members& members) {
    const auto element = [&](std::uint64_t index) { return table_.key_view(members[index]); };
    std::unordered_multimap<std::uint64_t, std::uint64_t> seen;  // tag to index
    for (std::uint64_t i = 0; i < members.count(); ++i) {
      if (element(i) != element(0)) find("a group has objects of several keys");
      if (slot_tag(members.word(i)) != table_.stored_tag(members[i]))
        find("a member of a group has another tag than its hash says");
      if (table_.type() != TableType::bag) continue;
      const auto [first, last] = seen.equal_range(members.word(i) >> kTagShift);
      for (auto other = first; other != last; ++other) {
        if (table_.same_object(members[other->second], members[i])) find("a bag has an object twice");
      }
      seen.emplace(members.word(i) >> kTagShift, i);
    }
  }

  void check_key(const StoredObject& object, std::uint64_t slot, std::uint32_t number, std::uint32_t buckets,
                 std::vector<Key>& keys) {
    const std::uint64_t hash = table_.hash_of(object);
    const std::string where = "the object with key " + heirloom::to_string(table_.key_view(object));
    if (tag_of_hash(hash) != slot_tag(slot)) find(where + " has another tag than its hash says");
    if (table_.stripe_of(hash) != guard_->index() || bucket_of(hash, buckets) != number) {
      find(where + " lies in bucket " + std::to_string(number) + ", where nobody looks for it");  // T2
    }
    Key key;
    if (!table_.find_key(table_.key_view(object), key)) return find(where + " has an atom that the dictionary has not");
    for (const Key& other : keys) {
      if (other.hash == key.hash && other.view() == key.view()) find(where + " is there twice");  // T1
    }
    keys.push_back(key);
  }

  bool check_words(const StoredObject& object) {
    return check_words(object, table_.stored_keypos_) && (!table_.compressed_ || check_packed(object));
  }
  // What the bytes of a compressed object become.
  bool check_packed(const StoredObject& object) {
    const std::string where = "the packed object at " + std::to_string(segment_.offset_of(object.block()));
    try {
      const Term whole = table_.unpack(object, nullptr);
      const Status valid = term::validate_block(whole.block(), table_.dictionary_.count(), &table_.dictionary_);
      if (!valid) find(where + " is no term: " + valid.failure().to_string());
      if (valid && term::size_field(whole.block()[0]) < table_.keypos_) find(where + " has no key");
      return static_cast<bool>(valid);
    } catch (const Error& error) {
      find(where + ": " + error.detail());
      return false;
    }
  }
  bool check_words(const StoredObject& object, std::uint64_t keypos) {
    std::vector<std::uint64_t> words(object.block(), object.block() + object.words());
    words[0] = plain_root(words[0]);
    if (object.arity() < keypos) {
      find("the object at " + std::to_string(segment_.offset_of(object.block())) + " has no key");
      return false;
    }
    if (Status valid =
            term::validate_block(words, table_.dictionary_.count(), &table_.dictionary_, term::RootOffset::implied);
        !valid) {
      find("the object at " + std::to_string(segment_.offset_of(object.block())) +
           " is no term: " + valid.failure().to_string());
      return false;
    }
    if (term::contains_atoms(words.data()) != object.atoms()) {
      find("the object at " + std::to_string(segment_.offset_of(object.block())) +
           " says wrongly whether it has atoms");
      return false;
    }
    return true;
  }

  // I3 of the design: every byte of every run has one place.
  void account() {
    for (const auto& [offset, run] : runs_) {
      const std::uint64_t bytes = shm::class_bytes(run.size_class);
      for (std::size_t i = 0; i < run.blocks.size(); ++i) {
        report_.allocated_bytes += bytes;
        switch (run.blocks[i]) {
          case PlaceOf::live: report_.live_bytes += bytes; break;
          case PlaceOf::retired: report_.retired_bytes += bytes; break;
          case PlaceOf::free: report_.free_bytes += bytes; break;
          case PlaceOf::cached: report_.cached_bytes += bytes; break;
          case PlaceOf::nowhere:
            find("the block of " + std::to_string(bytes) + " bytes at " + std::to_string(offset + i * bytes) +
                 " is neither used nor free: it is lost");
        }
      }
    }
    run_of_page_.clear();
  }

  Table& table_;
  shm::Segment& segment_;
  shm::Holder holder_;
  CheckReport& report_;
  StripeGuard* guard_ = nullptr;
  std::uint64_t objects_ = 0;  // of the head that is being checked
  std::uint64_t keys_ = 0;
  StoredObject before_;  // in a tree
  std::unordered_map<Offset, Run> runs_;
  std::unordered_map<Offset, Offset> run_of_page_;
};

CheckReport Table::check() {
  if (deleted()) throw Error(ErrorCode::id, "check", "the table was deleted");
  CheckReport report;
  const shm::Holder me = holder();
  Checker checker(*this, me, report);
  for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
    try {
      StripeGuard guard(*this, stripe, me);
      checker.check_stripe(guard);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt) throw;
      report.ok = false;
      report.findings.push_back("stripe " + std::to_string(stripe) + ": " + error.what());
    }
  }
  return report;
}

}  // namespace heirloom::table
