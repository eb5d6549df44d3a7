// SPDX-License-Identifier: Apache-2.0
//
// The options as Erlang's lists, and its reasons for lists that are none.
#include "tabfile/table_file_fixture.hpp"

namespace heirloom::tabfile {
namespace {

using TableFileOptions = TableFileTest;

TEST_F(TableFileOptions, OfSavingAreReadAsByErlang) {
  const Tab2File none = tab2file_options(list({}));
  EXPECT_FALSE(none.sync || none.object_count || none.md5sum);
  const Tab2File all =
      tab2file_options(parse("[{sync,true},{extended_info,[md5sum,object_count,md5sum]},{sync,false}]"));
  EXPECT_TRUE(all.sync && all.object_count && all.md5sum);
  const auto reason = [&](const char* text) {
    return reason_of([&] { static_cast<void>(tab2file_options(parse(text))); });
  };
  EXPECT_EQ(reason("foo"), parse("{malformed_option,foo}"));
  EXPECT_EQ(reason("[foo|bar]"), parse("{unknown_option,foo}"));
  EXPECT_EQ(reason("[{sync,true}|bar]"), parse("{malformed_option,bar}"));
  EXPECT_EQ(reason("[{sync,yes}]"), parse("{unknown_option,{sync,yes}}"));
  EXPECT_EQ(reason("[{extended_info,[a]}]"), parse("{unknown_option,[{extended_info,[a]}]}"));
  EXPECT_EQ(reason("[{extended_info,a}]"), parse("{malformed_option,a}"));
  EXPECT_EQ(reason("[{extended_info,[md5sum|a]}]"), parse("{malformed_option,a}"));
  EXPECT_EQ(reason("[{extended_info,[md5sum]},{extended_info,[md5sum]}]"),
            parse("{unknown_option,{extended_info,[md5sum]}}"));
  EXPECT_EQ(code_, ErrorCode::badarg);
}

TEST_F(TableFileOptions, OfLoadingAreReadAsByErlang) {
  const Table table = table_of(0);
  EXPECT_FALSE(file2tab_options(*node_, list({})).verify);
  EXPECT_TRUE(file2tab_options(*node_, parse("[{verify,true},{verify,false}]")).verify);
  EXPECT_EQ(file2tab_options(*node_, parse("[{table,[]},{table,table}]")).table->id(), table.id());
  const auto reason = [&](const char* text) {
    return reason_of([&] { static_cast<void>(file2tab_options(*node_, parse(text))); });
  };
  EXPECT_EQ(reason("foo"), parse("{malformed_option,foo}"));
  EXPECT_EQ(reason("[foo]"), parse("{unknown_option,foo}"));
  EXPECT_EQ(reason("[{verify,true}|a]"), parse("{malformed_option,a}"));
  EXPECT_EQ(reason("[{table,table},{table,table}]"), parse("{unknown_option,{table,table}}"));
  EXPECT_EQ(reason("[{table,other}]"), parse("badarg"));
  EXPECT_EQ(what_, "read the options of file2tab: there is no table other (badarg)");
}

}  // namespace
}  // namespace heirloom::tabfile
