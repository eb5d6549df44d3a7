// SPDX-License-Identifier: Apache-2.0
//
// Erlang's external term format as terms: a loop over tags with a stack of the containers that are open, so that nesting
// costs no C++ stack. What the bytes claim is believed as far as there are bytes: an element takes at least one.
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "heirloom/external.hpp"

#include "term/block.hpp"
#include "term/compression.hpp"
#include "term/draft.hpp"
#include "term/external_atoms.hpp"
#include "term/external_bytes.hpp"
#include "term/external_leaves.hpp"
#include "term/external_prefix.hpp"
#include "term/external_tags.hpp"
#include "term/fun.hpp"
#include "term/word.hpp"

namespace heirloom {

namespace term {

namespace {

// What may follow the term.
enum class Rest { nothing, anything };

class Decoder {
 public:
  Decoder(ExternalBytes bytes, const InputLimits& limits)
      : bytes_(bytes),
        atoms_(limits.new_atoms_max),
        leaves_(bytes_, atoms_),
        draft_(&atoms_.pending()),
        words_max_(limits.memory_bytes_max / sizeof(Word)),
        memory_bytes_max_(limits.memory_bytes_max) {}

  ExternalPrefix run(Rest rest) {
    do {
      read_value();
      require_memory();
    } while (!complete_);
    if (bytes_.left() != 0 && rest == Rest::nothing) {
      bytes_.refuse(bytes_.at(), "the term is complete, and " + std::to_string(bytes_.left()) +
                                     (bytes_.left() == 1 ? " byte follows" : " bytes follow"));
    }
    Term term = draft_.finish();
    if (atoms_.pending().new_count() != 0) {
      translate_atoms(term.writable_block().data(), [&](std::uint32_t id) { return atoms_.pending().settle(id); });
    }
    return {std::move(term), atoms_.pending().new_count()};
  }

 private:
  // A container that values are still to come for.
  struct Open {
    Kind kind;
    std::uint64_t size;   // elements, or pairs
    std::uint64_t left;   // values to come; of a list with none left, its tail is to come
    std::size_t begin;    // where it began, for messages
    std::size_t end = 0;  // of a fun: where it says that it ends
  };

  // ---------------------------------------------------------------------------------------------------- what is complete

  [[nodiscard]] bool in_tail() const noexcept {
    return !open_.empty() && open_.back().kind == Kind::list && open_.back().left == 0;
  }

  // A value of the innermost container, which may have been its last one, and so on outwards.
  void count_value() {
    while (!open_.empty()) {
      Open& top = open_.back();
      if (in_tail()) {
        close(Kind::improper_list);
      } else {
        if (--top.left != 0 || top.kind == Kind::list) return;
        close(top.kind);
      }
    }
    complete_ = true;
  }

  void close(Kind kind) {
    const Open top = open_.back();
    open_.pop_back();
    if (kind == Kind::fun && top.end != 0 && top.end != bytes_.at()) {
      bytes_.refuse(top.begin, "the fun claims to end at byte " + std::to_string(top.end) + " and ends at byte " +
                                   std::to_string(bytes_.at()));
    }
    if (draft_.close(kind, top.size) != top.size) bytes_.refuse(top.begin, "two keys of the map are equal");
  }

  void end_proper_list() {
    close(Kind::list);
    count_value();
  }

  void complete(TermView leaf) {
    draft_.add(leaf);
    count_value();
  }
  void complete_word(Word word) { complete(TermView(nullptr, word, nullptr)); }

  void require_memory() const {
    if (draft_.words() + open_.size() * (sizeof(Open) / sizeof(Word)) > words_max_) {
      bytes_.refuse(bytes_.at(), "the term takes more than " + std::to_string(memory_bytes_max_) + " bytes",
                    ErrorCode::system_limit);
    }
  }

  // ---------------------------------------------------------------------------------------------------------- values

