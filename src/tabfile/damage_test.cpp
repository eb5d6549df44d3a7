// SPDX-License-Identifier: Apache-2.0
//
// Strategy: small files with every possible damage of a kind; verified, each is refused or holds the very objects. And what each reason
// is given for. What of a damaged file is loaded otherwise is compared with Erlang (tests/oracle/tabfile_test.cpp).
#include "tabfile/format.hpp"
#include "tabfile/table_file_fixture.hpp"

namespace heirloom::tabfile {
namespace {

using namespace literals;

class Damage : public TableFileTest {
 protected:
  static std::string framed(const std::string& term) {
    const std::string size = size_bytes(static_cast<std::uint32_t>(term.size()));
    return size + std::string(kItemMagic) + (term.size() >= kLongItemBytes ? sum_of_size(size) : "") + term;
  }
  static std::string item(const char* text) { return framed(to_external(parse(text))); }
  static std::string head() { return std::string(kLogMagic) + std::string(kClosed); }
  static std::string header(const char* more = "") {
    const std::string pairs = "{{name,t},{type,set},{protection,public},{named_table,true},{keypos,1},{size,2}";
    return head() + item((pairs + more + '}').c_str());
  }

  std::optional<Term> reason_of_bytes(const std::string& bytes, bool verify = true) {
    write(bytes);
    return reason_of_loading({.verify = verify});
  }
  std::size_t objects_of(const std::string& bytes) {
    write(bytes);
    Table table = file2tab(*node_, file(), {.progress = [&](const TableFileProgress& now) { done_ = now; }});
    const std::size_t size = table.size();
    table.drop();
    EXPECT_EQ(done_.objects, size);
    return size;
  }

