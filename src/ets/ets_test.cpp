// SPDX-License-Identifier: Apache-2.0
//
// The functions of ets by name: what is read from terms and said in terms. What tables do is the business of src/node, and that all of
// it is as in Erlang that of tests/oracle, which calls these functions.
#include "heirloom/ets.hpp"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "heirloom/heirloom.hpp"

#include "base/error_fixture.hpp"
#include "node/node_directory_fixture.hpp"

namespace heirloom {
namespace {

using namespace literals;

class EtsFunctions : public node::NodeDirectoryTest {
 protected:
  // ets:Function(Arguments...), both as text: call("insert", "[users, {alice, 41}]").
  std::string call(const char* function, const std::string& arguments) {
    const Term list = parse(arguments);
    std::vector<Term> terms;
    for (const TermView argument : list.elements()) terms.emplace_back(argument);
    return to_string(ets_.call(Atom(function), terms));
  }
  ErrorCode refused(const char* function, const std::string& arguments) {
    return code_of([&] { call(function, arguments); });
  }

  Ets ets_{Node::open(node())};
};

TEST_F(EtsFunctions, MakeChangeAndTellOfATable) {
  EXPECT_EQ(call("new", "[users, [ordered_set, public, named_table]]"), "users");
  EXPECT_EQ(call("all", "[]"), "[users]");
  EXPECT_EQ(call("whereis", "[users]"), "users");
  EXPECT_EQ(call("whereis", "[others]"), "undefined");
  EXPECT_EQ(call("insert", "[users, [{alice, 41}, {bob, 23}]]"), "true");
  EXPECT_EQ(call("insert_new", "[users, {bob, 24}]"), "false");
  EXPECT_EQ(call("lookup", "[users, alice]"), "[{alice,41}]");
  EXPECT_EQ(call("lookup_element", "[users, bob, 2]"), "23");
  EXPECT_EQ(call("lookup_element", "[users, carol, 2, none]"), "none");
  EXPECT_EQ(call("update_counter", "[users, bob, 2]"), "25");
  EXPECT_EQ(call("update_counter", "[users, bob, [{2, 1}, {2, 10, 30, 0}]]"), "[26,0]");
  EXPECT_EQ(call("update_counter", "[users, carol, {2, 1}, {new, 7}]"), "8");
  EXPECT_EQ(call("update_element", "[users, bob, {2, x}]"), "true");
  EXPECT_EQ(call("update_element", "[users, dave, {2, x}, {new, 1}]"), "true");
  EXPECT_EQ(call("info", "[users, size]"), "4");
  EXPECT_EQ(call("info", "[others]"), "undefined");
  EXPECT_EQ(call("take", "[users, dave]"), "[{dave,x}]");
  EXPECT_EQ(call("delete", "[users, carol]"), "true");
  EXPECT_EQ(call("delete_object", "[users, {bob, y}]"), "true");
  EXPECT_EQ(call("tab2list", "[users]"), "[{alice,41},{bob,x}]");
  EXPECT_EQ(call("rename", "[users, people]"), "people");
  EXPECT_EQ(call("delete_all_objects", "[people]"), "true");
  EXPECT_EQ(call("delete", "[people]"), "true");
  EXPECT_EQ(call("all", "[]"), "[]");
}

TEST_F(EtsFunctions, Traverse) {
  call("new", "[t, [ordered_set]]");
  EXPECT_EQ(call("first", "[t]"), "'$end_of_table'");
  call("insert", "[t, [{1}, {2}]]");
  EXPECT_EQ(call("first", "[t]") + call("next", "[t, 1]") + call("prev", "[t, 2]") + call("last", "[t]"), "1212");
  EXPECT_EQ(call("next_lookup", "[t, 1]"), "{2,[{2}]}");
  EXPECT_EQ(call("prev_lookup", "[t, 1]"), "'$end_of_table'");
  EXPECT_EQ(call("slot", "[t, 0]"), "[{1}]");
  EXPECT_EQ(call("slot", "[t, 2]"), "'$end_of_table'");
  EXPECT_EQ(refused("slot", "[t, -1]"), ErrorCode::badarg);
  EXPECT_EQ(call("safe_fixtable", "[t, true]"), "true");
  EXPECT_EQ(refused("safe_fixtable", "[t, yes]"), ErrorCode::badarg);
}

TEST_F(EtsFunctions, SelectInChunksWhoseContinuationsAreTerms) {
  call("new", "[t, [ordered_set]]");
  call("insert", "[t, [{1, a}, {2, b}, {3, a}]]");
  EXPECT_EQ(call("select", "[t, [{{'$1',a},[],['$1']}]]"), "[1,3]");
  EXPECT_EQ(call("select_reverse", "[t, [{{'$1',a},[],['$1']}]]"), "[3,1]");
  EXPECT_EQ(call("match", "[t, {'$1', b}]"), "[[2]]");
  const Term first = ets_.call("match_object"_atom, {"t"_atom, parse("{'_', a}"), 1});
  EXPECT_EQ(to_string(first.element(1)), "[{1,a}]");
  const Term second = ets_.call("match_object"_atom, {Term(first.element(2))});
  EXPECT_EQ(to_string(second.element(1)), "[{3,a}]");
  const Term end = ets_.call("select"_atom, {Term(second.element(2))});
  EXPECT_EQ(end, Term("$end_of_table"_atom));
  EXPECT_EQ(ets_.call("select"_atom, {end}), end);
  EXPECT_EQ(call("select", "[t, [{'_',[],[1]}], 9]"), "{[1,1,1],'$end_of_table'}");
  EXPECT_EQ(refused("select", "[t, [{'_',[],[1]}], 0]"), ErrorCode::badarg);
  EXPECT_EQ(refused("select", "[nonsense]"), ErrorCode::badarg);
  EXPECT_EQ(call("select_count", "[t, [{{'_',a},[],[true]}]]"), "2");
  EXPECT_EQ(call("select_replace", "[t, [{{'$1',a},[],[{{'$1',c}}]}]]"), "2");
  EXPECT_EQ(call("select_delete", "[t, [{{'_',c},[],[true]}]]"), "2");
  EXPECT_EQ(call("match_delete", "[t, '_']"), "true");
  EXPECT_EQ(call("test_ms", "[{a, 1}, [{{'_','$1'},[],['$1']}]]"), "{ok,1}");
  EXPECT_EQ(call("test_ms", "[{a}, [{{'_','$1'},[],['$1']}]]"), "{ok,false}");
  EXPECT_EQ(call("test_ms", "[{a}, [{{'_'},[],['$1']}]]"), "{error,[{error,\"Variable $1 is unbound.\"}]}");
  EXPECT_EQ(call("match_spec_run", "[[{1}, {2}, 3], [{{'$1'},[],['$1']}]]"), "[1,2]");
}

TEST_F(EtsFunctions, OwnATable) {
  call("new", "[t, []]");
  register_name("keeper"_atom);
  EXPECT_EQ(call("setopts", "[t, [{heir, keeper, data}, {protection, public}]]"), "true");
  EXPECT_EQ(call("info", "[t, protection]"), "public");
  EXPECT_EQ(refused("setopts", "[t, {protection, private, 1}]"), ErrorCode::badarg);
  EXPECT_EQ(refused("setopts", "[t, [{heir, none}, compressed]]"), ErrorCode::badarg);
  EXPECT_EQ(refused("setopts", "[t, [{heir, none}, {heir, none}]]"), ErrorCode::badarg);
  for (const char* none : {"set", "compressed", "{heir, none}", "1"})
    EXPECT_EQ(refused("setopts", std::string("[t, {protection, ") + none + "}]"), ErrorCode::badarg) << none;
  EXPECT_EQ(call("info", "[t, protection]"), "public");
  EXPECT_EQ(call("info", "[t, heir]"), "keeper") << "nothing is set when one of them is wrong";
  EXPECT_EQ(refused("give_away", "[t, keeper, gift]"), ErrorCode::owner);
}

TEST_F(EtsFunctions, KeepTablesInFiles) {
  const std::string file = "\"" + (base() / "t.tab").string() + "\"";
  call("new", "[t, [bag]]");
  call("insert", "[t, [{a, 1}, {a, 2}]]");
  EXPECT_EQ(call("tab2file", "[t, " + file + ", [{extended_info, [md5sum]}]]"), "ok");
  EXPECT_EQ(call("file2tab", "[" + file + "]"), "{error,cannot_create_table}");
  call("delete", "[t]");
  EXPECT_EQ(call("tab2file", "[t, " + file + "]"), "{error,badtab}");
  EXPECT_EQ(call("file2tab", "[" + file + ", [{verify, true}]]"), "{ok,t}");
  EXPECT_EQ(call("lookup", "[t, a]"), "[{a,1},{a,2}]");
  EXPECT_EQ(call("tabfile_info", "[" + file + "]").substr(0, 20), "{ok,[{name,t},{type,");
  EXPECT_EQ(refused("tabfile_info", "[{no, name}]"), ErrorCode::badarg);
  EXPECT_EQ(refused("tabfile_info", "[[300, 55296]]"), ErrorCode::badarg);
  EXPECT_EQ(call("tabfile_info", "['/dev/nowhere']"), "{error,{read_error,{file_error,\"/dev/nowhere\",enoent}}}");
}

TEST_F(EtsFunctions, RefuseWhatTheyDoNotTake) {
  call("new", "[t, []]");
  EXPECT_EQ(refused("lookup", "[t]"), ErrorCode::not_found);
  EXPECT_EQ(refused("nothing", "[]"), ErrorCode::not_found);
  EXPECT_EQ(refused("lookup", "[others, 1]"), ErrorCode::id);
  EXPECT_EQ(refused("lookup", "[1, 1]"), ErrorCode::badarg);
  EXPECT_EQ(refused("insert", "[t, alice]"), ErrorCode::badarg);
  EXPECT_EQ(refused("lookup_element", "[t, a, b]"), ErrorCode::badarg);
  EXPECT_EQ(refused("slot", "[others, -1]"), ErrorCode::id);
  EXPECT_EQ(refused("update_element", "[others, a, foo]"), ErrorCode::id);
  // What is absent comes first.
  EXPECT_EQ(call("update_element", "[t, a, foo]"), "false");
  EXPECT_EQ(refused("update_counter", "[t, a, {a, 1}]"), ErrorCode::badkey);
  EXPECT_EQ(refused("update_counter", "[t, a, {a, 1}, {a, 1}]"), ErrorCode::badarg);
  call("insert", "[t, {a, 1}]");
  EXPECT_EQ(refused("update_counter", "[t, a, {1, 2, 3}]"), ErrorCode::badarg);
  EXPECT_EQ(refused("update_counter", "[t, a, [1, 2]]"), ErrorCode::badarg);
  EXPECT_EQ(refused("update_counter", "[t, a, {18446744073709551616, 2}]"), ErrorCode::badarg);
  EXPECT_EQ(refused("update_element", "[t, a, [{2, 3} | 4]]"), ErrorCode::badarg);
  EXPECT_EQ(refused("new", "[u, [{keypos, 0}]]"), ErrorCode::badarg);
}

TEST_F(EtsFunctions, ActOnATableThatIsOpen) {
  Table table = ets_.node().open_table(Atom(call("new", "[t, []]")));
  EXPECT_EQ(ets_.call(table, "insert"_atom, std::vector{Term{1, 2}}), Term(true));
  EXPECT_EQ(to_string(ets_.call(table, "tab2list"_atom, {})), "[{1,2}]");
}

TEST_F(EtsFunctions, AreListedInOrder) {
  const auto all = Ets::functions();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& left, const auto& right) {
    return std::tie(left.name, left.arity) < std::tie(right.name, right.arity);
  }));
  EXPECT_EQ(all.front().name, "all");
  EXPECT_EQ(all.back().name, "whereis");
}

}  // namespace
}  // namespace heirloom
