// SPDX-License-Identifier: Apache-2.0
//
// Terms: Erlang's values. A Term owns its words; a TermView reads words that lie elsewhere - in a Term, or in a table -
// without copying or allocating. Both have the same reading functions (TermReading).
//
//   Term user{"alice"_atom, 41, "Berlin"};         // {alice, 41, <<"Berlin">>}
//   int64_t age = user.element(2).as_int64();      // throws Error{type} if it is no integer
//   Term tags = list({"a"_atom, "b"_atom});        // [a, b]
//   Term prices = map({{"tea", 3}, {"cake", 4.5}});
//   Term parsed = parse("#{name => <<\"x\">>, size => 16#ff}");
//   std::cout << user << '\n';
//
// Braces make a tuple, with one pitfall: of `Term x{other}`, around a single Term, some compilers make the tuple {other},
// others a copy. Say which: `tuple({other})`, or `Term x = other`. `Term{}` is nil, and the empty tuple is `tuple({})`.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "heirloom/atom.hpp"
#include "heirloom/error.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/view_life.hpp"

namespace heirloom {

// In Erlang's order of terms; integers and floats are ordered among each other by value.
enum class TermKind : std::uint8_t {
  integer,
  floating,
  atom,
  reference,
  fun,
  port,
  pid,
  tuple,
  map,
  nil,   // []
  list,  // with elements, proper or not
  bitstring,
};

std::string_view to_string(TermKind kind) noexcept;

class Term;
class TermView;
class ElementRange;

// What both TermView and Term can tell. A function that the term's kind does not fit throws Error{type}, a position outside
// Error{position}. Views, ranges and bytes that these functions return live as long as the words they were read from: for a
// Term until it is changed, moved or destroyed. clang warns of views of temporaries, and builds with HEIRLOOM_CHECK_VIEWS
// (view_life.hpp) end a program that reads a view later than that; bytes are only checked by AddressSanitizer.
template <typename Self>
class TermReading {
 public:
  [[nodiscard]] TermKind kind() const noexcept;
  [[nodiscard]] bool is_integer() const noexcept { return kind() == TermKind::integer; }
  [[nodiscard]] bool is_float() const noexcept { return kind() == TermKind::floating; }
  [[nodiscard]] bool is_number() const noexcept { return kind() <= TermKind::floating; }
  [[nodiscard]] bool is_atom() const noexcept { return kind() == TermKind::atom; }
  [[nodiscard]] bool is_pid() const noexcept { return kind() == TermKind::pid; }
  [[nodiscard]] bool is_tuple() const noexcept { return kind() == TermKind::tuple; }
  [[nodiscard]] bool is_map() const noexcept { return kind() == TermKind::map; }
  [[nodiscard]] bool is_nil() const noexcept { return kind() == TermKind::nil; }
  [[nodiscard]] bool is_list() const noexcept { return kind() == TermKind::list || is_nil(); }  // improper ones too
  [[nodiscard]] bool is_proper_list() const noexcept;
  [[nodiscard]] bool is_bitstring() const noexcept { return kind() == TermKind::bitstring; }
  [[nodiscard]] bool is_binary() const noexcept;  // a bitstring of whole bytes

  // The value of an integer; Error{system_limit} where it does not fit. to_string() tells those of any size.
  [[nodiscard]] std::int64_t as_int64() const {
    const std::uint64_t word = own_word();
    if ((word & kTagMask) == kSmallTag) [[likely]]
      return static_cast<std::int64_t>(word) >> kTagBits;
    return as_large_int64();
  }
  // Whether it is an integer whose value as_int64() tells.
  [[nodiscard]] bool is_int64() const noexcept { return (own_word() & kTagMask) == kSmallTag || is_large_int64(); }
  [[nodiscard]] std::uint64_t as_uint64() const;
  [[nodiscard]] double as_double() const;  // of a float, not of an integer
  [[nodiscard]] bool as_bool() const;      // of the atoms true and false
  [[nodiscard]] Atom as_atom() const;
  [[nodiscard]] Pid as_pid() const;                  // of this node's own, not of a foreign one
  [[nodiscard]] std::string_view as_binary() const;  // the bytes

