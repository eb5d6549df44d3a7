// SPDX-License-Identifier: Apache-2.0
#include "term/packing.hpp"

#include <cstring>
#include <memory>
#include <vector>

#include <zstd.h>

#include "heirloom/error.hpp"

#include "term/block.hpp"
#include "term/validate.hpp"

namespace heirloom::term {

namespace {

// The bytes that say what a word is: 0 .. 127 are themselves such integers.
constexpr std::uint8_t kReference = 0x80;  // + its kind; its size follows
constexpr std::uint8_t kSmall = 0x90;      // the integer follows, its sign in the lowest bit
constexpr std::uint8_t kAtom = 0x91;       // its id follows
constexpr std::uint8_t kNilByte = 0x92;
constexpr std::int64_t kShortMax = 127;

// Below that, zstd saves little (docs/decisions/0008-compressed.md).
constexpr std::size_t kCompressedFrom = 256;
constexpr int kLevel = 3;  // zstd's own default
constexpr std::size_t kBytesAWordMax = 11;
constexpr std::size_t kWordsMax = std::size_t{1} << 25;   // of an object: 256 MiB
constexpr std::size_t kBytesKept = std::size_t{1} << 20;  // of memory that a thread keeps for the next object

[[noreturn]] void refuse(const char* what) {
  throw Error(ErrorCode::corrupt, "read a packed object", std::string(what) + ": the table is damaged");
}

// What a payload takes among the bytes: of one whose size is escaped all words, with that size.
std::size_t packed_bytes(const Word* base, Word word) {
  const std::uint64_t size = size_field(word);
  if (size != kSizeEscape && kind_of(word) == Kind::binary) return size;
  if (size != kSizeEscape && kind_of(word) == Kind::bitstring) return (size + 7) / 8;
  return payload_words(base, word) * sizeof(Word);
}

bool lies_beside(Word word) { return !is_container(word) || size_field(word) == 0; }

// -------------------------------------------------------------------------------------------------------------- packing

void put_number(std::string& out, std::uint64_t number) {
  for (; number > 0x7F; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
}

void put_byte(std::string& out, std::uint8_t byte) { out.push_back(static_cast<char>(byte)); }

void put_word(std::string& out, Word word) {
  if (is_small(word)) {
    const std::int64_t value = small_value(word);
    if (value >= 0 && value <= kShortMax) return put_byte(out, static_cast<std::uint8_t>(value));
    put_byte(out, kSmall);
    put_number(out, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  } else if (is_atom(word)) {
    put_byte(out, kAtom);
    put_number(out, atom_id(word));
  } else if (is_nil(word)) {
    put_byte(out, kNilByte);
  } else {
    put_byte(out, static_cast<std::uint8_t>(kReference + static_cast<std::uint8_t>(kind_of(word))));
    put_number(out, size_field(word));
  }
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

// Each thread that needs them makes its own, once.
ZSTD_CCtx* compression() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  return context.get();
}

ZSTD_DCtx* decompression() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  return context.get();
}

// Appends the body, compressed; false, and nothing appended, where that makes it no shorter.
bool put_compressed(std::string& out, const std::string& body) {
  const std::size_t before = out.size();
  out.resize(before + ZSTD_compressBound(body.size()));
  const std::size_t bytes =
      ZSTD_compressCCtx(compression(), out.data() + before, out.size() - before, body.data(), body.size(), kLevel);
  const bool shorter = ZSTD_isError(bytes) == 0 && bytes < body.size();
  out.resize(before + (shorter ? bytes : 0));
  return shorter;
}

}  // namespace

std::string pack(const Word* block, std::size_t words, std::uint64_t position) {
  std::string body;
  std::size_t term_words = 0;
  for_each_word(block, [&](Word) { ++term_words; });
  put_number(body, term_words);
  const auto is_beside = [&](std::size_t index) { return index == position && lies_beside(block[index]); };
  for (std::size_t index = 0; index < term_words; ++index) {
    if (!is_beside(index)) put_word(body, block[index]);
  }
  for (std::size_t index = 0; index < term_words; ++index) {
    const Word word = block[index];
    if (!is_payload(word) || size_field(word) == 0 || is_beside(index)) continue;
    body.append(reinterpret_cast<const char*>(block + offset_field(word)), packed_bytes(block, word));
  }
  std::string out;
  if (body.size() >= kCompressedFrom) {
    put_number(out, words << 1 | 1);
    if (put_compressed(out, body)) return out;
    out.clear();
  }
  put_number(out, words << 1);
  return out + body;
}

// ------------------------------------------------------------------------------------------------------------ unpacking

namespace {

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) noexcept : bytes_(bytes) {}

  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).front()); }
  std::uint64_t number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t next = byte();
      number |= (next & 0x7F) << shift;
      if (next <= 0x7F) return number;
    }
    refuse("a number does not end");
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) refuse("its bytes end too early");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return bytes_; }

 private:
  std::string_view bytes_;
};

void decompress(std::string_view bytes, std::size_t words, std::vector<char>& body) {
  const unsigned long long length = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (length > words * kBytesAWordMax + kBytesAWordMax) refuse("its length is impossible");
  body.resize(length);
  const std::size_t got = ZSTD_decompressDCtx(decompression(), body.data(), body.size(), bytes.data(), bytes.size());
  if (got != length) refuse("its compressed bytes are none");
}

