// SPDX-License-Identifier: Apache-2.0
//
// What a Table shows of its objects to those who look for some of them, and who they are to it: match specifications, mostly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "heirloom/repair.hpp"
#include "heirloom/term.hpp"

namespace heirloom::table {

class StoredObject;
class Table;

enum class Direction { up, down };

// How far a search got. A value: it may be kept, and used again. The next call goes on behind it; of a table without order that is
// behind a bucket.
struct SearchPosition {
  bool at_end = false;
  std::uint64_t number = 0;  // of the next key, where keys are looked up; else of the stripe
  std::uint64_t order = 0;   // the least reversed hash in it that was not visited yet
  std::optional<Term> last;  // of an ordered_set: the key visited last
};

// How far Table::change() got, likewise. What it found and did not change yet is kept, so that a call that was broken off between two
// keys - by Error{busy}, say - can be made once more, and goes on there.
struct ChangeProgress {
  SearchPosition position;    // behind what was found
  std::vector<Term> found;    // keys of objects to judge again under their lock; the next one last
  std::uint64_t changed = 0;  // objects, so far

  [[nodiscard]] bool at_end() const noexcept { return position.at_end && found.empty(); }
};

struct SearchStep {
  static constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();
  std::size_t work_max = kUnbounded;  // objects and buckets, and a bucket more or the objects of a key
  Direction direction = Direction::up;
};

// An object as it is shown. During the call.
class Seen {
 public:
  Seen(const Table& table, const StoredObject& stored, const TermView& view) noexcept
      : table_(table), stored_(&stored), view_(view) {}
  // One that does not lie in the table as it is.
  Seen(const Table& table, const TermView& view) noexcept : table_(table), view_(view) {}

  // Its atoms are those of Table::atoms().
  [[nodiscard]] const TermView& view() const noexcept { return view_; }
  [[nodiscard]] Term copy() const;

 private:
  const Table& table_;
  const StoredObject* stored_ = nullptr;
  TermView view_;
};

// Called inside an epoch: it does not wait, and does not touch the table.
class Visitor {
 public:
  // Whether it wants the object, of which it keeps what it needs. May be asked again, when a counter of the object changed meanwhile:
  // then what it kept is void.
  virtual bool wants(const Seen& object) = 0;
  // It has the object that it wanted last. False: that is enough.
  virtual bool take() = 0;

 protected:
  Visitor() = default;
  Visitor(const Visitor&) = default;
  Visitor& operator=(const Visitor&) = default;
  ~Visitor() = default;
};

// Called inside an epoch, and again under the lock of the object, where it decides.
class Judge {
 public:
  enum class Verdict { keep, remove, replace };
  // As which call it changes objects.
  [[nodiscard]] virtual Operation operation() const noexcept = 0;
  virtual Verdict judge(const Seen& object) = 0;
  // What replaces the one that it judged last.
  virtual Term replacement() = 0;

 protected:
  Judge() = default;
  Judge(const Judge&) = default;
  Judge& operator=(const Judge&) = default;
  ~Judge() = default;
};

}  // namespace heirloom::table