  // Pids, references and ports of another node - an Erlang VM's, that came in the external term format - are foreign: they
  // can be kept, compared and sent on. The name of the node, as erlang:node/1; of Heirloom's own it is heirloom@localhost.
  [[nodiscard]] bool is_foreign() const noexcept;
  [[nodiscard]] std::string_view node_name() const;

  // Elements of a tuple or a list (an improper one's tail not counted), pairs of a map, bytes of a bitstring (rounded up).
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bit_size() const;

  // The element of a tuple at a position from 1, as erlang:element/2.
  [[nodiscard]] TermView element(std::size_t position) const;
  // The element of a tuple or list at an index from 0.
  [[nodiscard]] TermView operator[](std::size_t index) const;
  // All elements of a tuple or a list. The tail of an improper list is not among them.
  [[nodiscard]] ElementRange elements() const;
  // What a list ends in: nil, but for improper ones.
  [[nodiscard]] TermView tail() const;

  // Of a map: keys in the order of keys, values in the order of their keys.
  [[nodiscard]] ElementRange keys() const;
  [[nodiscard]] ElementRange values() const;
  // The value of a key (by `=:=`), if there is one.
  [[nodiscard]] std::optional<TermView> find(TermView key) const;
  [[nodiscard]] std::optional<TermView> find(const Term& key) const;

 private:
  // What most integers are (docs/memory-layout.md). Here, so that reading one needs no view in memory.
  static constexpr unsigned kTagBits = 4;
  static constexpr std::uint64_t kTagMask = 0xF;
  static constexpr std::uint64_t kSmallTag = 1;
  [[nodiscard]] std::uint64_t own_word() const noexcept {
    const Self& own = static_cast<const Self&>(*this);
    if constexpr (requires { own.word(); }) {
      return own.word();
    } else {
      return own.block()[0];
    }
  }
  [[nodiscard]] std::int64_t as_large_int64() const;
  [[nodiscard]] bool is_large_int64() const noexcept;
  [[nodiscard]] TermView self() const noexcept;
};

// A view of a term that lies in a block of words (docs/memory-layout.md). Copying it copies three words; it owns nothing.
class TermView : public TermReading<TermView> {
 public:
  constexpr TermView() noexcept = default;  // nil

  // For Heirloom's own layers: a word of the block `base`, whose atoms are ids of `atoms` (null: this program's own).
  TermView(const std::uint64_t* base, std::uint64_t word, const AtomSpace* atoms) noexcept
      : base_(base), word_(word), atoms_(atoms) {}
  // The root of a block.
  static TermView of_block(const std::uint64_t* block, const AtomSpace* atoms = nullptr) noexcept;

  [[nodiscard]] const std::uint64_t* base() const noexcept {
    life_.check();
    return base_;
  }
  [[nodiscard]] constexpr std::uint64_t word() const noexcept { return word_; }
  [[nodiscard]] const AtomSpace* atoms() const noexcept { return atoms_; }
  // The view of another word of the same block.
  [[nodiscard]] TermView part(std::uint64_t word) const noexcept { return {base_, word, atoms_, life_}; }

 private:
  friend class Term;
  friend class ElementRange;
  static constexpr std::uint64_t kNilWord = 3;

  TermView(const std::uint64_t* base, std::uint64_t word, const AtomSpace* atoms, ViewLife life) noexcept
      : base_(base), word_(word), atoms_(atoms), life_(life) {}

  const std::uint64_t* base_ = nullptr;
  std::uint64_t word_ = kNilWord;
  const AtomSpace* atoms_ = nullptr;
  [[no_unique_address]] ViewLife life_;
};

// Elements that lie side by side.
class ElementRange {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = TermView;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = TermView;

    Iterator() noexcept = default;
    TermView operator*() const noexcept {
      life_.check();
      return {base_, *word_, atoms_, life_};
    }
    Iterator& operator++() noexcept { return ++word_, *this; }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++word_;
      return before;
    }
    friend bool operator==(const Iterator& left, const Iterator& right) noexcept { return left.word_ == right.word_; }

