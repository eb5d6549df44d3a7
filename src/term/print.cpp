// SPDX-License-Identifier: Apache-2.0
//
// Terms as text. A stack of its own, so that the nesting of a term does not matter.
#include <bit>
#include <ostream>
#include <string>
#include <vector>

#include "heirloom/term.hpp"

#include "term/brief.hpp"
#include "term/float_text.hpp"
#include "term/fun.hpp"
#include "term/identifier_text.hpp"
#include "term/integer_text.hpp"
#include "term/quoting.hpp"
#include "term/utf8.hpp"
#include "term/word.hpp"

namespace heirloom {

namespace term {

namespace {

constexpr std::string_view kMore = "...";

class Printer {
 public:
  // It stops some time after the text has become longer than `enough` bytes.
  explicit Printer(TermView view, std::size_t enough = std::string::npos) noexcept
      : base_(view.base()), atoms_(view.atoms()), enough_(enough) {}

  std::string run(Word root) {
    add(root);
    while (!open_.empty() && !has_enough()) step();
    return std::move(out_);
  }

 private:
  // A container of which `written` words are written.
  struct Open {
    Word word;
    std::uint64_t written;
  };

  [[nodiscard]] bool has_enough() const noexcept { return out_.size() > enough_; }

  void step() {
    Open& top = open_.back();
    const std::uint64_t count = element_words(top.word);
    if (top.written == count) {
      out_ += kind_of(top.word) == Kind::tuple || kind_of(top.word) == Kind::map ? '}' : ']';
      open_.pop_back();
      return;
    }
    const std::uint64_t index = top.written++;
    const Word container = top.word;
    add_separator(container, index);
    const bool map = kind_of(container) == Kind::map;
    const std::uint64_t place = map ? index / 2 + (index % 2) * size_field(container) : index;
    add(elements_of(base_, container)[place]);
  }

  void add_separator(Word container, std::uint64_t index) {
    if (index == 0) return;
    if (kind_of(container) == Kind::map && index % 2 != 0) {
      out_ += " => ";
    } else {
      out_ += kind_of(container) == Kind::improper_list && index == size_field(container) ? '|' : ',';
    }
  }

  void add(Word word) {
    const TermView view(base_, word, atoms_);
    switch (view.kind()) {
      case TermKind::integer: return add_integer(view);
      case TermKind::floating: return append_float(out_, view.as_double());
      case TermKind::atom: return add_atom(view);
      case TermKind::nil: out_ += "[]"; return;
      case TermKind::bitstring: return add_bitstring(view);
      case TermKind::reference: return append_identifier(out_, view);
      case TermKind::port: return append_identifier(out_, view);
      case TermKind::pid: return append_identifier(out_, view);
      case TermKind::fun: return add_fun(word);
      case TermKind::tuple: return add_container("{", word);
      case TermKind::map: return add_container("#{", word);
      case TermKind::list: return is_string(word) ? add_string(word) : add_container("[", word);
    }
  }

  void add_container(std::string_view opening, Word word) {
    out_ += opening;
    open_.push_back({word, 0});
  }

  // Digits take time in proportion to the square of their number, so of too many none is made.
  void add_integer(TermView view) {
    if (is_small(view.word()) || size_field(view.word()) <= enough_ / kDigitsALimb) return append_integer(out_, view);
    out_ += kMore;
    enough_ = 0;
  }

  void add_atom(TermView view) {
    const std::uint32_t id = atom_id(view.word());
    append_atom(out_, atoms_ != nullptr ? atoms_->text(id) : Atom::from_id(id).text());
  }

  // Of a fun that is no export only what tells it apart is shown, as Erlang does.
  void add_fun(Word word) {
    const Word* elements = elements_of(base_, word);
    out_ += is_export(word) ? "fun " : "#Fun<";
    add(elements[0]);
    out_ += is_export(word) ? ':' : '.';
    add(elements[1]);
    out_ += is_export(word) ? '/' : '.';
    add(elements[2]);
    if (!is_export(word)) out_ += '>';
  }

