// SPDX-License-Identifier: Apache-2.0
#include "table/dictionary.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace heirloom::table {

Dictionary::Dictionary(shm::Segment& segment) : segment_(segment) {}
Dictionary::~Dictionary() = default;

std::uint32_t Dictionary::get(const std::atomic<const Array*>& array, std::size_t index) noexcept {
  const Array* now = array.load(std::memory_order_acquire);
  return now != nullptr && index < now->room ? now->values[index].load(std::memory_order_acquire) : kUnknown;
}

void Dictionary::set(std::atomic<const Array*>& array, std::vector<std::unique_ptr<Array>>& owned, std::size_t index,
                     std::uint32_t value) {
  const Array* now = array.load(std::memory_order_relaxed);
  if (now == nullptr || index >= now->room) {
    const std::size_t room = std::max<std::size_t>({64, index + 1, now == nullptr ? 0 : now->room * 2});
    auto next = std::make_unique<Array>(Array{room, std::make_unique<std::atomic<std::uint32_t>[]>(room)});
    for (std::size_t i = 0; i < room; ++i) {
      const std::uint32_t old =
          now != nullptr && i < now->room ? now->values[i].load(std::memory_order_relaxed) : kUnknown;
      next->values[i].store(old, std::memory_order_relaxed);
    }
    now = next.get();
    owned.push_back(std::move(next));
    now->values[index].store(value, std::memory_order_relaxed);
    array.store(now, std::memory_order_release);
    return;
  }
  now->values[index].store(value, std::memory_order_release);
}

void Dictionary::read_entries() const {
  const auto& header = segment_.header();
  const std::uint64_t published = header.dictionary_bytes.load(std::memory_order_acquire);
  if (published > header.dictionary_bytes_given.load(std::memory_order_acquire)) {
    throw Error(ErrorCode::corrupt, "read dictionary", "it is longer than its memory");
  }
  const std::byte* entries = segment_.base() + header.dictionary;
  while (bytes_read_ < published) {
    std::uint16_t bytes = 0;
    if (published - bytes_read_ >= sizeof bytes) std::memcpy(&bytes, entries + bytes_read_, sizeof bytes);
    if (published - bytes_read_ < sizeof bytes + bytes) {
      throw Error(ErrorCode::corrupt, "read dictionary", "entry " + std::to_string(entries_read_) + " is cut short");
    }
    const char* text = reinterpret_cast<const char*>(entries + bytes_read_ + sizeof bytes);
    std::uint32_t atom = 0;
    try {
      atom = Atom(std::string_view(text, bytes)).id();
    } catch (const Error& error) {
      throw Error(ErrorCode::corrupt, "read dictionary",
                  "entry " + std::to_string(entries_read_) + " is no atom: " + error.detail());
    }
    set(locals_, arrays_, entries_read_, atom);
    set(ids_, arrays_, atom, entries_read_);
    ++entries_read_;
    bytes_read_ += sizeof bytes + bytes;
  }
}

void Dictionary::refresh() const {
  const std::lock_guard lock(mutex_);
  read_entries();
}

std::optional<std::uint32_t> Dictionary::find(std::uint32_t atom) {
  std::uint32_t id = get(ids_, atom);
  if (id == kUnknown) {
    refresh();
    id = get(ids_, atom);
  }
  return id == kUnknown ? std::nullopt : std::optional(id);
}

std::uint32_t Dictionary::intern(std::uint32_t atom, shm::Holder holder) {
  if (const std::uint32_t id = get(ids_, atom); id != kUnknown) return id;
  auto& header = segment_.header();
  // A dead holder left nothing to repair (D1).
  header.dictionary_lock.acquire(holder);
  struct Release {
    shm::StripeLock& lock;
    ~Release() { lock.release(); }
  } release{header.dictionary_lock};
  const std::lock_guard lock(mutex_);
  read_entries();
  if (const std::uint32_t id = get(ids_, atom); id != kUnknown) return id;
  const std::string_view text = Atom::from_id(atom).text();
  const auto bytes = static_cast<std::uint16_t>(text.size());
  const std::uint64_t end = header.dictionary_bytes.load(std::memory_order_relaxed);
  segment_.grow_dictionary(end + sizeof bytes + text.size());
  std::byte* entry = segment_.base() + header.dictionary + end;
  std::memcpy(entry, &bytes, sizeof bytes);
  std::memcpy(entry + sizeof bytes, text.data(), text.size());
  header.dictionary_bytes.store(end + sizeof bytes + text.size(),
                                std::memory_order_release);  // pairs with read_entries()
  read_entries();
  return get(ids_, atom);
}

std::uint32_t Dictionary::local(std::uint32_t id) const {
  std::uint32_t atom = get(locals_, id);
  if (atom == kUnknown) [[unlikely]] {
    refresh();
    atom = get(locals_, id);
    if (atom == kUnknown) {
      throw Error(ErrorCode::corrupt, "read object", "atom " + std::to_string(id) + " is not in the dictionary");
    }
  }
  return atom;
}

std::uint32_t Dictionary::count() {
  const std::lock_guard lock(mutex_);
  read_entries();
  return entries_read_;
}

std::string_view Dictionary::text(std::uint32_t id) const { return Atom::from_id(local(id)).text(); }
Atom Dictionary::to_atom(std::uint32_t id) const { return Atom::from_id(local(id)); }

}  // namespace heirloom::table
