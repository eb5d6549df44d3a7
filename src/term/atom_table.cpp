// SPDX-License-Identifier: Apache-2.0
#include "term/atom_table.hpp"

#include <cstring>

#include "heirloom/error.hpp"

#include "base/assert.hpp"
#include "term/hash.hpp"
#include "term/utf8.hpp"

namespace heirloom::term {

namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};
constexpr std::uint64_t kIndexSeed = 0;  // atoms come from programs, not from their clients

void require_text_of_atom(std::string_view text) {
  const auto characters = utf8_characters(text);
  if (!characters) throw Error(ErrorCode::badarg, "make an atom", "its text is no UTF-8");
  if (*characters > Atom::kCharactersMax) {
    throw Error(ErrorCode::system_limit, "make an atom",
                "it has " + std::to_string(*characters) + " characters, and 255 is the most");
  }
}

}  // namespace

AtomTable& AtomTable::instance() {
  static auto* table = new AtomTable;
  return *table;
}

AtomTable::AtomTable() {
  indexes_.push_back(std::make_unique<Index>(1U << 10));
  index_.store(indexes_.back().get(), std::memory_order_release);
  HEIRLOOM_ASSERT(intern("false") == kFalse && intern("true") == kTrue, "the first ids are those of the booleans");
}

const AtomTable::Entry& AtomTable::entry(std::uint32_t id) const noexcept {
  return (*pages_[id / kPageEntries].load(std::memory_order_acquire))[id % kPageEntries];
}

std::string_view AtomTable::text(std::uint32_t id) const noexcept { return entry(id).text; }

std::uint32_t AtomTable::probe(const Index& index, std::string_view text, std::uint64_t hash) const noexcept {
  const std::size_t mask = index.slots.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const std::uint32_t stored = index.slots[slot].load(std::memory_order_acquire);
    if (stored == 0) return kNone;
    const Entry& candidate = entry(stored - 1);
    if (candidate.hash == hash && candidate.text == text) return stored - 1;
  }
}

std::uint32_t AtomTable::intern(std::string_view text) {
  const std::uint64_t hash = hash_bytes(text, kIndexSeed);
  if (const auto id = probe(*index_.load(std::memory_order_acquire), text, hash); id != kNone) return id;
  require_text_of_atom(text);
  const std::lock_guard lock(mutex_);
  if (const auto id = probe(*indexes_.back(), text, hash); id != kNone) return id;
  return add(text, hash);
}

std::optional<std::uint32_t> AtomTable::find(std::string_view text) const noexcept {
  const auto id = probe(*index_.load(std::memory_order_acquire), text, hash_bytes(text, kIndexSeed));
  return id == kNone ? std::nullopt : std::optional(id);
}

std::uint32_t AtomTable::add(std::string_view text, std::uint64_t hash) {
  const std::uint32_t id = count_.load(std::memory_order_relaxed);
  if (id == Atom::kAtomsMax) {
    throw Error(ErrorCode::system_limit, "make an atom", "this program has made 16777216, which is the most");
  }
  auto& page = pages_[id / kPageEntries];
  if (page.load(std::memory_order_relaxed) == nullptr) page.store(new Page, std::memory_order_release);
  auto* bytes = new char[text.size() + 1];
  std::memcpy(bytes, text.data(), text.size());
  bytes[text.size()] = '\0';
  (*page.load(std::memory_order_relaxed))[id % kPageEntries] = {{bytes, text.size()}, hash};
  if ((id + 1) * 2 > indexes_.back()->slots.size()) grow_index();
  count_.store(id + 1, std::memory_order_release);
  put(*indexes_.back(), id, hash, std::memory_order_release);
  return id;
}

void AtomTable::put(Index& index, std::uint32_t id, std::uint64_t hash, std::memory_order order) noexcept {
  const std::size_t mask = index.slots.size() - 1;
  std::size_t slot = hash & mask;
  while (index.slots[slot].load(std::memory_order_relaxed) != 0) slot = (slot + 1) & mask;
  index.slots[slot].store(id + 1, order);
}

void AtomTable::grow_index() {
  auto larger = std::make_unique<Index>(indexes_.back()->slots.size() * 2);
  const std::uint32_t count = count_.load(std::memory_order_relaxed);
  for (std::uint32_t id = 0; id < count; ++id) put(*larger, id, entry(id).hash, std::memory_order_relaxed);
  indexes_.push_back(std::move(larger));
  index_.store(indexes_.back().get(), std::memory_order_release);
}

}  // namespace heirloom::term
