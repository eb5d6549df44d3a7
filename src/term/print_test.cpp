// SPDX-License-Identifier: Apache-2.0
//
// Text as OTP's ~tp prints it (with the range of printable characters that `erl +pc unicode` has); the expectations were
// taken from OTP 25.
#include <sstream>

#include <gtest/gtest.h>

#include "heirloom/term.hpp"

#include "term/brief.hpp"
#include "term/fun_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;

TEST(Print, WritesIntegersOfAnySize) {
  EXPECT_EQ(to_string(Term(-7)), "-7");
  EXPECT_EQ(to_string(Term(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(to_string(Term(~std::uint64_t{0})), "18446744073709551615");
  EXPECT_EQ(to_string(parse("16#123456789abcdef0123456789abcdef")), "1512366075204170929049582354406559215");
  for (const std::size_t digits : {20U, 303U, 304U, 305U, 608U, 609U, 5000U}) {
    std::string text = "-1" + std::string(digits, '0') + "7";
    EXPECT_EQ(to_string(parse(text)), text);
    text = std::string(digits, '9');
    EXPECT_EQ(to_string(parse(text)), text);
  }
}

TEST(Print, WritesFloatsAsShortAsTheyReadBack) {
  EXPECT_EQ(to_string(list({1.0e22, 1.0e5, 1.0e6, 123456.0, 1.0e-4, 0.001, 0.00012, 1234567890123456789.0})),
            "[1.0e22,1.0e5,1.0e6,123456.0,0.0001,0.001,1.2e-4,1.2345678901234568e18]");
  EXPECT_EQ(to_string(list({9007199254740992.0, 9007199254740991.0, 1.5e300, -0.0, 1.0e21, 12000000.0, 0.1, 5.0e-324})),
            "[9.007199254740992e15,9007199254740991.0,1.5e300,-0.0,1.0e21,1.2e7,0.1,5.0e-324]");
  EXPECT_EQ(to_string(Term(0.0)), "0.0");
  EXPECT_EQ(to_string(Term(1.0)), "1.0");
}

TEST(Print, QuotesAtomsThatNeedIt) {
  EXPECT_EQ(
      to_string(list({"ab@c"_atom, "Ab"_atom, "a\nb"_atom, "\x01\x7F"_atom, "\xC3\xBCn\xC3\xAF"_atom, "if"_atom})),
      "[ab@c,'Ab','a\\nb','\\001\\d',\xC3\xBCn\xC3\xAF,'if']");
  EXPECT_EQ(to_string(Term("\xC2\x80\xD0\x80"
                           "a\"\\"_atom)),
            "'\\200\xD0\x80"
            "a\"\\\\'");
}

TEST(Print, WritesContainersWithoutBlanks) {
  EXPECT_EQ(to_string(Term{"a"_atom, Term{}, tuple({}), list({1, 2000000})}), "{a,[],{},[1,2000000]}");
  EXPECT_EQ(to_string(improper_list(std::vector<Term>{1, 2}, "c"_atom)), "[1,2|c]");
  EXPECT_EQ(to_string(map({{"a"_atom, 1}, {2, 3}, {2.0, 1}})), "#{2 => 3,2.0 => 1,a => 1}");
  EXPECT_EQ(to_string(map({})), "#{}");
}

TEST(Print, WritesListsOfPrintableCharactersAsStrings) {
  EXPECT_EQ(to_string(list({233, 300})), "\"\xC3\xA9\xC4\xAC\"");
  EXPECT_EQ(to_string(list({27, 10})), "\"\\e\\n\"");
  EXPECT_EQ(to_string(list({27, 10, 7})), "[27,10,7]");
  EXPECT_EQ(to_string(list({'a', '\'', 'b', '"', '\\'})), "\"a'b\\\"\\\\\"");
  EXPECT_EQ(to_string(list({0})), "[0]");
  EXPECT_EQ(to_string(improper_list(std::vector<Term>{97}, "b"_atom)), "[97|b]");
}

TEST(Print, WritesBinariesAsTextWhereTheyAreText) {
  EXPECT_EQ(to_string(Term("")), "<<>>");
  EXPECT_EQ(to_string(Term("ab\n\x1B\"")), "<<\"ab\\n\\e\\\"\">>");
  EXPECT_EQ(to_string(Term("\xC3\xA9")), "<<\"\xC3\xA9\"/utf8>>");
  EXPECT_EQ(to_string(Term("\xE9")), "<<\"\xC3\xA9\">>");
  EXPECT_EQ(to_string(Term("\x7F")), "<<127>>");
  EXPECT_EQ(to_string(Term("\x01\xC8")), "<<1,200>>");
  // Noncharacters: UTF-8, so that Erlang does not look whether it were Latin-1 too; or not, behind a byte that is no UTF-8.
  EXPECT_EQ(to_string(Term("a\xEF\xBF\xBE")), "<<97,239,191,190>>");
  EXPECT_EQ(to_string(Term("\xEF\xBF\xBF")), "<<239,191,191>>");
  EXPECT_EQ(to_string(Term("\xEF\xBF\xBE\xE9")), "<<\"\xC3\xAF\xC2\xBF\xC2\xBE\xC3\xA9\">>");
  EXPECT_EQ(to_string(bitstring("abc\xA0", 27)), "<<97,98,99,5:3>>");
  EXPECT_EQ(to_string(bitstring("\x20", 3)), "<<1:3>>");
}

TEST(Print, WritesPidsReferencesPortsAndFuns) {
  std::ostringstream out;
  out << Term(Pid{3, 7}).view() << Pid{1, 0};
  EXPECT_EQ(out.str(), "<0.3.7><0.1.0>");
  for (const char* text :
       {"#Ref<0.1.2.4294967295>", "#Ref<0.5.4.3.2.1>", "#Port<0.5>", "#Port<0.9223372036854775807>",
        "<'a@b.c'/0.4294967295.1>", "<a@b/4294967295.0.4294967295>", "#Ref<a@b/3.7>", "#Ref<a@b/3.4.3.2.1>",
        "#Port<'A b'/3.18446744073709551615>", "fun lists:map/2", "fun 'A b':'C d'/255"}) {
    EXPECT_EQ(to_string(parse(text)), text);
  }
  EXPECT_EQ(to_string(term::fun_of({"m"_atom, 7, -5, 1, 7, std::string(16, 'u'), Pid{1, 2}, "free"})), "#Fun<m.7.-5>");
}

TEST(BriefPrint, IsTheTextOrItsBeginningInWholeCharacters) {
  const std::string long_text = to_string(Term(std::string(500, 'x')));
  EXPECT_EQ(term::to_brief_string(Term(std::string(500, 'x')), 200), long_text.substr(0, 197) + "...");
  EXPECT_EQ(term::to_brief_string(parse("{alice,[1,2.5]}"), 15), "{alice,[1,2.5]}");
  EXPECT_EQ(term::to_brief_string(parse("{alice,[1,2.5]}"), 14), "{alice,[1,2...");
  EXPECT_EQ(term::to_brief_string(Term(Atom("\u00e9\u00e9\u00e9\u00e9")), 8), "\u00e9\u00e9\u00e9\u00e9");
  EXPECT_EQ(term::to_brief_string(Term(Atom("\u00e9\u00e9\u00e9\u00e9")), 7), "\u00e9\u00e9...");
  EXPECT_EQ(term::to_brief_string(Term(Atom("\u00e9\u00e9\u00e9\u00e9")), 6), "\u00e9...");
}

TEST(BriefPrint, IsNotLongInTheMakingWhateverTheTerm) {
  std::vector<Term> elements(1'000'000, Term(7));
  EXPECT_EQ(term::to_brief_string(tuple(elements), 10), "{7,7,7,...");
  EXPECT_EQ(term::to_brief_string(list(std::vector<Term>(1'000'000, Term('a'))), 10), "\"aaaaaa...");
  // More than a million digits.
  const Term huge = parse("16#1" + std::string(1'000'000, '0'));
  EXPECT_EQ(term::to_brief_string(huge, 200), "...");
  EXPECT_EQ(term::to_brief_string(tuple({1, huge, 2}), 200), "{1,...");
}

}  // namespace
}  // namespace heirloom
