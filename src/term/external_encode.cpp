// SPDX-License-Identifier: Apache-2.0
//
// Terms as Erlang's external term format. A stack of its own, so that the nesting of a term does not matter.
#include <bit>
#include <limits>
#include <string>
#include <vector>

#include "heirloom/external.hpp"

#include "term/compression.hpp"
#include "term/external_tags.hpp"
#include "term/fun.hpp"
#include "term/identifier.hpp"
#include "term/integer.hpp"
#include "term/word.hpp"

namespace heirloom {

namespace term {

namespace {

constexpr std::uint64_t kLengthMax = std::numeric_limits<std::uint32_t>::max();

[[noreturn]] void refuse_length(const char* what) {
  throw Error(ErrorCode::system_limit, "write an external term", std::string(what) + " has 4 GiB or more");
}

class Encoder {
 public:
  explicit Encoder(TermView view) noexcept : base_(view.base()), atoms_(view.atoms()) {}

  std::string run(Word root) {
    put(kExternalVersion);
    add(root);
    while (!open_.empty()) step();
    return std::move(out_);
  }

 private:
  // A container of which `written` words are written.
  struct Open {
    Word word;
    std::uint64_t written;
    std::size_t begin;  // of a fun: where its length stands
  };

  // --------------------------------------------------------------------------------------------------------- numbers

  template <typename Number>
  void put(Number number) {
    for (std::size_t i = sizeof number; i-- > 0;) out_ += static_cast<char>(number >> (8 * i));
  }
  void put(ExternalTag tag) { put(static_cast<std::uint8_t>(tag)); }
  void put32(std::uint64_t number) { put(static_cast<std::uint32_t>(number)); }

  // ------------------------------------------------------------------------------------------------------ containers

  void step() {
    Open& top = open_.back();
    const Word container = top.word;
    if (top.written == element_words(container)) return close();
    const std::uint64_t index = top.written++;
    const bool map = kind_of(container) == Kind::map;
    const std::uint64_t place = map ? index / 2 + (index % 2) * size_field(container) : index;
    add(elements_of(base_, container)[place]);
  }

  void open(Word word, std::uint64_t written = 0, std::size_t begin = 0) { open_.push_back({word, written, begin}); }

  void close() {
    const Open top = open_.back();
    open_.pop_back();
    if (kind_of(top.word) == Kind::list) put(ExternalTag::nil);
    if (kind_of(top.word) == Kind::fun && !is_export(top.word)) {
      const std::uint64_t length = out_.size() - top.begin;
      if (length > kLengthMax) refuse_length("a fun");
      for (std::size_t i = 0; i < 4; ++i) out_[top.begin + i] = static_cast<char>(length >> (24 - 8 * i));
    }
  }

  void add_tuple(Word word) {
    const std::uint64_t size = size_field(word);
    if (size < 256) {
      put(ExternalTag::small_tuple);
      put(static_cast<std::uint8_t>(size));
    } else {
      put(ExternalTag::large_tuple);
      put32(size);
    }
    open(word);
  }

  [[nodiscard]] bool is_string(Word list) const noexcept {
    const std::uint64_t size = size_field(list);
    if (kind_of(list) != Kind::list || size > kExternalStringMax) return false;
    const Word* elements = elements_of(base_, list);
    for (std::uint64_t i = 0; i < size; ++i) {
      if (!is_small(elements[i]) || small_value(elements[i]) < 0 || small_value(elements[i]) > 255) return false;
    }
    return true;
  }

  void add_list(Word word) {
    const std::uint64_t size = size_field(word);
    if (!is_string(word)) {
      put(ExternalTag::list);
      put32(size);
      return open(word);
    }
    put(ExternalTag::string);
    put(static_cast<std::uint16_t>(size));
    const Word* elements = elements_of(base_, word);
    for (std::uint64_t i = 0; i < size; ++i) out_ += static_cast<char>(small_value(elements[i]));
  }

  void add_map(Word word) {
    put(ExternalTag::map);
    put32(size_field(word));
    open(word);
  }

  void add_fun(Word word) {
    const Word* elements = elements_of(base_, word);
    if (is_export(word)) {
      put(ExternalTag::fun_export);
      return open(word);
    }
    put(ExternalTag::new_fun);
    const std::size_t begin = out_.size();
    put32(0);  // close() knows the length
    put(static_cast<std::uint8_t>(small_value(elements[kFunVersion])));
    add_bytes(elements[kFunUniq]);
    put32(static_cast<std::uint64_t>(small_value(elements[kFunVersion + 1])));
    put32(size_field(word) - kFunFree);
    for (std::uint64_t i = 0; i < kFunVersion; ++i) add(elements[kFunIdentity + i]);
    add(elements[kFunCreator]);
    open(word, kFunFree, begin);
  }