   private:
    friend class ElementRange;
    Iterator(const std::uint64_t* base, const std::uint64_t* word, const AtomSpace* atoms, ViewLife life) noexcept
        : base_(base), word_(word), atoms_(atoms), life_(life) {}
    const std::uint64_t* base_ = nullptr;
    const std::uint64_t* word_ = nullptr;
    const AtomSpace* atoms_ = nullptr;
    [[no_unique_address]] ViewLife life_;
  };

  // Words of the block that `of` reads.
  ElementRange(TermView of, std::span<const std::uint64_t> words) noexcept
      : base_(of.base_), words_(words), atoms_(of.atoms_), life_(of.life_) {}

  [[nodiscard]] Iterator begin() const noexcept { return {base_, words_.data(), atoms_, life_}; }
  [[nodiscard]] Iterator end() const noexcept { return {base_, words_.data() + words_.size(), atoms_, life_}; }
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }
  [[nodiscard]] bool empty() const noexcept { return words_.empty(); }
  // Requires index < size().
  [[nodiscard]] TermView operator[](std::size_t index) const noexcept {
    life_.check();
    return {base_, words_[index], atoms_, life_};
  }

 private:
  const std::uint64_t* base_;
  std::span<const std::uint64_t> words_;
  const AtomSpace* atoms_;
  [[no_unique_address]] ViewLife life_;
};

static_assert(HEIRLOOM_CHECK_VIEWS || (sizeof(TermView) == 24 && sizeof(ElementRange) == 32));

// A term of one's own. Blocks of up to kInlineWords words - {int, int, 32 bytes} takes 8 - lie inside the Term, others on
// the heap; a Term is 88 bytes. Its atoms are always ids of this program.
class Term : public TermReading<Term> {
  friend Term tuple(std::span<const Term> elements);

 public:
  static constexpr std::size_t kInlineWords = 10;
  static constexpr std::size_t kWordsMax = (std::size_t{1} << 28) - 1;  // of a block

  Term() noexcept { storage_.words[0] = TermView::kNilWord; }  // nil

