// SPDX-License-Identifier: Apache-2.0
#include "term/draft.hpp"

#include <algorithm>
#include <numeric>

#include "base/assert.hpp"
#include "term/compare.hpp"

namespace heirloom::term {

void Draft::add(TermView leaf) {
  const Word word = leaf.word();
  if (!is_reference(word) || size_field(word) == 0) {
    stack_.push_back(word);
    return;
  }
  HEIRLOOM_ASSERT(is_payload(word), "only a leaf is added to a draft");
  stack_.push_back(with_offset(word, store(leaf.base() + offset_field(word), payload_words(leaf.base(), word))));
}

std::uint64_t Draft::store(const Word* words, std::size_t count) {
  const std::uint64_t offset = store_.size();
  if (count > kBlockWordsMax - offset) {
    throw Error(ErrorCode::system_limit, "make a term", "it would take more than 268435455 words");
  }
  store_.insert(store_.end(), words, words + count);
  return offset;
}

std::uint64_t Draft::close(Kind kind, std::uint64_t size) {
  std::uint64_t words = kind == Kind::map ? 2 * size : kind == Kind::improper_list ? size + 1 : size;
  HEIRLOOM_ASSERT(words <= stack_.size(), "a container is closed over values that were added");
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(words);
  if (kind == Kind::map) {
    size = sort_pairs(size);
    words = 2 * size;
  }
  const std::uint64_t offset = words == 0 ? 0 : store(&*first, words);
  stack_.erase(first, stack_.end());
  if (kind == Kind::list && size == 0) {
    stack_.push_back(kNil);
  } else {
    push(kind, size, offset);
  }
  return size;
}

// Brings the pairs on top of the stack into the order of a map: keys first. Returns how many are left.
std::uint64_t Draft::sort_pairs(std::uint64_t pairs) {
  Word* words = stack_.data() + (stack_.size() - 2 * pairs);
  std::vector<std::uint64_t> order(pairs);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  const auto compare_keys = [&](std::uint64_t left, std::uint64_t right) {
    return compare(TermView(store_.data(), words[2 * left], atoms_), TermView(store_.data(), words[2 * right], atoms_),
                   Numbers::by_type);
  };
  std::stable_sort(order.begin(), order.end(), [&](auto left, auto right) { return compare_keys(left, right) < 0; });
  const auto kept =
      std::unique(order.rbegin(), order.rend(), [&](auto left, auto right) { return compare_keys(left, right) == 0; });
  order.erase(order.begin(), kept.base());

  std::vector<Word> sorted;
  sorted.reserve(2 * order.size());
  for (const auto pair : order) sorted.push_back(words[2 * pair]);
  for (const auto pair : order) sorted.push_back(words[2 * pair + 1]);
  std::copy(sorted.begin(), sorted.end(), words);
  return order.size();
}

Term Draft::finish() const {
  HEIRLOOM_ASSERT(stack_.size() == 1, "a finished draft is one value");
  // The term words first: each container that is met has its elements appended. Payloads keep their place in the store.
  std::vector<Word> words{stack_.front()};
  std::size_t payload = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word word = words[i];
    if (!is_reference(word) || size_field(word) == 0) continue;
    if (is_container(word)) {
      const Word* elements = elements_of(store_.data(), word);
      words[i] = with_offset(word, words.size());
      words.insert(words.end(), elements, elements + element_words(word));
    } else {
      payload += payload_words(store_.data(), word);
    }
  }
  Term result = Term::uninitialized(words.size() + payload);
  Word* block = result.writable_block().data();
  std::size_t end = words.size();
  for (std::size_t i = 0; i < words.size(); ++i) {
    block[i] = words[i];
    if (!is_payload(words[i]) || size_field(words[i]) == 0) continue;
    const std::uint64_t count = payload_words(store_.data(), words[i]);
    std::memcpy(block + end, store_.data() + offset_field(words[i]), count * sizeof(Word));
    block[i] = with_offset(words[i], end);
    end += count;
  }
  return result;
}

}  // namespace heirloom::term