  [[nodiscard]] bool is_string(Word list) const noexcept {
    if (kind_of(list) != Kind::list) return false;
    const Word* elements = elements_of(base_, list);
    for (std::uint64_t i = 0; i < size_field(list); ++i) {
      const Word element = elements[i];
      if (!is_small(element) || small_value(element) < 0) return false;
      if (!is_printable(static_cast<std::uint64_t>(small_value(element)))) return false;
    }
    return true;
  }

  void add_string(Word list) {
    const Word* elements = elements_of(base_, list);
    out_ += '"';
    for (std::uint64_t i = 0; i < size_field(list) && !has_enough(); ++i) {
      append_character(out_, static_cast<char32_t>(small_value(elements[i])), '"');
    }
    out_ += '"';
  }

  // Text in quotation marks where that reads back as the same bytes and shows nothing but printable characters: as ASCII or
  // UTF-8 if it is that, else as Latin-1. What is UTF-8 but not printable as such is not tried as Latin-1.
  void add_bitstring(TermView view) {
    if (view.is_binary() && view.size() != 0) {
      const std::string_view bytes = view.as_binary();
      const bool ascii = std::string_view::npos == bytes.find_first_not_of(kAscii);
      if (ascii || is_printable_utf8(bytes)) return add_text(bytes, true, ascii ? ">>" : "/utf8>>");
      if (!utf8_characters(bytes) && is_printable_latin1(bytes)) return add_text(bytes, false, ">>");
    }
    add_numbers(view);
  }

  static constexpr std::string_view kAscii =
      "\b\t\n\v\f\r\x1b "
      "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

  static bool is_printable_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
      const auto first = utf8_first(bytes);
      if (!first || !is_printable(first->code)) return false;
      bytes.remove_prefix(first->bytes);
    }
    return true;
  }

  static bool is_printable_latin1(std::string_view bytes) noexcept {
    for (const char byte : bytes) {
      if (!is_printable(static_cast<unsigned char>(byte))) return false;
    }
    return true;
  }

  void add_text(std::string_view bytes, bool utf8, std::string_view closing) {
    out_ += "<<\"";
    while (!bytes.empty() && !has_enough()) {
      const Utf8Character first =
          utf8 ? utf8_first(bytes).value() : Utf8Character{static_cast<unsigned char>(bytes[0]), 1};
      append_character(out_, first.code, '"');
      bytes.remove_prefix(first.bytes);
    }
    out_ += '"';
    out_ += closing;
  }

  void add_numbers(TermView view) {
    const std::size_t bits = view.bit_size();
    const auto* bytes = bits == 0 ? nullptr : reinterpret_cast<const unsigned char*>(payload_of(base_, view.word()));
    out_ += "<<";
    for (std::size_t i = 0; i < bits / 8 && !has_enough(); ++i) {
      if (i != 0) out_ += ',';
      out_ += std::to_string(bytes[i]);
    }
    if (bits % 8 != 0) {
      if (bits > 8) out_ += ',';
      out_ += std::to_string(bytes[bits / 8] >> (8 - bits % 8)) + ':' + std::to_string(bits % 8);
    }
    out_ += ">>";
  }

  const Word* base_;
  static constexpr std::size_t kDigitsALimb = 19;
  const AtomSpace* atoms_;
  std::size_t enough_;
  std::string out_;
  std::vector<Open> open_;
};

}  // namespace

std::string to_brief_string(TermView view, std::size_t bytes_max) {
  std::string text = Printer(view, bytes_max).run(view.word());
  if (text.size() <= bytes_max) return text;
  std::size_t bytes = bytes_max - kMore.size();
  while (bytes > 0 && (text[bytes] & 0xC0) == 0x80) --bytes;  // in the middle of a character
  return text.replace(bytes, std::string::npos, kMore);
}

}  // namespace term

std::string to_string(TermView view) { return term::Printer(view).run(view.word()); }

std::ostream& operator<<(std::ostream& out, TermView view) { return out << to_string(view); }

}  // namespace heirloom
