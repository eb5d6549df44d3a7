// SPDX-License-Identifier: Apache-2.0
//
// Reading: what goes along while a term is read as a C++ value. A codec that finds another term than it expected returns
// refuse(), which is false, and each one around it at(), which is false too: so the way to the term is told from the inside
// to the outside, and only when somebody wants to know. No exception is thrown to find out whether a term fits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "heirloom/atom.hpp"
#include "heirloom/error.hpp"
#include "heirloom/term.hpp"
#include "heirloom/typed/measure.hpp"

namespace heirloom::typed {

// Why a term is not the value that was asked for.
struct Mismatch {
  ErrorCode code = ErrorCode::type;
  std::string path;  // from the root to the term, as ".visits (element 4)[2]"
  std::string expected;
  std::string found;
  bool has_position = false;  // the innermost member of a record tells its position

  // Throws Error: "read session.visits (element 4)[2]: expected an integer, found <<"x">>".
  [[noreturn]] void raise(std::string_view root) const;
};

class Reading {
 public:
  Reading() = default;  // somebody asks only whether it fits
  explicit Reading(Mismatch& why) noexcept : why_(&why) {}

  [[nodiscard]] bool explains() const noexcept { return why_ != nullptr; }
  // The same place, where nobody asks why.
  [[nodiscard]] Reading silent() const noexcept {
    Reading other;
    other.depth_ = depth_;
    return other;
  }

  // `expected` makes a text such as "an integer".
  template <typename Expected>
  bool refuse(const TermView& found, Expected expected) {
    if (explains()) explain(found, expected());
    return false;
  }
  // The term that was refused last could also have been this.
  bool or_expected(std::string_view other) {
    if (explains()) explain_other(other);
    return false;
  }
  // `place` makes a text such as "[2]".
  template <typename Place>
  bool at(Place place) {
    if (explains()) why_->path.insert(0, place());
    return false;
  }
  // The element at `position` of the tuple that is a record; `name` may be empty.
  bool at_member(std::string_view name, std::size_t position) {
    if (explains()) explain_member(name, position);
    return false;
  }

 private:
  friend class Descent;
  void explain(const TermView& found, std::string expected);
  void explain_other(std::string_view other);
  void explain_member(std::string_view name, std::size_t position);
  void explain_depth(const TermView& found);

  Mismatch* why_ = nullptr;
  std::size_t depth_ = 0;
};

// One container more around what is read next. What comes from other programs must not exhaust the stack.
class Descent {
 public:
  explicit Descent(Reading& reading) noexcept : reading_(reading) { ++reading_.depth_; }
  Descent(const Descent&) = delete;
  Descent& operator=(const Descent&) = delete;
  ~Descent() { --reading_.depth_; }

  [[nodiscard]] bool too_deep() const noexcept { return reading_.depth_ > kNestingMax; }
  bool refuse(const TermView& found) {
    if (reading_.explains()) reading_.explain_depth(found);
    return false;
  }

 private:
  Reading& reading_;
};

// Elements of a tuple or list, keys or values of a map.
struct Elements {
  const std::uint64_t* base = nullptr;
  const std::uint64_t* first = nullptr;
  std::size_t size = 0;
  const AtomSpace* atoms = nullptr;

  // Requires index < size.
  TermView operator[](std::size_t index) const noexcept { return {base, first[index], atoms}; }
};

// What a term holds; false when it is something else. Why not by value, and why no std::optional? g++ copies both through
// memory in pieces of other sizes than they were written in, and a processor waits for each of these.
[[nodiscard]] bool read_integer(const TermView& view, std::int64_t& into) noexcept;
[[nodiscard]] bool read_integer(const TermView& view, std::uint64_t& into) noexcept;
[[nodiscard]] bool read_float(const TermView& view, double& into) noexcept;
[[nodiscard]] bool read_pid(const TermView& view, Pid& into) noexcept;
[[nodiscard]] bool read_binary(const TermView& view, std::string_view& into) noexcept;
[[nodiscard]] bool read_tuple(const TermView& view, std::size_t size, Elements& into) noexcept;
[[nodiscard]] bool read_list(const TermView& view, Elements& into) noexcept;  // a proper one
[[nodiscard]] bool read_map(const TermView& view, Elements& keys, Elements& values) noexcept;

// Without making an atom of this program from one of another.
[[nodiscard]] bool is_atom(const TermView& view, Atom atom);
[[nodiscard]] bool is_true(const TermView& view);
[[nodiscard]] bool is_false(const TermView& view);
[[nodiscard]] bool is_undefined(const TermView& view);

// The term, or what it is when it is long.
[[nodiscard]] std::string text_of(const TermView& view);

}  // namespace heirloom::typed