  // ---------------------------------------------------------------------------------------------------------- leaves

  void add(Word word) {
    switch (tag_of(word)) {
      case Tag::small: return add_small(small_value(word));
      case Tag::atom: return add_atom(text_of(atom_id(word)));
      case Tag::nil: return put(ExternalTag::nil);
      default: break;
    }
    switch (kind_of(word)) {
      case Kind::tuple: return add_tuple(word);
      case Kind::list:
      case Kind::improper_list: return add_list(word);
      case Kind::map: return add_map(word);
      case Kind::fun: return add_fun(word);
      case Kind::binary:
      case Kind::bitstring: return add_bitstring(word);
      case Kind::floating: put(ExternalTag::new_float); return put(*payload_of(base_, word));
      case Kind::positive_integer: return add_large(false, {payload_of(base_, word), size_field(word)});
      case Kind::negative_integer: return add_large(true, {payload_of(base_, word), size_field(word)});
      case Kind::pid:
      case Kind::creator: return add_pid(identifier_of(base_, word));
      case Kind::reference: return add_reference(identifier_of(base_, word));
      case Kind::port: return add_port(identifier_of(base_, word));
    }
  }

  void add_small(std::int64_t value) {
    if (value >= 0 && value < 256) {
      put(ExternalTag::small_integer);
      put(static_cast<std::uint8_t>(value));
    } else if (value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max()) {
      put(ExternalTag::integer);
      put32(static_cast<std::uint64_t>(value));
    } else {
      const Word magnitude = magnitude_of(value);
      add_large(value < 0, {&magnitude, 1});
    }
  }

  void add_large(bool negative, std::span<const Word> limbs) {
    const std::size_t bytes =
        limbs.size() * sizeof(Word) - static_cast<std::size_t>(std::countl_zero(limbs.back())) / 8;
    if (bytes < 256) {
      put(ExternalTag::small_big);
      put(static_cast<std::uint8_t>(bytes));
    } else {
      put(ExternalTag::large_big);
      put32(bytes);
    }
    put(static_cast<std::uint8_t>(negative));
    for (std::size_t i = 0; i < bytes; ++i) out_ += static_cast<char>(limbs[i / 8] >> (i % 8 * 8));
  }

  [[nodiscard]] std::string_view text_of(std::uint32_t id) const {
    return atoms_ != nullptr ? atoms_->text(id) : Atom::from_id(id).text();
  }

  void add_atom(std::string_view text) {
    if (text.size() < 256) {
      put(ExternalTag::small_atom_utf8);
      put(static_cast<std::uint8_t>(text.size()));
    } else {
      put(ExternalTag::atom_utf8);
      put(static_cast<std::uint16_t>(text.size()));
    }
    out_ += text;
  }

  void add_bytes(Word word) {
    const TermView view(base_, word, atoms_);
    if (view.size() != 0) out_.append(reinterpret_cast<const char*>(payload_of(base_, word)), view.size());
  }

  void add_bitstring(Word word) {
    const TermView view(base_, word, atoms_);
    if (view.size() > kLengthMax) refuse_length("a binary");
    put(view.is_binary() ? ExternalTag::binary : ExternalTag::bit_binary);
    put32(view.size());
    if (!view.is_binary()) put(static_cast<std::uint8_t>(view.bit_size() % 8));
    add_bytes(word);
  }

  void add_pid(const Identifier& pid) {
    put(ExternalTag::new_pid);
    add_atom(pid.node);
    put(pid.numbers[0]);
    put(pid.numbers[1]);
    put(pid.creation);
  }

  void add_port(const Identifier& port) {
    const std::uint64_t number = static_cast<std::uint64_t>(port.numbers[1]) << 32 | port.numbers[0];
    put(number <= kExternalNewPortMax ? ExternalTag::new_port : ExternalTag::v4_port);
    add_atom(port.node);
    number <= kExternalNewPortMax ? put32(number) : put(number);
    put(port.creation);
  }

  void add_reference(const Identifier& reference) {
    put(ExternalTag::newer_reference);
    put(static_cast<std::uint16_t>(reference.count));
    add_atom(reference.node);
    put(reference.creation);
    for (std::size_t i = 0; i < reference.count; ++i) put(reference.numbers[i]);
  }

  const Word* base_;
  const AtomSpace* atoms_;
  std::string out_;
  std::vector<Open> open_;
};

}  // namespace

}  // namespace term

std::string to_external(TermView term, const ToExternal& options) {
  if (options.compression < 0 || options.compression > 9) {
    throw Error(ErrorCode::badarg, "write an external term",
                "the compression is 0 to 9, not " + std::to_string(options.compression));
  }
  std::string plain = term::Encoder(term).run(term.word());
  return options.compression == 0 ? plain : term::compressed(std::move(plain), options.compression);
}

}  // namespace heirloom