  template <std::same_as<bool> Bool>  // not from what converts to bool: pointers
  Term(Bool value);                   // the atom true or false
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) Term(Integer value);
  Term(double value);  // throws Error{badarg} for NaN and infinity, which are no terms
  Term(Atom value) noexcept;
  Term(Pid value) noexcept;
  Term(std::string_view bytes);  // a binary
  Term(const std::string& bytes) : Term(std::string_view(bytes)) {}
  Term(const char* bytes) : Term(std::string_view(bytes)) {}
  Term(std::nullptr_t) = delete;
  Term(TermView view);                         // a copy; atoms of another space become this program's
  Term(std::initializer_list<Term> elements);  // a tuple

  Term(const Term& other) { copy_from(other); }
  Term(Term&& other) noexcept { take_from(other); }
  Term& operator=(const Term& other);
  Term& operator=(Term&& other) noexcept;
  ~Term() { release(); }

  // Not of a temporary, which would be gone before the loop begins in `for (TermView x : make().elements())`.
  [[nodiscard]] ElementRange elements() const& HEIRLOOM_LIFETIMEBOUND { return TermReading::elements(); }
  [[nodiscard]] ElementRange keys() const& HEIRLOOM_LIFETIMEBOUND { return TermReading::keys(); }
  [[nodiscard]] ElementRange values() const& HEIRLOOM_LIFETIMEBOUND { return TermReading::values(); }
  ElementRange elements() const&& = delete;
  ElementRange keys() const&& = delete;
  ElementRange values() const&& = delete;

  [[nodiscard]] std::string_view as_binary() const& HEIRLOOM_LIFETIMEBOUND { return TermReading::as_binary(); }
  [[nodiscard]] std::string_view node_name() const& HEIRLOOM_LIFETIMEBOUND { return TermReading::node_name(); }
  std::string_view as_binary() const&& = delete;
  std::string_view node_name() const&& = delete;
  // These may read a temporary within one expression. To keep what they return, keep the Term.
  [[nodiscard]] TermView element(std::size_t position) const HEIRLOOM_LIFETIMEBOUND {
    return TermReading::element(position);
  }
  [[nodiscard]] TermView operator[](std::size_t index) const HEIRLOOM_LIFETIMEBOUND {
    return TermReading::operator[](index);
  }
  [[nodiscard]] TermView tail() const HEIRLOOM_LIFETIMEBOUND { return TermReading::tail(); }
  operator TermView() const noexcept HEIRLOOM_LIFETIMEBOUND { return {data(), data()[0], nullptr, views_.mark()}; }
  [[nodiscard]] TermView view() const noexcept HEIRLOOM_LIFETIMEBOUND { return *this; }

  // For Heirloom's own layers. A block of this program's atoms, trusted to be well-formed; its root is normalised.
  static Term from_block(std::span<const std::uint64_t> block);
  // A Term whose words the caller fills through writable_block() before any other use (the root with its implied offset).
  // Throws Error{system_limit} beyond what a block can hold.
  static Term uninitialized(std::size_t words);
  // The same for a Term that is there already: what it held is lost.
  std::span<std::uint64_t> overwrite(std::size_t words);
  [[nodiscard]] std::span<std::uint64_t> writable_block() noexcept {
    views_.take_back();
    return {data(), words_};
  }
  [[nodiscard]] std::span<const std::uint64_t> block() const noexcept { return {data(), words_}; }

 private:
  static constexpr std::uint64_t kSmallTag = 1;

  union Storage {
    std::uint64_t words[kInlineWords];
    std::uint64_t* heap;
  };

  // These require an inline block.
  void set(std::int64_t value) noexcept {
    // What fits 60 bits is one word.
    if (value >= -(std::int64_t{1} << 59) && value < (std::int64_t{1} << 59)) [[likely]] {
      storage_.words[0] = static_cast<std::uint64_t>(value) << 4 | kSmallTag;
    } else {
      set_large(value);
    }
  }
  void set(std::uint64_t value) noexcept {
    if (value >> 63 == 0) return set(static_cast<std::int64_t>(value));
    set_large(value);
  }
  void set_large(std::int64_t value) noexcept;
  void set_large(std::uint64_t value) noexcept;

  [[nodiscard]] bool is_inline() const noexcept { return words_ <= kInlineWords; }
  [[nodiscard]] const std::uint64_t* data() const noexcept { return is_inline() ? storage_.words : storage_.heap; }
  [[nodiscard]] std::uint64_t* data() noexcept { return is_inline() ? storage_.words : storage_.heap; }
  void allocate(std::size_t words);
  void allocate_heap(std::size_t words);
  void become_tuple(std::span<const Term> elements);
  [[noreturn]] static void refuse_words(std::size_t words);
  void free_heap() noexcept;
  void copy_from(const Term& other);
  void release() noexcept;
  void take_from(Term& other) noexcept;
  static void copy_words(std::uint64_t* to, const std::uint64_t* from, std::size_t words) noexcept;

  std::uint32_t words_ = 1;
  [[no_unique_address]] ViewOwner views_;
  Storage storage_;
};

static_assert(sizeof(Term) == 8 + 8 * Term::kInlineWords);

extern template class TermReading<TermView>;
extern template class TermReading<Term>;

// ---------------------------------------------------------------------------------------------------------- making terms

Term tuple(std::span<const Term> elements);
Term tuple(std::initializer_list<Term> elements);
Term list(std::span<const Term> elements);
Term list(std::initializer_list<Term> elements);
// [Elements... | Tail]. A tail that is a list makes one longer list; without elements the result is the tail.
Term improper_list(std::span<const Term> elements, const Term& tail);
// Of two equal keys the last one counts, as in Erlang.
Term map(std::span<const std::pair<Term, Term>> pairs);
Term map(std::initializer_list<std::pair<Term, Term>> pairs);
// The first `bits` bits of `bytes`; Error{badarg} if there are not as many.
Term bitstring(std::string_view bytes, std::size_t bits);

// ------------------------------------------------------------------------------------------------------------------ text

// How far the input of a stranger is trusted, in text and in the external term format (external.hpp). What goes beyond throws
// Error{system_limit}.
struct InputLimits {
  // Of the term in memory, and of what compressed bytes become. While they are read they take a few times as much.
  std::size_t memory_bytes_max = std::size_t{256} << 20;
  // Of atoms that this program did not have: they stay for good. 0 refuses all, as binary_to_term's `safe`. Atoms are made
  // only when everything else has proved right.
  std::size_t new_atoms_max = 65536;
};

