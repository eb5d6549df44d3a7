// SPDX-License-Identifier: Apache-2.0
#include "terms.hpp"

#include <array>
#include <atomic>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heirloom/error.hpp"
#include "heirloom/external.hpp"

#include "external.hpp"

namespace heirloom_nif {

namespace {

using heirloom::Atom;
using heirloom::Term;
using heirloom::TermKind;
using heirloom::TermView;

// Beyond it the external format, whose coders need no stack.
constexpr int kDepthMax = 100;

const Creator nobody{"nonode@nohost", 0};
// As what this VM's own pids, references and ports are stored, whatever it calls itself later on; and as what those of a VM that was
// nobody are, while this one is somebody: or a VM that is nobody would take them for its own.
Creator stored_as;
Creator stranger = nobody;
std::uint32_t own_incarnation = 1;

// What is found by a number, by any thread, and never forgotten. 0: not known.
template <typename Value, std::size_t kNumbersMax>
class Numbered {
 public:
  [[nodiscard]] Value find(std::size_t number) const noexcept {
    if (number >= kNumbersMax) return 0;
    const Chunk* chunk = chunks_[number / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? 0 : (*chunk)[number % kChunk].load(std::memory_order_relaxed);
  }
  void remember(std::size_t number, Value value) {
    if (number >= kNumbersMax) return;
    auto& place = chunks_[number / kChunk];
    Chunk* chunk = place.load(std::memory_order_acquire);
    if (chunk == nullptr) {
      auto fresh = std::make_unique<Chunk>();
      if (place.compare_exchange_strong(chunk, fresh.get(), std::memory_order_acq_rel)) chunk = fresh.release();
    }
    (*chunk)[number % kChunk].store(value, std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kChunk = 4096;
  using Chunk = std::array<std::atomic<Value>, kChunk>;
  std::array<std::atomic<Chunk*>, (kNumbersMax + kChunk - 1) / kChunk> chunks_{};
};

// An atom of the VM is a word with its number above these bits, as long as there have been NIFs. If that is not so any more, atoms are
// only slower.
constexpr ERL_NIF_TERM kAtomBits = 0x0B;
constexpr unsigned kAtomShift = 6;
constexpr std::size_t number_of(ERL_NIF_TERM atom) noexcept {
  return (atom & 0x3F) == kAtomBits ? atom >> kAtomShift : ~std::size_t{0};
}
Numbered<std::uint64_t, std::size_t{1} << 23> known_here;          // by the VM's number: 1 + the id of the Atom
Numbered<ERL_NIF_TERM, std::size_t{Atom::kAtomsMax}> known_there;  // by the id of the Atom: the VM's term

// A small integer of the VM is a word with its value above these bits. Whether that is so is asked once; if not, integers are only slower.
constexpr ERL_NIF_TERM kSmallBits = 0xF;
constexpr unsigned kSmallShift = 4;
bool smalls_are_known = false;
bool is_known_small(ERL_NIF_TERM term) noexcept { return (term & kSmallBits) == kSmallBits && smalls_are_known; }
std::int64_t small_value(ERL_NIF_TERM term) noexcept { return static_cast<std::int64_t>(term) >> kSmallShift; }
bool knows_smalls(ErlNifEnv* env) {
  constexpr std::int64_t kMax = (std::int64_t{1} << 59) - 1;
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, kMax, -kMax - 1}) {
    if (enif_make_int64(env, value) != (static_cast<ERL_NIF_TERM>(value) << kSmallShift | kSmallBits)) return false;
  }
  return true;
}

std::string external_of(ErlNifEnv* env, ERL_NIF_TERM term) {
  ErlNifBinary binary;
  if (enif_term_to_binary(env, term, &binary) == 0)
    throw heirloom::Error(heirloom::ErrorCode::system_limit, "read a term", "there is no memory for it");
  std::string bytes(reinterpret_cast<const char*>(binary.data), binary.size);
  enif_release_binary(&binary);
  return bytes;
}

// What the VM calls itself. It changes when it joins a distribution or leaves it, and is seen in what it makes of any of its references.
ERL_NIF_TERM own_reference = 0;
class Now {
 public:
  explicit Now(ErlNifEnv* env) noexcept : env_(env) {}
  [[nodiscard]] const Creator& called() {
    if (!called_) called_ = creator_of(external_of(env_, own_reference));
    return *called_;
  }

