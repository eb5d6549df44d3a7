// SPDX-License-Identifier: Apache-2.0
#include "term/hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "term/atom_table.hpp"
#include "term/run.hpp"

namespace heirloom::term {

namespace {

// Payloads of up to this many words are mixed word by word, which is faster there than a call of XXH3.
constexpr std::uint64_t kMixedWordsMax = 8;

std::uint64_t hash_atom(const AtomSpace* atoms, std::uint32_t id, std::uint64_t seed) {
  return atoms != nullptr ? atoms->hash(id, seed) : hash_bytes(AtomTable::instance().text(id), seed);
}

std::string_view bytes_of(const Word* words, std::uint64_t count) noexcept {
  return {reinterpret_cast<const char*>(words), count * sizeof(Word)};
}

// A sequence of words as one number. Which words, and in which order, tells a term apart from all others: the sizes in
// reference words say how the words that follow nest.
class Mixer {
 public:
  explicit Mixer(std::uint64_t seed) noexcept : seed_(seed), state_(seed ^ 0x2D358DCCAA6C78A5) {}
  void add(std::uint64_t word) noexcept { state_ = folded_multiply(state_ ^ word, 0x9E3779B97F4A7C15) + word; }
  [[nodiscard]] std::uint64_t result() const noexcept { return hash_word(state_, seed_); }

 private:
  std::uint64_t seed_;
  std::uint64_t state_;
};

void add_payload(Mixer& mixer, const Word* base, Word word, std::uint64_t seed) {
  if (size_field(word) == 0) return;
  const Word* words = base + offset_field(word);
  const std::uint64_t count = payload_words(base, word);
  if (count > kMixedWordsMax) return mixer.add(hash_bytes(bytes_of(words, count), seed));
  for (std::uint64_t i = 0; i < count; ++i) mixer.add(words[i]);
}

std::uint64_t hash_levels(TermView view, std::uint64_t seed) {
  Mixer mixer(seed);
  const Word root = view.word();
  for (Run run = Run::of(view, root); !run.empty();) {
    NextRun next(run.base);
    for (const Word* word = run.begin; word != run.end; ++word) {
      if (is_atom(*word)) {
        mixer.add(hash_atom(view.atoms(), atom_id(*word), seed));
      } else if (!is_reference(*word)) {
        mixer.add(*word);
      } else if (!is_kind(*word, Kind::creator)) {  // who made a fun does not count
        mixer.add(without_offset(*word));
        if (is_container(*word)) {
          next.add(*word);
        } else {
          add_payload(mixer, run.base, *word, seed);
        }
      }
    }
    run = next.run();
  }
  return mixer.result();
}

}  // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t hash_other(TermView view, std::uint64_t seed) {
  const Word word = view.word();
  if (is_atom(word)) return hash_atom(view.atoms(), atom_id(word), seed);
  if (!is_reference(word)) return hash_word(word, seed);
  if (!is_kind(word, Kind::binary)) return hash_levels(view, seed);
  const std::uint64_t size = size_field(word) == 0 ? 0 : size_of(view.base(), word);
  const Word* bytes = size == 0 ? &word : payload_of(view.base(), word);
  return hash_bytes({reinterpret_cast<const char*>(bytes), size}, seed ^ without_offset(word));
}

}  // namespace heirloom::term

std::size_t std::hash<heirloom::Term>::operator()(const heirloom::Term& term) const {
  return heirloom::term::hash(term, 0);
}