// One term in Erlang's syntax, as io:format("~tp") prints it and erl_scan reads it, with or without the closing full stop.
// Nothing is evaluated. Throws Error{syntax} that says where and what, as "line 1, column 7: ...", and Error{system_limit}
// beyond the limits. Pids, references and ports of this node are written <0.PROGRAM.INDEX>, #Ref<0.1.2.3> and #Port<0.1>, those
// of another <'b@host'/CREATION.1.2>; of funs only exports are read, fun module:name/1 (docs/values.md).
Term parse(std::string_view text, const InputLimits& limits = {});
// As Erlang's ~tp without line breaks. parse() reads it back, but for funs that are no exports.
std::string to_string(TermView term);
std::ostream& operator<<(std::ostream& out, TermView term);

// ------------------------------------------------------------------------------------------------------- comparing terms

// Erlang's `=:=` of OTP 27 and later: 1 and 1.0 differ, and so do 0.0 and -0.0. Views of different spaces compare right.
bool operator==(TermView left, TermView right);
inline bool operator==(TermView left, const Term& right) { return left == right.view(); }
inline bool operator==(const Term& left, const Term& right) { return left.view() == right.view(); }

// Erlang's order of terms, in which 1 and 1.0 are equivalent (`==`). Pids, references and ports of Heirloom come before those
// of other nodes, which are ordered as Erlang does (docs/values.md). Why no operator<: with it, neither `a < b` nor `a > b`
// would not mean `a == b`.
std::weak_ordering compare(TermView left, TermView right);

// ---------------------------------------------------------------------------------------------------------------- inline

template <std::same_as<bool> Bool>
Term::Term(Bool value) : Term(Atom(value ? "true" : "false")) {}

template <std::integral Integer>
requires(!std::same_as<Integer, bool>) Term::Term(Integer value) {
  static_assert(sizeof(Integer) <= sizeof(std::uint64_t));
  if constexpr (std::is_signed_v<Integer>) {
    set(static_cast<std::int64_t>(value));
  } else {
    set(static_cast<std::uint64_t>(value));
  }
}

// Word by word: a wider load of what was just stored word by word would have to wait for those stores.
inline void Term::copy_words(std::uint64_t* to, const std::uint64_t* from, std::size_t words) noexcept {
  for (std::size_t i = 0; i < words; ++i)
    __atomic_store_n(to + i, __atomic_load_n(from + i, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

inline void Term::take_from(Term& other) noexcept {
  other.views_.take_back();
  words_ = std::exchange(other.words_, 1U);
  if (is_inline()) [[likely]] {
    copy_words(storage_.words, other.storage_.words, words_);
  } else {
    storage_.heap = other.storage_.heap;
  }
  other.storage_.words[0] = TermView::kNilWord;
}

inline void Term::copy_from(const Term& other) {
  allocate(other.words_);
  copy_words(data(), other.data(), words_);
}

inline void Term::allocate(std::size_t words) {
  if (words > kInlineWords) [[unlikely]]
    allocate_heap(words);
  words_ = static_cast<std::uint32_t>(words);
}

inline void Term::release() noexcept {
  views_.take_back();
  if (!is_inline()) [[unlikely]]
    free_heap();
}

inline Term Term::uninitialized(std::size_t words) {
  if (words > kWordsMax) [[unlikely]]
    refuse_words(words);
  Term result;
  result.allocate(words);
  return result;
}

inline std::span<std::uint64_t> Term::overwrite(std::size_t words) {
  if (words > kWordsMax) [[unlikely]]
    refuse_words(words);
  release();
  words_ = 1;  // in case there is no memory for more
  allocate(words);
  return writable_block();
}

inline Term& Term::operator=(Term&& other) noexcept {
  if (this != &other) {
    release();
    take_from(other);
  }
  return *this;
}

inline Term& Term::operator=(const Term& other) {
  if (this != &other) *this = Term(other);
  return *this;
}

}  // namespace heirloom

// By value, equal for equal terms; for containers in memory, not for storing.
template <>
struct std::hash<heirloom::Term> {
  std::size_t operator()(const heirloom::Term& term) const;
};
