// SPDX-License-Identifier: Apache-2.0
//
// Memory on its way back (shm/heap.hpp, "Draining"): which word leads to a block, and a copy in its place. A reader finds the one
// or the other, and both are the same; so nothing of a table changes.
//
// What is in a block says who leads to it: an object by its key, and so does a group by its first member. A block may also be free, or
// waiting for its readers, and then its bytes are anything: what they say is only believed when the index, asked for the key, leads
// to this very block.
#include <bit>

#include "table/note.hpp"
#include "table/stripe_guard.hpp"
#include "table/table.hpp"
#include "table/tree.hpp"
#include "term/validate.hpp"

namespace heirloom::table {

namespace {

constexpr std::uint64_t kPagesWorthWhile = 4;
constexpr std::uint64_t kRefusalsMax = 1024;  // before it is looked again whether there is room to be made

}  // namespace

std::vector<std::uint64_t> Table::object_at(Offset block) const {
  if (block % shm::kBlockAlignBytes != 0 || !segment_->contains(block, 8)) return {};
  const std::uint64_t root = segment_->word(block).load(std::memory_order_relaxed);
  const std::uint64_t words = stored_words(root);
  if (!term::is_kind(root, term::Kind::tuple) || words <= stored_arity(root) || stored_arity(root) == 0 ||
      words > kStoredWordsMax || !segment_->contains(block, words * 8))
    return {};
  std::vector<std::uint64_t> copy(words);
  term::copy_words(copy.data(), reinterpret_cast<const std::uint64_t*>(segment_->base() + block), words);
  copy[0] = plain_root(root);
  if (!term::validate_block(copy, dictionary_.count(), &dictionary_, term::RootOffset::implied)) return {};
  return copy;
}

// Of a separator of a tree (tree.hpp): 0 when there is none with this key and block.
Offset StripeGuard::word_in_tree(const Key& key, Offset block) const {
  const Tree tree(table_);
  Offset node = table_.head_at(table_.header_.root.load(std::memory_order_relaxed), index_).directory.load();
  for (unsigned level = node == 0 ? 0 : tree.level_of(node); level != 0; --level) {
    Branch& branch = tree.branch(node, level);
    const std::uint64_t child = tree.child_of(branch, key);
    if (slot_offset(branch.keys[child].load(std::memory_order_relaxed)) == block) return at(branch.keys[child]);
    node = branch.children[child].load(std::memory_order_relaxed);
  }
  return 0;
}

// The offset of the word; 0: the block does not live, or is none that can be moved.
Offset StripeGuard::word_that_leads_to(Offset block, shm::SizeClass size_class) {
  Offset object = block;
  std::uint64_t bytes = 0;  // of the block, as it says itself
  const std::uint64_t first = table_.segment_->word(block).load(std::memory_order_relaxed);
  if (table_.is_bag() && (first & 0xFF) == kGroupByte) {
    const std::uint64_t room = first >> 8;
    if (room == 0 || room > (shm::class_bytes(size_class) - sizeof(Group)) / 8) return 0;
    bytes = sizeof(Group) + room * 8;
    object = slot_offset(table_.segment_->word(block + sizeof(Group)).load(std::memory_order_relaxed));
  }
  const std::vector<std::uint64_t> words = table_.object_at(object);
  if (bytes == 0) bytes = words.size() * 8;
  if (words.empty() || shm::class_of(bytes) != size_class) return 0;
  const auto key_at = [&](std::uint64_t position, Key& key) {
    return position < words.size() && position <= term::size_field(words[0]) &&
           table_.find_key(TermView(words.data(), words[position], &table_.dictionary_), key);
  };
  Key key;
  if (table_.is_ordered() && term::size_field(words[0]) == 1 && key_at(1, key)) {
    if (const Offset word = word_in_tree(key, block); word != 0) return word;
  }
  if (!key_at(table_.stored_keypos_, key)) return 0;
  if (!table_.is_ordered() && table_.stripe_of(key.hash) != index_) return 0;
  const Place place = find(key);
  // While an insert of several is under way, the slot leads to what is pending, and that to the block.
  if (place.value == 0 || slot_is_pending(table_.segment_->word(place.slot).load(std::memory_order_relaxed))) return 0;
  if (slot_offset(place.value) == block) return place.slot;
  if (!is_group(place.value)) return 0;
  const Members members(table_.segment_->window(), place.value);
  for (std::uint64_t i = 0; i < members.count(); ++i) {
    if (slot_offset(members.word(i)) == block) return at(Members::member(members.group(), i));
  }
  return 0;
}

void StripeGuard::move_block(Offset block, shm::SizeClass size_class) {
  const Offset word = word_that_leads_to(block, size_class);
  if (word == 0) return;
  heap_.prepare_retire(size_class);
  heap_.prepare_allocate(size_class);
  shm::Change change = this->change();
  const Offset copy = heap_.allocate(change, size_class);
  const auto words = [&](Offset offset) { return reinterpret_cast<std::uint64_t*>(table_.segment_->base() + offset); };
  term::copy_words(words(copy), words(block), shm::class_bytes(size_class) / 8);
  const std::uint64_t now = table_.segment_->word(word).load(std::memory_order_relaxed);
  change.publish(word, make_slot(slot_tag(now), copy, (now & kMarkBit) != 0));
  heap_.retire(change, size_class, block);
  change.commit();
}

void StripeGuard::give_back_memory() noexcept try {
  if (table_.header_.root.load(std::memory_order_relaxed) == 0) return;
  Note note = Note::unpack(heap_.note());
  note.phase = Phase::after;  // the write is done, whatever becomes of this
  heap_.set_note(note.packed());
  heap_.drain_some([&](Offset block, shm::SizeClass size_class) { move_block(block, size_class); });
} catch (const Error&) {
  // Full, or corrupt: neither is the concern of the write that came by.
}

std::uint64_t StripeGuard::give_back_all_memory() {
  if (table_.header_.root.load(std::memory_order_relaxed) == 0) return 0;
  return heap_.drain_all([&](Offset block, shm::SizeClass size_class) { move_block(block, size_class); });
}

// By giving back what is free in all stripes, whatever its size, so that it becomes room for other sizes. A table that is full is asked for
// it again and again: so it is only tried when there are fewer objects than when it was last in vain, and else ever more rarely.
bool Table::make_room() {
  const std::uint64_t objects = size();
  const std::uint64_t refusals = full_.refusals.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t before = full_.objects.load(std::memory_order_relaxed);
  const bool fewer = objects + objects / 64 < before;
  if (!fewer && !std::has_single_bit(refusals + 1) && refusals % kRefusalsMax != 0) return false;
  const shm::Holder me = holder();
  std::uint64_t pages = 0;
  for (std::uint32_t stripe = 0; stripe < segment_->stripe_count(); ++stripe) {
    try {
      pages += StripeGuard(*this, stripe, me).give_back_all_memory();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;  // nowhere to move to, or a reader stays: the next stripe
    }
  }
  const bool room = pages >= kPagesWorthWhile;
  full_.objects.store(room ? 0 : objects, std::memory_order_relaxed);
  if (room) full_.refusals.store(0, std::memory_order_relaxed);
  return room;
}

}  // namespace heirloom::table