 private:
  ErlNifEnv* env_;
  std::optional<Creator> called_;
};

void rename_for_storing(ErlNifEnv* env, std::string& bytes) {
  Now now(env);
  rename_creators(bytes, [&](std::string_view node, std::uint32_t creation) -> const Creator* {
    if (now.called().is(node, creation)) return &stored_as;
    return nobody.is(node, creation) ? &stranger : nullptr;
  });
}

void rename_for_the_vm(ErlNifEnv* env, std::string& bytes) {
  Now now(env);
  rename_creators(bytes, [&](std::string_view node, std::uint32_t creation) -> const Creator* {
    if (stored_as.is(node, creation)) return &now.called();
    const bool is_stranger = stranger.is(node, creation) && !nobody.is(now.called().node, now.called().creation);
    return is_stranger ? &nobody : nullptr;
  });
}

Term by_external(ErlNifEnv* env, ERL_NIF_TERM term) {
  // It came from this VM, which has it already, and its atoms.
  const heirloom::InputLimits limits{.memory_bytes_max = ~std::size_t{0} >> 1, .new_atoms_max = Atom::kAtomsMax};
  std::string bytes = external_of(env, term);
  rename_for_storing(env, bytes);
  return heirloom::from_external(bytes, limits);
}

ERL_NIF_TERM by_external(ErlNifEnv* env, TermView term) {
  std::string bytes = heirloom::to_external(term);
  rename_for_the_vm(env, bytes);
  const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
  ERL_NIF_TERM made = 0;
  if (enif_binary_to_term(env, data, bytes.size(), &made, 0) == 0)
    throw heirloom::Error(heirloom::ErrorCode::syntax, "make a term", "the VM does not take it: " + to_string(term));
  return made;
}

// Some values side by side: the first ones without a call of malloc.
template <typename Value, std::size_t kFew>
class Several {
 public:
  explicit Several(std::size_t expected) {
    if (expected > kFew) many_.reserve(expected);
  }
  Several(const Several&) = delete;
  Several& operator=(const Several&) = delete;
  ~Several() { std::destroy_n(few(), few_count_); }
  // What make() returns, which is made in its place.
  template <typename Make>
  void add(const Make& make) {
    if (many_.capacity() == 0 && few_count_ < kFew) {
      new (few() + few_count_) Value(make());
      ++few_count_;
      return;
    }
    if (few_count_ != 0) {
      many_.assign(std::make_move_iterator(few()), std::make_move_iterator(few() + few_count_));
      std::destroy_n(few(), std::exchange(few_count_, 0));
    }
    many_.push_back(make());
  }
  [[nodiscard]] std::span<Value> all() noexcept {
    return few_count_ != 0 ? std::span<Value>(few(), few_count_) : std::span<Value>(many_);
  }

 private:
  [[nodiscard]] Value* few() noexcept { return std::launder(reinterpret_cast<Value*>(place_)); }