  void read_value() {
    begin_ = bytes_.at();
    const auto tag = static_cast<ExternalTag>(bytes_.number<std::uint8_t>("a term"));
    switch (tag) {
      case ExternalTag::small_tuple: return open_tuple(bytes_.number<std::uint8_t>("the arity of a tuple"));
      case ExternalTag::large_tuple: return open_tuple(bytes_.number<std::uint32_t>("the arity of a tuple"));
      case ExternalTag::nil: return in_tail() ? end_proper_list() : complete_word(kNil);
      case ExternalTag::string: return read_string();
      case ExternalTag::list: return open_list();
      case ExternalTag::map: return open_map();
      case ExternalTag::new_fun: return open_fun();
      case ExternalTag::fun_export: return read_export();
      default: break;
    }
    if (ExternalAtoms::is_atom(tag)) return complete_word(make_atom(atoms_.read(bytes_, tag)));
    if (leaves_.is_number(tag)) return complete(leaves_.read_number(tag, begin_));
    if (leaves_.is_bitstring(tag)) return complete(leaves_.read_bitstring(tag, begin_));
    if (const auto kind = leaves_.kind_of_identifier(tag)) {
      return complete(leaves_.read_identifier(*kind, tag, begin_));
    }
    refuse_tag(tag);
  }

  void open(Kind kind, std::uint64_t size, std::uint64_t values, std::size_t end = 0) {
    open_.push_back({kind, size, values, begin_, end});
  }

  void require_bytes(std::uint64_t count, std::uint64_t values, const char* what) const {
    if (values > bytes_.left()) {
      bytes_.refuse(begin_, std::string(what) + " claims " + std::to_string(count) + " elements, and " +
                                std::to_string(bytes_.left()) + " bytes are left");
    }
  }

  void open_tuple(std::uint64_t arity) {
    require_bytes(arity, arity, "the tuple");
    open(Kind::tuple, arity, arity);
    if (arity == 0) end_empty();
  }

  void open_map() {
    const std::uint64_t pairs = bytes_.number<std::uint32_t>("the size of a map");
    require_bytes(pairs, 2 * pairs, "the map");
    open(Kind::map, pairs, 2 * pairs);
    if (pairs == 0) end_empty();
  }

  void end_empty() {
    close(open_.back().kind);
    count_value();
  }

  // A list in the place of a tail is no value of its own but more elements; an empty one is what its tail is.
  void open_list() {
    const std::uint64_t length = bytes_.number<std::uint32_t>("the length of a list");
    require_bytes(length, length + 1, "the list");
    if (in_tail()) {
      open_.back().size += length;
      open_.back().left = length;
    } else if (length != 0) {
      open(Kind::list, length, length);
    }
  }

  void read_string() {
    const std::uint64_t length = bytes_.number<std::uint16_t>("the length of a string");
    const std::string_view characters = bytes_.take(length, "a string");
    if (length == 0 && !in_tail()) return complete_word(kNil);
    if (!in_tail()) open(Kind::list, 0, 0);
    for (const char byte : characters) {
      draft_.add(TermView(nullptr, make_small(static_cast<unsigned char>(byte)), nullptr));
    }
    open_.back().size += length;
    end_proper_list();
  }

  // ------------------------------------------------------------------------------------------------------------ funs

  void read_export() {
    open(Kind::fun, kExportElements, kExportElements);
    complete_word(leaves_.read_atom("the module of a fun"));
    complete_word(leaves_.read_atom("the name of a function"));
    complete_word(leaves_.read_small("the arity of a fun", 0, kArityMax));
  }

