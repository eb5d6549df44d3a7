// SPDX-License-Identifier: Apache-2.0
#include "term/serial.hpp"

#include <cstring>
#include <limits>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "term/block.hpp"
#include "term/utf8.hpp"
#include "term/validate.hpp"

namespace heirloom::term {

namespace {

constexpr std::string_view kMagic("HLT\x01", 4);

template <typename Number>
void append(std::string& out, Number number) {
  static_assert(std::is_unsigned_v<Number>);
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

// Takes numbers and bytes from the front of a message; after the first one that is not there, `ok` is false for good.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : rest_(bytes) {}

  std::string_view take(std::size_t count) noexcept {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  template <typename Number>
  Number number() noexcept {
    const std::string_view bytes = take(sizeof(Number));
    Number number = 0;
    if (!bytes.empty()) std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// The atoms of one message.
class MessageAtoms final : public AtomSpace {
 public:
  explicit MessageAtoms(std::vector<std::string_view> texts) noexcept : texts_(std::move(texts)) {}
  [[nodiscard]] std::string_view text(std::uint32_t id) const override { return texts_[id]; }
  [[nodiscard]] std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(texts_.size()); }

 private:
  std::vector<std::string_view> texts_;
};

Failure wrong(std::string detail) { return fail(ErrorCode::syntax, std::move(detail)).within("decode a term"); }

Result<MessageAtoms> read_atoms(Reader& reader, std::uint32_t count) {
  // Each takes two bytes at least: what a message claims is believed only as far as it is long.
  if (count > reader.left() / 2) return wrong("the message ends before its atoms do");
  std::vector<std::string_view> texts;
  texts.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string_view text = reader.take(reader.number<std::uint16_t>());
    if (!reader.ok()) return wrong("the message ends before its atoms do");
    const auto characters = utf8_characters(text);
    if (!characters || *characters > Atom::kCharactersMax) {
      return wrong("atom " + std::to_string(i) + " is not UTF-8 of up to 255 characters");
    }
    texts.push_back(text);
  }
  return MessageAtoms(std::move(texts));
}

// Atoms are numbered as they occur, so that none is sent, and then kept for good by the receiver, without need.
bool numbered_as_they_occur(const Word* block, std::uint32_t count) {
  std::uint32_t seen = 0;
  bool ordered = true;
  for_each_atom(block, [&](std::uint32_t id) {
    ordered = ordered && id <= seen;
    if (id == seen) ++seen;
  });
  return ordered && seen == count;
}

}  // namespace

std::string serialize(TermView view) {
  Term term(view);
  std::unordered_map<std::uint32_t, std::uint32_t> numbers;
  std::string texts;
  translate_atoms(term.writable_block().data(), [&](std::uint32_t id) {
    const auto [found, added] = numbers.try_emplace(id, static_cast<std::uint32_t>(numbers.size()));
    if (added) {
      const std::string_view text = Atom::from_id(id).text();
      append(texts, static_cast<std::uint16_t>(text.size()));
      texts += text;
    }
    return found->second;
  });
  const auto words = term.block();
  std::string out;
  out.reserve(16 + texts.size() + words.size_bytes());
  out += kMagic;
  append(out, static_cast<std::uint32_t>(numbers.size()));
  append(out, static_cast<std::uint64_t>(words.size()));
  out += texts;
  out.append(reinterpret_cast<const char*>(words.data()), words.size_bytes());
  return out;
}

Result<Term> deserialize(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.take(kMagic.size()) != kMagic) return wrong("it does not begin as a term of this version does");
  const auto atom_count = reader.number<std::uint32_t>();
  const auto word_count = reader.number<std::uint64_t>();
  if (!reader.ok()) return wrong("the message ends before its head does");
  auto message_atoms = read_atoms(reader, atom_count);
  if (!message_atoms) return std::move(message_atoms).failure();
  const MessageAtoms& atoms = *message_atoms;
  if (reader.left() % sizeof(Word) != 0 || reader.left() / sizeof(Word) != word_count || word_count > kBlockWordsMax) {
    return wrong("its length is not that of " + std::to_string(word_count) + " words");
  }
  if (word_count == 0) return wrong("it has no words");
  Term term = Term::uninitialized(word_count);
  Word* block = term.writable_block().data();
  std::memcpy(block, reader.take(word_count * sizeof(Word)).data(), word_count * sizeof(Word));
  if (auto status = validate_block({block, word_count}, atoms.count(), &atoms); !status) {
    return wrong(status.failure().detail);
  }
  if (!numbered_as_they_occur(block, atoms.count())) return wrong("its atoms are not numbered as they occur");
  try {
    std::vector<std::uint32_t> ids;
    ids.reserve(atoms.count());
    for (std::uint32_t i = 0; i < atoms.count(); ++i) ids.push_back(Atom(atoms.text(i)).id());
    translate_atoms(block, [&](std::uint32_t number) { return ids[number]; });
  } catch (const Error& error) {
    return fail(error.code(), error.detail()).within("decode a term");
  }
  return term;
}

}  // namespace heirloom::term