  alignas(Value) std::byte place_[kFew * sizeof(Value)];
  std::size_t few_count_ = 0;
  std::vector<Value> many_;
};
using Terms = Several<Term, 8>;
using ErlangTerms = Several<ERL_NIF_TERM, 16>;

Term from(ErlNifEnv* env, ERL_NIF_TERM term, int depth);

Term list_from(ErlNifEnv* env, ERL_NIF_TERM list, int depth) {
  unsigned length = 0;  // of an improper one it is not told
  enif_get_list_length(env, list, &length);
  std::vector<Term> elements;
  elements.reserve(length);
  ERL_NIF_TERM head = 0;
  while (enif_get_list_cell(env, list, &head, &list) != 0) elements.push_back(from(env, head, depth));
  if (enif_is_empty_list(env, list) != 0) return heirloom::list(elements);
  return heirloom::improper_list(elements, from(env, list, depth));
}

Term map_from(ErlNifEnv* env, ERL_NIF_TERM map, int depth) {
  std::vector<std::pair<Term, Term>> pairs;
  ErlNifMapIterator each;
  if (enif_map_iterator_create(env, map, &each, ERL_NIF_MAP_ITERATOR_FIRST) == 0) return by_external(env, map);
  ERL_NIF_TERM key = 0;
  ERL_NIF_TERM value = 0;
  try {
    for (; enif_map_iterator_get_pair(env, &each, &key, &value) != 0; enif_map_iterator_next(env, &each))
      pairs.emplace_back(from(env, key, depth), from(env, value, depth));
  } catch (...) {
    enif_map_iterator_destroy(env, &each);
    throw;
  }
  enif_map_iterator_destroy(env, &each);
  return heirloom::map(pairs);
}

Term from(ErlNifEnv* env, ERL_NIF_TERM term, int depth) {
  if (is_known_small(term)) return Term(small_value(term));
  if (depth == kDepthMax) return by_external(env, term);
  switch (enif_term_type(env, term)) {
    case ERL_NIF_TERM_TYPE_INTEGER: {
      ErlNifSInt64 value = 0;
      if (enif_get_int64(env, term, &value) != 0) return Term(static_cast<std::int64_t>(value));
      break;
    }
    case ERL_NIF_TERM_TYPE_ATOM: return Term(atom_from_erlang(env, term));
    case ERL_NIF_TERM_TYPE_FLOAT: {
      double value = 0;
      enif_get_double(env, term, &value);
      return Term(value);
    }
    case ERL_NIF_TERM_TYPE_BITSTRING: {
      ErlNifBinary bytes;
      if (enif_inspect_binary(env, term, &bytes) == 0) break;
      return Term(std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size));
    }
    case ERL_NIF_TERM_TYPE_TUPLE: {
      int arity = 0;
      const ERL_NIF_TERM* elements = nullptr;
      enif_get_tuple(env, term, &arity, &elements);
      Terms made(static_cast<std::size_t>(arity));
      for (int i = 0; i < arity; ++i) made.add([&] { return from(env, elements[i], depth + 1); });
      return heirloom::tuple(made.all());
    }
    case ERL_NIF_TERM_TYPE_LIST: return list_from(env, term, depth + 1);
    case ERL_NIF_TERM_TYPE_MAP: return map_from(env, term, depth + 1);
    default: break;
  }
  return by_external(env, term);
}

ERL_NIF_TERM to(ErlNifEnv* env, TermView term, int depth);

void all_to(ErlNifEnv* env, const heirloom::ElementRange& elements, int depth, ErlangTerms& made) {
  for (const TermView element : elements) made.add([&] { return to(env, element, depth); });
}

ERL_NIF_TERM to(ErlNifEnv* env, TermView term, int depth) {
  if (depth == kDepthMax) return by_external(env, term);
  switch (term.kind()) {
    case TermKind::integer:
      if (term.is_int64()) [[likely]]
        return enif_make_int64(env, term.as_int64());
      break;
    case TermKind::floating: return enif_make_double(env, term.as_double());
    case TermKind::atom: return atom_to_erlang(env, term.as_atom());
    case TermKind::nil: return enif_make_list(env, 0);
    case TermKind::bitstring: {
      if (!term.is_binary()) break;
      const std::string_view bytes = term.as_binary();
      ERL_NIF_TERM made = 0;
      unsigned char* const data = enif_make_new_binary(env, bytes.size(), &made);
      bytes.copy(reinterpret_cast<char*>(data), bytes.size());
      return made;
    }
    case TermKind::tuple: {
      const heirloom::ElementRange elements = term.elements();
      ErlangTerms made(elements.size());
      all_to(env, elements, depth + 1, made);
      return enif_make_tuple_from_array(env, made.all().data(), static_cast<unsigned>(elements.size()));
    }
    case TermKind::list: {
      ErlangTerms made(term.size());
      all_to(env, term.elements(), depth + 1, made);
      ERL_NIF_TERM list = to(env, term.tail(), depth + 1);
      const std::span<ERL_NIF_TERM> all = made.all();
      for (auto each = all.rbegin(); each != all.rend(); ++each) list = enif_make_list_cell(env, *each, list);
      return list;
    }
    case TermKind::map: {
      ErlangTerms keys(term.size());
      ErlangTerms values(term.size());
      all_to(env, term.keys(), depth + 1, keys);
      all_to(env, term.values(), depth + 1, values);
      ERL_NIF_TERM made = 0;
      if (enif_make_map_from_arrays(env, keys.all().data(), values.all().data(), term.size(), &made) == 0) break;
      return made;
    }
    default: break;
  }
  return by_external(env, term);
}

}  // namespace

void load_terms(ErlNifEnv* env, std::uint32_t number) {
  own_incarnation = number;
  stranger.creation = ~number;
  smalls_are_known = knows_smalls(env);
  own_reference = enif_make_ref(enif_alloc_env());
}
void settle_identity(ErlNifEnv* env) {
  stored_as = Now(env).called();
  if (nobody.is(stored_as.node, stored_as.creation)) stored_as.creation = own_incarnation;
}
std::uint32_t incarnation() noexcept { return own_incarnation; }

Atom atom_from_erlang(ErlNifEnv* env, ERL_NIF_TERM atom) {
  if (const std::uint64_t known = known_here.find(number_of(atom)); known != 0)
    return Atom::from_id(static_cast<std::uint32_t>(known - 1));
  const Atom made = by_external(env, atom).as_atom();
  known_here.remember(number_of(atom), std::uint64_t{made.id()} + 1);
  return made;
}

ERL_NIF_TERM atom_to_erlang(ErlNifEnv* env, Atom atom) {
  if (const ERL_NIF_TERM known = known_there.find(atom.id()); known != 0) return known;
  const ERL_NIF_TERM made = by_external(env, Term(atom));
  known_there.remember(atom.id(), made);
  return made;
}

Term from_erlang(ErlNifEnv* env, ERL_NIF_TERM term) { return from(env, term, 0); }
ERL_NIF_TERM to_erlang(ErlNifEnv* env, TermView term) { return to(env, term, 0); }

}  // namespace heirloom_nif