  // What comes first in the bytes is in other places in the block (fun.hpp).
  void open_fun() {
    const std::size_t from = bytes_.at();
    const std::uint64_t claimed = bytes_.number<std::uint32_t>("the length of a fun");
    if (claimed > bytes_.left() + sizeof(std::uint32_t)) {
      bytes_.refuse(begin_, "the fun claims " + std::to_string(claimed) + " bytes, and " +
                                std::to_string(bytes_.left() + sizeof(std::uint32_t)) + " are left");
    }
    const Word arity = make_small(bytes_.number<std::uint8_t>("the arity of a fun"));
    const Term uniq(bytes_.take(kFunUniqBytes, "the uniq of a fun"));
    const Word index = make_small(bytes_.number<std::uint32_t>("the index of a fun"));
    const std::uint64_t free = bytes_.number<std::uint32_t>("the number of free variables");
    if (free > kFunFreeMax) {
      bytes_.refuse(begin_, "the fun claims " + std::to_string(free) + " free variables, and 255 is the most");
    }
    open(Kind::fun, kFunFree + free, kFunFree + free, from + claimed);
    complete_word(leaves_.read_atom("the module of a fun"));
    complete_word(leaves_.read_small("the old index of a fun", std::numeric_limits<std::int32_t>::min(),
                                     std::numeric_limits<std::int32_t>::max()));
    complete_word(leaves_.read_small("the old uniq of a fun", std::numeric_limits<std::int32_t>::min(),
                                     std::numeric_limits<std::int32_t>::max()));
    complete_word(arity);
    complete_word(index);
    complete(uniq);
    complete(leaves_.read_creator());
  }

  [[noreturn]] void refuse_tag(ExternalTag tag) const {
    switch (tag) {
      case ExternalTag::fun: bytes_.refuse(begin_, "the fun is in a form that Erlang gave up long ago");
      case ExternalTag::local: bytes_.refuse(begin_, "the term is meant for the node alone that wrote it");
      case ExternalTag::compressed: bytes_.refuse(begin_, "only a whole term is compressed");
      case ExternalTag::distribution_header:
      case ExternalTag::distribution_fragment:
      case ExternalTag::atom_cache_reference:
        bytes_.refuse(begin_, "this is a part of a message between nodes, and no term");
      default: bytes_.refuse(begin_, "no term begins with " + std::to_string(static_cast<unsigned>(tag)));
    }
  }

  ExternalBytes bytes_;
  ExternalAtoms atoms_;
  ExternalLeaves leaves_;
  Draft draft_;
  std::vector<Open> open_;
  std::size_t words_max_;
  std::size_t memory_bytes_max_;
  std::size_t begin_ = 0;  // of the value that is being read
  bool complete_ = false;
};

ExternalPrefix decode_compressed(ExternalBytes bytes, const InputLimits& limits, Rest rest) {
  const std::uint64_t length = bytes.number<std::uint32_t>("the length of the inflated bytes");
  if (length > limits.memory_bytes_max) {
    bytes.refuse(1,
                 "it inflates to " + std::to_string(length) + " bytes, and " + std::to_string(limits.memory_bytes_max) +
                     " is the most",
                 ErrorCode::system_limit);
  }
  const std::size_t begin = bytes.at();
  const std::string plain =
      inflated(bytes.take(bytes.left(), "the compressed bytes"), length, begin, rest == Rest::anything);
  return Decoder(ExternalBytes(plain, 0, " of the inflated bytes"), limits).run(rest);
}

ExternalPrefix decode(ExternalBytes bytes, const InputLimits& limits, Rest rest) {
  const unsigned version = bytes.number<std::uint8_t>("the version");
  if (version != kExternalVersion) {
    bytes.refuse(0, "an external term begins with 131, not with " + std::to_string(version));
  }
  ExternalBytes ahead = bytes;
  if (ahead.number<std::uint8_t>("a term") == static_cast<std::uint8_t>(ExternalTag::compressed)) {
    return decode_compressed(ahead, limits, rest);
  }
  return Decoder(bytes, limits).run(rest);
}

}  // namespace

ExternalPrefix read_external_prefix(std::string_view bytes, const InputLimits& limits) {
  return decode(ExternalBytes(bytes, 0), limits, Rest::anything);
}

}  // namespace term

Term from_external(std::string_view bytes, const InputLimits& limits) {
  return term::decode(term::ExternalBytes(bytes, 0), limits, term::Rest::nothing).term;
}

}  // namespace heirloom