Word take_word(Bytes& bytes) {
  const std::uint8_t what = bytes.byte();
  if (what <= kShortMax) return make_small(what);
  if (what == kNilByte) return kNil;
  const std::uint64_t number = bytes.number();
  if (what == kSmall) {
    const auto value = static_cast<std::int64_t>(number >> 1 ^ -(number & 1));
    if (!fits_small(value)) refuse("an integer is too large");
    return make_small(value);
  }
  if (what == kAtom) {
    if (number >> 32 != 0) refuse("an atom is none");
    return make_atom(static_cast<std::uint32_t>(number));
  }
  if (what >= kReference + kKinds || number > kSizeEscape) refuse("a word is none");
  return make_reference(static_cast<Kind>(what - kReference), number, 0);
}

class Unpacking {
 public:
  Unpacking(std::string_view bytes, std::size_t words, const Beside& beside) : bytes_(bytes), beside_(beside) {
    const std::uint64_t term_words = bytes_.number();
    if (term_words == 0 || term_words > words) refuse("its number of words is impossible");
    term_words_ = term_words;
    to_ = term_.overwrite(words).data();
    words_ = words;
  }

  void take_words(const std::function<std::uint32_t(std::uint32_t)>& map) {
    std::uint64_t end = 1;
    std::uint64_t index = 0;
    for (; index < end; ++index) {
      Word word = is_beside(index) ? without_offset_of(beside_.word) : take_word(bytes_);
      if (is_atom(word)) word = make_atom(map(atom_id(word)));
      if (is_container(word) && size_field(word) != 0) {
        word = with_offset(word, end);
        end += element_words(word);
        if (end > term_words_) refuse("it has more words than it says");
      }
      to_[index] = word;
    }
    if (index != term_words_) refuse("it has fewer words than it says");
    if (!is_kind(to_[0], Kind::tuple)) refuse("it is no tuple");
  }

  void take_payloads() {
    payload_ = term_words_;
    for (std::uint64_t index = 0; index < term_words_; ++index) {
      if (!is_payload(to_[index]) || size_field(to_[index]) == 0) continue;
      to_[index] = with_offset(to_[index], payload_);
      if (is_beside(index)) {
        copy_beside();
      } else {
        take_payload(to_[index]);
      }
    }
    if (payload_ != words_ || !bytes_.rest().empty()) refuse("it has other bytes than it says");
  }

  Term take() { return std::move(term_); }

 private:
  [[nodiscard]] bool is_beside(std::uint64_t index) const {
    return index == beside_.position && lies_beside(beside_.word);
  }
  static Word without_offset_of(Word word) { return is_reference(word) ? without_offset(word) : word; }

  void reserve(std::uint64_t words) const {
    if (words > words_ - payload_) refuse("a payload is too long");
  }

  void copy_beside() {
    const std::uint64_t offset = offset_field(beside_.word);
    if (offset >= beside_.block.size()) refuse("its key lies nowhere");
    const std::uint64_t words = payload_words(beside_.block.data(), beside_.word);
    if (words > beside_.block.size() - offset) refuse("its key lies nowhere");
    reserve(words);
    std::memcpy(to_ + payload_, beside_.block.data() + offset, words * sizeof(Word));
    payload_ += words;
  }

  void take_payload(Word word) {
    if (size_field(word) == kSizeEscape) {  // how long it is says its first word
      reserve(1);
      if (bytes_.rest().size() < sizeof(Word)) refuse("its bytes end too early");
      std::memcpy(to_ + payload_, bytes_.rest().data(), sizeof(Word));
    }
    const std::uint64_t words = payload_words(to_, word);
    reserve(words);
    const std::string_view bytes = bytes_.take(packed_bytes(to_, word));
    to_[payload_ + words - 1] = 0;
    std::memcpy(to_ + payload_, bytes.data(), bytes.size());
    payload_ += words;
  }

  Bytes bytes_;
  const Beside& beside_;
  Term term_;
  Word* to_ = nullptr;
  std::uint64_t words_ = 0;
  std::uint64_t term_words_ = 0;
  std::uint64_t payload_ = 0;
};

}  // namespace

Term unpack(std::string_view bytes, const Beside& beside, const std::function<std::uint32_t(std::uint32_t)>& map) {
  Bytes head(bytes);
  const std::uint64_t first = head.number();
  const std::uint64_t words = first >> 1;
  if (words == 0 || words > kWordsMax) refuse("its number of words is impossible");
  const auto unpacked = [&](std::string_view body) {
    Unpacking unpacking(body, words, beside);
    unpacking.take_words(map);
    unpacking.take_payloads();
    Term whole = unpacking.take();
    if (!is_sound_block(whole.block(), whole.block()[0])) refuse("it is no term");
    return whole;
  };
  if ((first & 1) == 0) return unpacked(head.rest());
  thread_local std::vector<char> body;
  if (body.capacity() > kBytesKept) body = {};  // of a long one before
  decompress(head.rest(), words, body);
  return unpacked({body.data(), body.size()});
}

}  // namespace heirloom::term
