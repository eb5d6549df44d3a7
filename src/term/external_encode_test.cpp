// SPDX-License-Identifier: Apache-2.0
//
// Terms as bytes, as OTP 25's term_to_binary(T, [{minor_version, 2}]) writes them. tests/oracle asks Erlang itself.
#include <string>

#include <gtest/gtest.h>

#include "heirloom/external.hpp"

#include "term/fun_fixture.hpp"
#include "term/hex_fixture.hpp"

namespace heirloom::term {
namespace {

using namespace literals;

std::string hex_of(std::string_view text) { return to_hex(to_external(parse(text))); }

std::string head_of(const Term& term) { return to_hex(to_external(term)).substr(0, 16); }

TEST(ToExternal, WritesIntegersInTheShortestForm) {
  EXPECT_EQ(hex_of("0"), "836100");
  EXPECT_EQ(hex_of("255"), "8361ff");
  EXPECT_EQ(hex_of("256"), "836200000100");
  EXPECT_EQ(hex_of("-1"), "8362ffffffff");
  EXPECT_EQ(hex_of("2147483647"), "83627fffffff");
  EXPECT_EQ(hex_of("2147483648"), "836e040000000080");
  EXPECT_EQ(hex_of("-2147483648"), "836280000000");
  EXPECT_EQ(hex_of("-2147483649"), "836e040101000080");
  EXPECT_EQ(hex_of("18446744073709551616"), "836e0900000000000000000001");
  EXPECT_EQ(hex_of("-340282366920938463463374607431768211456"), "836e11010000000000000000000000000000000001");
  EXPECT_EQ(head_of(parse("16#80" + std::string(508, '0'))), "836eff0000000000");
  EXPECT_EQ(head_of(parse("16#100" + std::string(508, '0'))), "836f000001000000");
}

TEST(ToExternal, WritesFloatsByTheirBits) {
  EXPECT_EQ(hex_of("1.5"), "83463ff8000000000000");
  EXPECT_EQ(hex_of("-0.0"), "83468000000000000000");
}

TEST(ToExternal, WritesAtomsInUtf8) {
  EXPECT_EQ(hex_of("alice"), "837705616c696365");
  EXPECT_EQ(hex_of("''"), "837700");
  EXPECT_EQ(hex_of("'\xE6\x97\xA5'"), "837703e697a5");
  std::string longest;
  for (int i = 0; i < 255; ++i) longest += "\xC3\xA9";
  EXPECT_EQ(head_of(Atom(longest)), "837601fec3a9c3a9");
}

TEST(ToExternal, WritesContainers) {
  EXPECT_EQ(hex_of("{}"), "836800");
  EXPECT_EQ(hex_of("{a,1}"), "8368027701616101");
  EXPECT_EQ(hex_of("[]"), "836a");
  EXPECT_EQ(hex_of("[256]"), "836c0000000162000001006a");
  EXPECT_EQ(hex_of("[1|2]"), "836c0000000161016102");
  EXPECT_EQ(hex_of("[[]]"), "836c000000016a6a");
  EXPECT_EQ(hex_of("#{}"), "837400000000");
  EXPECT_EQ(hex_of("#{b => 1, 2 => c, 2.5 => d}"), "83740000000361027701634640040000000000007701647701626101");
  EXPECT_EQ(head_of(tuple(std::vector<Term>(256, 7))), "8369000001006107");
}

TEST(ToExternal, WritesListsOfBytesAsStrings) {
  EXPECT_EQ(hex_of("[1,2]"), "836b00020102");
  EXPECT_EQ(hex_of("\"text\""), "836b000474657874");
  EXPECT_EQ(head_of(list(std::vector<Term>(65535, 7))), "836bffff07070707");
  EXPECT_EQ(head_of(list(std::vector<Term>(65536, 7))), "836c000100006107");
}

TEST(ToExternal, WritesBinariesAndBitstrings) {
  EXPECT_EQ(hex_of("<<>>"), "836d00000000");
  EXPECT_EQ(hex_of("<<\"abc\">>"), "836d00000003616263");
  EXPECT_EQ(hex_of("<<5:3>>"), "834d0000000103a0");
  EXPECT_EQ(hex_of("<<1,5:3>>"), "834d000000020301a0");
}

TEST(ToExternal, WritesPidsReferencesAndPorts) {
  EXPECT_EQ(hex_of("<a@b/1.4294967295.6>"), "83587703614062ffffffff0000000600000001");
  EXPECT_EQ(hex_of("#Port<a@b/3.268435455>"),
            "83597703614062"
            "0fffffff00000003");
  EXPECT_EQ(hex_of("#Port<a@b/3.268435456>"),
            "83787703614062"
            "000000001000000000000003");
  EXPECT_EQ(hex_of("#Ref<a@b/3.7>"),
            "835a00017703614062"
            "0000000300000007");
  EXPECT_EQ(hex_of("#Ref<a@b/3.5.4.3.2.1>"),
            "835a00057703614062"
            "000000030000000100000002000000030000000400000005");
}

TEST(ToExternal, WritesItsOwnAsThoseOfHeirloomAtLocalhost) {
  const std::string node = "7712" + to_hex("heirloom@localhost");
  EXPECT_EQ(hex_of("<0.3.7>"), "8358" + node + "000000030000000700000001");
  EXPECT_EQ(hex_of("#Port<0.5>"), "8359" + node + "0000000500000001");
  EXPECT_EQ(hex_of("#Ref<0.1.2.3>"), "835a0003" + node + "00000001000000030000000200000001");
}

TEST(ToExternal, WritesFuns) {
  EXPECT_EQ(hex_of("fun lists:map/2"), "837177056c6973747377036d61706102");
  const Term fun =
      fun_of({"m"_atom, 7, 19088743, 2, 7, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10",
              parse("<a@b/1.5.6>"), 9});
  EXPECT_EQ(to_hex(to_external(fun)),
            "83700000003b020102030405060708090a0b0c0d0e0f10000000070000000177016d61076201234567"
            "5877036140620000000500000006000000016109");
}

TEST(ToExternal, CompressesWhereThatIsNoLonger) {
  const Term fourteen(std::string(14, 'a'));
  const Term fifteen(std::string(15, 'a'));
  EXPECT_EQ(to_external(fourteen, {.compression = 6}), to_external(fourteen));
  EXPECT_EQ(to_hex(to_external(fifteen, {.compression = 6})).substr(0, 20), "835000000014789ccb65");
  EXPECT_EQ(from_external(to_external(fifteen, {.compression = 9})), fifteen);
  EXPECT_THROW((void)to_external(fifteen, {.compression = 10}), Error);
  EXPECT_THROW((void)to_external(fifteen, {.compression = -1}), Error);
}

}  // namespace
}  // namespace heirloom::term
