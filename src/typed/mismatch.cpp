// SPDX-License-Identifier: Apache-2.0
//
// Saying why a term is not the value that was asked for.
#include "heirloom/typed/reading.hpp"

#include "term/block.hpp"

namespace heirloom::typed {

namespace {

constexpr std::size_t kTextWordsMax = 32;   // a term of up to this many words is printed,
constexpr std::size_t kTextBytesMax = 100;  // and cut behind this many bytes

// Not in the middle of a character of UTF-8.
void cut(std::string& text) {
  if (text.size() <= kTextBytesMax) return;
  std::size_t bytes = kTextBytesMax;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  text.resize(bytes);
  text += "...";
}

std::string summary_of(const TermView& view) {
  switch (view.kind()) {
    case TermKind::tuple: return "a tuple of " + std::to_string(view.size()) + " elements";
    case TermKind::list: return "a list of " + std::to_string(view.size()) + " elements";
    case TermKind::map: return "a map of " + std::to_string(view.size()) + " pairs";
    case TermKind::bitstring: return "a binary of " + std::to_string(view.size()) + " bytes";
    case TermKind::integer: return "an integer of more than " + std::to_string(kTextWordsMax * 64) + " bits";
    default: return "a long " + std::string(to_string(view.kind()));
  }
}

}  // namespace

std::string text_of(const TermView& view) {
  if (term::block_words(view) > kTextWordsMax) return summary_of(view);
  std::string text = to_string(view);
  cut(text);
  return text;
}

void Mismatch::raise(std::string_view root) const {
  throw Error(code, "read " + std::string(root) + path, "expected " + expected + ", found " + found);
}

void Reading::explain(const TermView& found, std::string expected) {
  *why_ = {.code = ErrorCode::type, .path = {}, .expected = std::move(expected), .found = text_of(found)};
}

void Reading::explain_other(std::string_view other) {
  if (why_->path.empty()) why_->expected = std::string(other) + " or " + why_->expected;
}

void Reading::explain_member(std::string_view name, std::size_t position) {
  const std::string element = "element " + std::to_string(position);
  std::string place = "." + (name.empty() ? element : std::string(name));
  if (!why_->has_position && !name.empty()) place += " (" + element + ")";
  why_->has_position = true;
  why_->path.insert(0, place);
}

void Reading::explain_depth(const TermView& found) {
  explain(found, "at most " + std::to_string(kNestingMax) + " containers in each other");
  why_->code = ErrorCode::system_limit;
}

}  // namespace heirloom::typed