  TableFileProgress done_;  // of objects_of()
};

TEST_F(Damage, EachBitOfASummedFileIsFoundOrHarmless) {
  Table table = table_of(5);
  tab2file(table, file(), {.object_count = true, .md5sum = true});
  const std::vector<Term> objects = sorted(table);
  table.drop();
  const std::string whole = bytes();
  std::size_t harmless = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    write(damaged);
    try {
      Table loaded = file2tab(*node_, file(), {.verify = true});
      EXPECT_EQ(sorted(loaded), objects) << "bit " << bit;
      loaded.drop();
      ++harmless;
    } catch (const TableFileError&) {
    }
  }
  // Those of the names in extended_info.
  EXPECT_LT(harmless, 8 * std::string("object_countmd5sumextended_info").size());
  EXPECT_TRUE(node_->tables().empty());
}

TEST_F(Damage, AnyCutIsFoundWhereTheFileIsVerified) {
  Table table = table_of(300);
  for (const bool proof : {true, false}) {
    tab2file(table, file(), {.object_count = proof, .md5sum = proof});
    const std::string whole = bytes();
    for (std::size_t size = 0; size < whole.size(); size += size < 1500 || size + 100 > whole.size() ? 1 : 97) {
      write(whole.substr(0, size));
      ASSERT_NE(reason_of([&] { file2tab(*node_, file(), {.verify = true, .name = "cut"_atom}); }), std::nullopt)
          << size;
    }
  }
  EXPECT_EQ(node_->tables().size(), 1U);
}

TEST_F(Damage, GetsTheReasonThatErlangGives) {
  const std::string two = item("{1}") + item("{2}");
  EXPECT_EQ(reason_of_bytes(header() + two), std::nullopt);
  EXPECT_EQ(reason_of_bytes(header() + item("{1}")), Term("invalid_object_count"_atom));
  EXPECT_NE(what_.find("there are 1 objects, and the file says 2"), std::string::npos) << what_;
  EXPECT_EQ(reason_of_bytes(header(",{extended_info,[object_count]}") + two), Term("badfile"_atom));
  EXPECT_NE(what_.find("the end is missing"), std::string::npos) << what_;
  const std::string counted = header(",{extended_info,[object_count]}") + two;
  EXPECT_EQ(reason_of_bytes(counted + item("['$end_of_table',[{count,2}]]")), std::nullopt);
  EXPECT_EQ(reason_of_bytes(counted + item("['$end_of_table',[{count,3}]]")), Term("invalid_object_count"_atom));
  const std::string summed = header(",{extended_info,[md5sum]}") + two;
  EXPECT_EQ(reason_of_bytes(summed + item("['$end_of_table',[{md5,<<\"0123456789abcdef\">>}]]")),
            Term("checksum_error"_atom));
  EXPECT_NE(what_.find("and the file says 30313233343536373839616263646566"), std::string::npos) << what_;
  EXPECT_EQ(reason_of_bytes(header(",{major_version,2}"), false), parse("{unsupported_file_version,{2,0}}"));
  EXPECT_EQ(code_, ErrorCode::layout);
  EXPECT_EQ(reason_of_bytes(head() +
                            item("{{name,t},{type,none},{protection,public},{named_table,true},{keypos,1},{size,2}}")),
            Term("cannot_create_table"_atom));
  EXPECT_EQ(code_, ErrorCode::badarg);
  const std::string own =
      "{{name,t},{type,{max_bytes,1048576}},{protection,public},{named_table,true},{keypos,1},{size,2}}";
  EXPECT_EQ(reason_of_bytes(head() + item(own.c_str())), Term("cannot_create_table"_atom));
  EXPECT_EQ(reason_of_bytes(head() + item("{{name,t}}")), Term("badfile"_atom));
  EXPECT_EQ(reason_of_bytes(head()), Term("badfile"_atom));
  EXPECT_EQ(reason_of_bytes(header() + item("a") + two, false), Term("badfile"_atom));
  const Term no_log{"read_error"_atom, {"not_a_log_file"_atom, Term()}};
  for (const std::string& bytes :
       {std::string(), std::string("\1\2\3"), std::string("\1\2\3\4cXM\1"), std::string("hello, world")})
    EXPECT_EQ(Term(reason_of_bytes(bytes)->element(2).element(1)), Term("not_a_log_file"_atom));
}

TEST_F(Damage, IsSkippedWhereTheFileIsNotVerified) {
  const std::string two = item("{1}") + item("{2}");
  const std::string no_term = framed("\x83\xff");
  EXPECT_EQ(objects_of(header() + two), 2U);
  EXPECT_EQ(done_.bytes_skipped, 0U);
  EXPECT_EQ(objects_of(std::string(kLogMagic) + std::string(kOpened) + (header() + two).substr(8)), 2U);
  EXPECT_EQ(objects_of(header() + item("{1}") + no_term + item("{2}")), 2U);
  EXPECT_EQ(done_.bytes_skipped, no_term.size());
  EXPECT_EQ(objects_of(header() + item("{1}") + "twelve bytes" + item("{2}")), 2U);
  EXPECT_EQ(done_.bytes_skipped, 12U);
  EXPECT_EQ(objects_of(header() + item("{1}") + item("{2}").substr(0, 12)), 1U);
  EXPECT_EQ(done_.bytes_skipped, 12U);
  // More than a hundred bytes that are nothing, at the beginning of what is read at a time, are the end.
  EXPECT_EQ(objects_of(header() + std::string(120, 'x') + two), 0U);
  EXPECT_EQ(done_.bytes_skipped, 120 + two.size());
  EXPECT_EQ(reason_of_bytes(header() + item("{1}") + no_term + item("{2}")), Term("badfile"_atom));
}

TEST_F(Damage, AClaimIsBelievedWhenTheBytesAreThere) {
  const std::string size = size_bytes(0xFFFFFFF0);
  const std::string claim = size + std::string(kItemMagic) + sum_of_size(size);
  EXPECT_EQ(objects_of(header() + item("{1}") + claim + std::string(1000, 'x')), 1U);
  // A file with a hole takes no room, and what is read of it would.
  write(header() + claim);
  std::filesystem::resize_file(file(), std::uint64_t{5} << 30);
  EXPECT_EQ(reason_of_loading({.limits = {.memory_bytes_max = 1 << 20}}), Term("system_limit"_atom));
  EXPECT_NE(what_.find("the item has 4294967304 bytes, and 1048576 is the most"), std::string::npos) << what_;
}

TEST_F(Damage, OfALongItemsHeadAtTheEndOfTheFileIsTheEnd) {
  const std::string size = size_bytes(100000);
  const std::string claim = size + std::string(kItemMagic) + sum_of_size(size);
  for (std::size_t bytes = 8; bytes <= claim.size(); ++bytes) {
    EXPECT_EQ(objects_of(header() + item("{1}") + claim.substr(0, bytes)), 1U) << bytes;
    EXPECT_EQ(reason_of_bytes(header() + item("{1}") + claim.substr(0, bytes)), Term("badfile"_atom)) << bytes;
  }
}

}  // namespace
}  // namespace heirloom::tabfile
