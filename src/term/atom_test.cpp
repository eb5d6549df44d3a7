// SPDX-License-Identifier: Apache-2.0
#include "heirloom/atom.hpp"

#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "heirloom/error.hpp"

namespace heirloom {
namespace {

using namespace literals;

TEST(Atom, OfTheSameTextIsTheSameAtom) {
  EXPECT_EQ(Atom("alice"), "alice"_atom);
  EXPECT_NE(Atom("alice"), "bob"_atom);
  EXPECT_EQ("alice"_atom.text(), "alice");
  EXPECT_EQ(Atom("").text(), "");
  EXPECT_EQ(Atom::from_id("alice"_atom.id()), "alice"_atom);
}

TEST(Atom, IsOrderedByText) {
  EXPECT_LT("a"_atom, "b"_atom);
  EXPECT_LT("a"_atom, "aa"_atom);
  EXPECT_LT("z"_atom, "\xC3\xA4"_atom);
}

TEST(Atom, HasUpTo255Characters) {
  std::string text;
  for (int i = 0; i < 255; ++i) text += "\xC3\xA4";
  EXPECT_EQ(Atom(text).text(), text);
  text += "a";
  try {
    Atom atom(text);
    FAIL() << "an atom of 256 characters was made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::system_limit);
  }
}

TEST(Atom, RefusesTextThatIsNoUtf8) {
  for (const char* text : {"\xFF", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80"}) {
    EXPECT_THROW(Atom{text}, Error);
  }
}

TEST(Atom, RefusesAnIdThatNoAtomHas) { EXPECT_THROW(Atom::from_id(Atom::kAtomsMax - 1), Error); }

TEST(Atom, IsPrintedAsErlangWritesIt) {
  std::ostringstream out;
  out << "alice"_atom << ' ' << "Alice"_atom << ' ' << "two words"_atom << ' ' << "end"_atom << ' ' << ""_atom;
  EXPECT_EQ(out.str(), "alice 'Alice' 'two words' 'end' ''");
}

// Several threads make the same new atoms at once, while the index grows under them: each text gets one id.
TEST(Atom, IsOneWhicheverThreadMadeItFirst) {
  constexpr int kThreads = 4;
  constexpr int kAtoms = 20000;
  std::vector<std::vector<std::uint32_t>> ids(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&ids, thread] {
        auto& mine = ids[static_cast<std::size_t>(thread)];
        for (int i = 0; i < kAtoms; ++i) {
          const Atom atom("concurrent_" + std::to_string(i));
          if (atom.text() != "concurrent_" + std::to_string(i)) std::abort();
          mine.push_back(atom.id());
        }
      });
    }
  }
  for (const auto& others : ids) EXPECT_EQ(others, ids[0]);
  EXPECT_EQ(std::set<std::uint32_t>(ids[0].begin(), ids[0].end()).size(), std::size_t{kAtoms});
}

}  // namespace
}  // namespace heirloom
