// SPDX-License-Identifier: Apache-2.0
//
// Erlang's syntax as it is read: each form, and messages that say where and what.
#include <string>

#include <gtest/gtest.h>

#include "heirloom/term.hpp"

namespace heirloom {
namespace {

using namespace literals;

std::string refusal_of(std::string_view text) {
  try {
    return "accepted as " + to_string(parse(text));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::syntax);
    return error.detail();
  }
}

TEST(Parse, ReadsNumbers) {
  EXPECT_EQ(parse("42"), Term(42));
  EXPECT_EQ(parse("-42"), Term(-42));
  EXPECT_EQ(parse("- 42"), Term(-42));
  EXPECT_EQ(parse("+7"), Term(7));
  EXPECT_EQ(parse("1_000_000"), Term(1000000));
  EXPECT_EQ(parse("16#fF"), Term(255));
  EXPECT_EQ(parse("-2#1010"), Term(-10));
  EXPECT_EQ(parse("36#z"), Term(35));
  EXPECT_EQ(parse("18446744073709551615"), Term(~std::uint64_t{0}));
  EXPECT_EQ(parse("-9223372036854775808"), Term(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(parse("1.5"), Term(1.5));
  EXPECT_EQ(parse("-1.5e-3"), Term(-0.0015));
  EXPECT_EQ(parse("1.0E+10"), Term(1e10));
  EXPECT_EQ(parse("1.0e-400"), Term(0.0));
  EXPECT_EQ(parse("-0.0"), Term(-0.0));
  EXPECT_NE(parse("-0.0"), Term(0.0));
}

TEST(Parse, ReadsCharacters) {
  EXPECT_EQ(parse("$a"), Term(97));
  EXPECT_EQ(parse("$ "), Term(32));
  EXPECT_EQ(parse("$\\n"), Term(10));
  EXPECT_EQ(parse("$\\101"), Term(65));
  EXPECT_EQ(parse("$\\x41"), Term(65));
  EXPECT_EQ(parse("$\\x{1F600}"), Term(0x1F600));
  EXPECT_EQ(parse("$\\^A"), Term(1));
  EXPECT_EQ(parse("$\xC3\xA9"), Term(0xE9));
}

TEST(Parse, ReadsAtoms) {
  EXPECT_EQ(parse("alice"), Term("alice"_atom));
  EXPECT_EQ(parse("a_B@1"), Term("a_B@1"_atom));
  EXPECT_EQ(parse("'two words'"), Term("two words"_atom));
  EXPECT_EQ(parse("'it\\'s'"), Term("it's"_atom));
  EXPECT_EQ(parse("''"), Term(""_atom));
}

TEST(Parse, ReadsTuplesListsAndMaps) {
  EXPECT_EQ(parse("{}"), tuple({}));
  EXPECT_EQ(parse("{a, {1}, []}"), (Term{"a"_atom, Term{1}, Term()}));
  EXPECT_EQ(parse("[1, 2.0, c]"), list({1, 2.0, "c"_atom}));
  EXPECT_EQ(parse("[]"), Term());
  EXPECT_EQ(parse("[[]]"), list({Term()}));
  EXPECT_EQ(parse("#{}"), map({}));
  EXPECT_EQ(parse("#{a => 1, \"k\" => #{b=>2}}"), map({{"a"_atom, 1}, {list({'k'}), map({{"b"_atom, 2}})}}));
  EXPECT_EQ(parse("#{a => 1, a => 2}"), map({{"a"_atom, 2}}));
}

TEST(Parse, ReadsTailsOfLists) {
  const std::vector<Term> one{1};
  EXPECT_EQ(parse("[1|2]"), improper_list(one, 2));
  EXPECT_EQ(parse("[1|[2,3]]"), list({1, 2, 3}));
  EXPECT_EQ(parse("[1|[2|[3|[]]]]"), list({1, 2, 3}));
  EXPECT_EQ(parse("[1|[2|x]]"), improper_list(std::vector<Term>{1, 2}, "x"_atom));
  EXPECT_EQ(parse("[1|\"a\"]"), list({1, 97}));
  EXPECT_EQ(parse("[1|\"\"]"), list({1}));
  EXPECT_EQ(parse("[1|{[2]}]"), improper_list(one, tuple({list({2})})));
  EXPECT_EQ(parse("[[1|[]]|2]"), improper_list(std::vector<Term>{list({1})}, 2));
}

TEST(Parse, ReadsStringsAsListsOfCharacters) {
  EXPECT_EQ(parse("\"a\\\"b\\\\\""), list({'a', '"', 'b', '\\'}));
  EXPECT_EQ(parse("\"\xE6\x97\xA5\""), list({0x65E5}));
  EXPECT_EQ(parse("\"\""), Term());
}

TEST(Parse, ReadsStringsWithNothingBetweenThemAsOne) {
  EXPECT_EQ(parse("\"ab\" \"\"\n\"c\""), list({'a', 'b', 'c'}));
  EXPECT_EQ(parse("[\"a\" \"b\", \"c\"]"), list({list({'a', 'b'}), list({'c'})}));
  EXPECT_EQ(parse("[1|\"a\" % a comment\n\"b\"]"), list({1, 'a', 'b'}));
  EXPECT_EQ(parse("<<\"a\" \"b\", \"\xC3\xA9\" \"\xC3\xA9\"/utf8>>"), Term("ab\xC3\xA9\xC3\xA9"));
  EXPECT_EQ(refusal_of("\"\"\"\na\n\"\"\""), "line 1, column 1: strings in triple quotation marks are not read");
}

TEST(Parse, ReadsBinaries) {
  EXPECT_EQ(parse("<<>>"), Term(""));
  EXPECT_EQ(parse("<<\"text\">>"), Term("text"));
  EXPECT_EQ(parse("<<1,2,255>>"), Term("\x01\x02\xFF"));
  EXPECT_EQ(parse("<<\"\xC3\xA9\">>"), Term("\xE9"));
  EXPECT_EQ(parse("<<\"\xC3\xA9\"/utf8>>"), Term("\xC3\xA9"));
  EXPECT_EQ(parse("<<\"a\", 98, $c>>"), Term("abc"));
  EXPECT_EQ(parse("<<-1, 257>>"), Term("\xFF\x01"));
  EXPECT_EQ(parse("<<258:16, -2:16>>"), Term("\x01\x02\xFF\xFE"));
  EXPECT_EQ(parse("<<1:72>>"), Term(std::string_view("\0\0\0\0\0\0\0\0\x01", 9)));
  EXPECT_EQ(parse("<<-18446744073709551616:72>>"), Term(std::string_view("\xFF\0\0\0\0\0\0\0\0", 9)));
  EXPECT_EQ(parse("<<5:3>>"), bitstring("\xA0", 3));
  EXPECT_EQ(parse("<<255, 1:1, 2:7>>"), Term("\xFF\x82"));
  EXPECT_EQ(parse("<<1:1, 16#1FFFF:20, 0:3>>"), Term("\x8F\xFF\xF8"));
  EXPECT_EQ(parse("<<0:1, -1:15, -2:72>>"), Term("\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE"));
  EXPECT_EQ(parse("<<-18446744073709551617:66>>"), bitstring("\xBF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xC0", 66));
  EXPECT_EQ(parse("<<5:0>>"), Term(""));
}

TEST(Parse, ReadsPidsReferencesAndPortsOfThisNode) {
  EXPECT_EQ(parse("<0.3.7>"), Term(Pid{3, 7}));
  EXPECT_EQ(parse("[<0.1.0>,<<1>>]"), list({Pid{1, 0}, "\x01"}));
  EXPECT_EQ(parse("#Ref<0.1.2.3>").kind(), TermKind::reference);
  EXPECT_EQ(parse("#Ref<0.2.3>"), parse("#Ref<0.0.2.3>"));
  EXPECT_EQ(parse("#Port<0.5>").kind(), TermKind::port);
  EXPECT_EQ(parse("<heirloom@localhost/1.3.7>"), Term(Pid{3, 7}));
}

TEST(Parse, ReadsPidsReferencesAndPortsOfOtherNodes) {
  const Term pid = parse("<'a@b.example'/1700000000.4294967295.7>");
  EXPECT_TRUE(pid.is_pid());
  EXPECT_TRUE(pid.is_foreign());
  EXPECT_EQ(pid.node_name(), "a@b.example");
  EXPECT_THROW((void)pid.as_pid(), Error);
  EXPECT_FALSE(parse("<0.3.7>").is_foreign());
  const Term own = parse("<0.3.7>");
  EXPECT_EQ(own.node_name(), "heirloom@localhost");
  const Term reference = parse("#Ref<a@b/4.1>");
  EXPECT_EQ(reference.node_name(), "a@b");
  EXPECT_EQ(parse("#Port<a@b/4.18446744073709551615>").kind(), TermKind::port);
  EXPECT_TRUE(parse("<heirloom@localhost/2.3.7>").is_foreign());
}

TEST(Parse, ReadsExports) {
  EXPECT_EQ(parse("fun lists:map/2").kind(), TermKind::fun);
  EXPECT_EQ(parse("{fun 'A b':'C d'/255, 1}").element(2), Term(1));
  EXPECT_NE(parse("fun a:b/1"), parse("fun a:b/2"));
  EXPECT_EQ(parse("'fun'"), Term("fun"_atom));
}

TEST(Parse, SkipsBlanksCommentsAndTheFullStop) {
  EXPECT_EQ(parse(" % a comment\n {a,\n  % another\n  1} .\n"), (Term{"a"_atom, 1}));
  EXPECT_EQ(parse("1."), Term(1));
}

TEST(Parse, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(refusal_of(""), "line 1, column 1: a term is expected, not the end of the text");
  EXPECT_EQ(refusal_of("{a,\n b c}"),
            "line 2, column 4: ',' or '}' is expected in the tuple that begins at line 1, column 1, not 'c'");
  EXPECT_EQ(refusal_of("{a,}"), "line 1, column 4: a term is expected, not '}'");
  EXPECT_EQ(refusal_of("[1|2,3]"),
            "line 1, column 5: ']' is expected in the list that begins at line 1, column 1, not ','");
  EXPECT_EQ(refusal_of("[1"),
            "line 1, column 3: ',', '|' or ']' is expected in the list that begins at line 1, column 1, not the end of "
            "the text");
  EXPECT_EQ(refusal_of("#{a,b}"),
            "line 1, column 4: '=>' is expected behind a key of the map that begins at line 1, column 1, not ','");
  EXPECT_EQ(refusal_of("a b"), "line 1, column 3: the term is complete before 'b'");
  EXPECT_EQ(refusal_of("{'\xC3\xA9\xC3\xA9', Name}"),
            "line 1, column 8: a variable has no value here; write an atom as 'Name', in quotation marks");
  EXPECT_EQ(refusal_of("\"abc"), "line 1, column 1: this string has no closing quotation mark");
  EXPECT_EQ(refusal_of("37#1"), "line 1, column 1: the base of a number is 2 to 36");
  EXPECT_EQ(refusal_of("16#"), "line 1, column 4: a digit of base 16 is missing");
  EXPECT_EQ(refusal_of("12abc"), "line 1, column 3: a number ends where a name or a digit follows it");
  EXPECT_EQ(refusal_of("1.0e999"), "line 1, column 1: this float is beyond the largest one, 1.797e308");
  EXPECT_EQ(refusal_of("a\xFF"), "line 1, column 2: the text is no UTF-8");
  EXPECT_EQ(refusal_of("<<\"\xE6\x97\xA5\">>"),
            "line 1, column 3: this string has characters beyond 255: write \"...\"/utf8");
  EXPECT_EQ(refusal_of("<<1:99999999999999999999>>"),
            "line 1, column 5: the size of a segment is up to 65536 bits, not '99999999999999999999'");
  EXPECT_EQ(
      refusal_of("[<9211.5.6>]"),
      "line 1, column 2: the number of another node means nothing but to the VM that printed it; write the node's "
      "name and creation, as in <'b@host'/1.2.3>");
  EXPECT_EQ(refusal_of("#Fun<m.1.2>"),
            "line 1, column 1: a fun cannot be read from text, which lacks most of it; but an export can: fun "
            "module:name/1");
  EXPECT_EQ(refusal_of("fun f/1"), "line 1, column 6: ':' behind the module of a fun is expected, not '/'");
}

TEST(Parse, RefusesWhatIsNoTerm) {
  for (const char* text : {"}",
                           "]",
                           "[|a]",
                           "[a|]",
                           "[a|b|c]",
                           "[a|[b]|c]",
                           "{]",
                           "[}",
                           "#{]",
                           "#{a=>}",
                           "#{=>1}",
                           "{,a}",
                           ",",
                           "a,b",
                           "-a",
                           "--1",
                           "$",
                           "$\\",
                           "\"\\x{110000}\"",
                           "\"\\xg\"",
                           "<0.1>",
                           "<1.2.3>",
                           "<0.4294967296.0>",
                           "#Foo<1>",
                           "#Ref<0>",
                           "#Ref<0.1.2.3.4.5.6>",
                           "#Ref<0.4294967296>",
                           "#Ref<0.1",
                           "#Port<0.1.2>",
                           "#Port<0.9223372036854775808>",
                           "<a@b.1.2>",
                           "<a@b/1.2>",
                           "<a@b/4294967296.1.2>",
                           "<'a'/1.1.2",
                           "fun",
                           "fun a",
                           "fun a:b",
                           "fun a:b/256",
                           "fun a:b/-1",
                           "fun a:B/1",
                           "#",
                           "1_",
                           "1__0",
                           "<<1",
                           "<<1,>>",
                           "<<a>>",
                           "<<1.5>>",
                           "<<1:-1>>",
                           "<<\"a\"/binary>>",
                           "'a",
                           "X",
                           "_",
                           "@",
                           "\xC3",
                           "[a|b",
                           "f(x)",
                           "1.e5",
                           "a..",
                           "16#g"}) {
    EXPECT_NE(refusal_of(text).substr(0, 4), "acce") << text;
  }
}

TEST(Parse, RefusesAnAtomThatIsTooLong) {
  EXPECT_EQ(refusal_of(std::string(256, 'a')).substr(0, 16), "line 1, column 1");
}

}  // namespace
}  // namespace heirloom
