// SPDX-License-Identifier: Apache-2.0
//
// Atom: a name that is compared by one integer. As in Erlang, at most 255 characters of UTF-8; atoms are never freed, so
// do not make them from untrusted input.
//
//   using namespace heirloom::literals;
//   Atom alice = "alice"_atom;
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string_view>

namespace heirloom {

class Atom {
 public:
  // Throws Error{badarg} for invalid UTF-8, Error{system_limit} beyond 255 characters or kAtomsMax atoms.
  explicit Atom(std::string_view text);

  // Valid as long as the program runs.
  [[nodiscard]] std::string_view text() const noexcept;

  // The number of this atom in this program; meaningless in any other.
  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  // `id` must come from id(): an unknown number is Error{badarg}.
  static Atom from_id(std::uint32_t id);

  static constexpr std::size_t kCharactersMax = 255;
  static constexpr std::uint32_t kAtomsMax = 1U << 24;

  friend bool operator==(Atom, Atom) noexcept = default;
  // Erlang's order of atoms: by text.
  friend std::strong_ordering operator<=>(Atom left, Atom right) noexcept { return left.text() <=> right.text(); }

 private:
  struct FromId {};
  Atom(FromId, std::uint32_t id) noexcept : id_(id) {}
  std::uint32_t id_;
};

// As Erlang writes it, quoted where needed.
std::ostream& operator<<(std::ostream& out, Atom atom);

// What the ids of atoms mean inside one block of words. A term of this program uses the ids of Atom; a stored one those of
// its segment's own dictionary. A view that names no AtomSpace is in this program's.
class AtomSpace {
 public:
  // Valid as long as the space is. Requires an id of this space.
  [[nodiscard]] virtual std::string_view text(std::uint32_t id) const = 0;
  // The same atom in this program.
  [[nodiscard]] virtual Atom to_atom(std::uint32_t id) const;
  // Depends on the text and the seed alone, so that all programs agree. Override it only to remember what it returned.
  [[nodiscard]] virtual std::uint64_t hash(std::uint32_t id, std::uint64_t seed) const;

 protected:
  AtomSpace() = default;
  AtomSpace(const AtomSpace&) = default;
  AtomSpace& operator=(const AtomSpace&) = default;
  ~AtomSpace() = default;
};

namespace literals {
inline Atom operator""_atom(const char* text, std::size_t bytes) { return Atom(std::string_view(text, bytes)); }
}  // namespace literals

}  // namespace heirloom

template <>
struct std::hash<heirloom::Atom> {
  std::size_t operator()(heirloom::Atom atom) const noexcept { return atom.id(); }
};
