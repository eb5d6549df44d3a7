// SPDX-License-Identifier: Apache-2.0
#include "table/dictionary.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "term/hash.hpp"

namespace heirloom::table {

namespace {

struct [[gnu::packed]] EntryHead {
  std::uint32_t checksum;
  std::uint16_t bytes;
};
static_assert(sizeof(EntryHead) == 6);

std::uint32_t checksum_of(std::uint32_t id, std::string_view text) noexcept {
  return static_cast<std::uint32_t>(term::hash_bytes(text, id));
}

}  // namespace

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
  if (published > std::min(header.dictionary_bytes_given.load(std::memory_order_acquire), shm::kDictionaryBytesMax)) {
    refuse("it is longer than its memory");
  }
  const std::byte* entries = segment_.base() + segment_.parts().dictionary;
  while (bytes_read_ < published) {
    const std::string which = "entry " + std::to_string(entries_read_);
    EntryHead head{};
    if (published - bytes_read_ >= sizeof head) std::memcpy(&head, entries + bytes_read_, sizeof head);
    if (published - bytes_read_ < sizeof head + head.bytes) refuse(which + " is cut short");
    const std::string_view text(reinterpret_cast<const char*>(entries + bytes_read_ + sizeof head), head.bytes);
    if (head.checksum != checksum_of(entries_read_, text)) refuse(which + " has another checksum");
    std::uint32_t atom = 0;
    try {
      atom = Atom(text).id();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::badarg) throw;
      refuse(which + " is no atom: " + error.detail());
    }
    set(locals_, arrays_, entries_read_, atom);
    set(ids_, arrays_, atom, entries_read_);
    ++entries_read_;
    bytes_read_ += sizeof head + head.bytes;
  }
}

void Dictionary::refuse(const std::string& what) const { segment_.refuse("read dictionary", what); }

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
  segment_.judged([&] { return header.dictionary_lock.acquire(holder); });
  struct Release {
    shm::StripeLock& lock;
    ~Release() { lock.release(); }
  } release{header.dictionary_lock};
  const std::lock_guard lock(mutex_);
  read_entries();
  if (const std::uint32_t id = get(ids_, atom); id != kUnknown) return id;
  const std::string_view text = Atom::from_id(atom).text();
  const EntryHead head{checksum_of(entries_read_, text), static_cast<std::uint16_t>(text.size())};
  const std::uint64_t end = header.dictionary_bytes.load(std::memory_order_relaxed);
  if (end != bytes_read_) refuse("it ends before entries that were read");
  segment_.grow_dictionary(end + sizeof head + text.size());
  std::byte* entry = segment_.base() + segment_.parts().dictionary + end;
  std::memcpy(entry, &head, sizeof head);
  std::memcpy(entry + sizeof head, text.data(), text.size());
  header.dictionary_bytes.store(end + sizeof head + text.size(),
                                std::memory_order_release);  // pairs with read_entries()
  read_entries();
  const std::uint32_t id = get(ids_, atom);
  if (id == kUnknown) refuse("an entry that was appended is not there");
  return id;
}

std::uint32_t Dictionary::local(std::uint32_t id) const {
  std::uint32_t atom = get(locals_, id);
  if (atom == kUnknown) [[unlikely]] {
    refresh();
    atom = get(locals_, id);
    if (atom == kUnknown) {
      segment_.refuse("read object", "atom " + std::to_string(id) + " is not in the dictionary");
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
