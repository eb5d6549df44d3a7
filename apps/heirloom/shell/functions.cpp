// SPDX-License-Identifier: Apache-2.0
#include "shell/functions.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <sstream>

#include <fmt/format.h>

#include "command.hpp"
#include "table_list.hpp"
#include "viewer.hpp"

namespace heirloom::cli::shell {

using namespace literals;
using Value = Evaluator::Value;

// What the functions may touch of a session.
struct Functions {
  using Arguments = std::span<const Value>;

  // -- what they take --

  static const Term& atom_of(const Value& value) {
    if (!value.term().is_atom()) refuse("an atom", value);
    return value.term();
  }
  static std::int64_t integer_of(const Value& value) {
    if (!value.term().is_integer()) refuse("an integer", value);
    return value.term().as_int64();
  }
  [[noreturn]] static void refuse(const std::string& expected, const Value& found) {
    throw Error(ErrorCode::badarg, "call a function", "expected " + expected + ", found " + found.text());
  }
  static Table table_of(Session& session, const Value& name) {
    return session.ets_.node().open_table(atom_of(name).as_atom());
  }

  // -- the shell's own --

  static Value help(Session&, Arguments) {
    std::string text =
        "Erlang's expressions, with or without a full stop: X = 1 + 2, ets:lookup(users, alice), [H | T] = L, fun({K, "
        "V}) -> K end.\n"
        "A fun is a match specification where ets takes one: ets:select(users, fun({N, A}) when A > 30 -> N end).\n"
        "The functions of ets also go without `ets:`. Tab completes names; Ctrl-C drops a line, or ends the shell in "
        "the\n"
        "middle of a statement; Ctrl-D ends it.\n\n";
    for (const Function& each : functions()) {
      const std::string call =
          fmt::format("{}{}{}({})", each.module, each.module.empty() ? "" : ":", each.name, each.arguments);
      text += fmt::format("  {:<36} {}\n", call, each.does);
    }
    text += "\n  ets:";
    std::string_view last;
    std::size_t column = 6;
    for (const Ets::Function& each : Ets::functions()) {
      if (each.name == last) continue;
      last = each.name;
      if (column + each.name.size() > 100) {
        text += "\n      ";
        column = 6;
      }
      text += fmt::format(" {}", each.name);
      column += each.name.size() + 1;
    }
    text += "\n       foldl foldr fun2ms init_table\n";
    return said(text);
  }

  static Value quit(Session& session, Arguments) {
    session.ended_ = true;
    return Term("ok"_atom);
  }

  static Value bindings(Session& session, Arguments) {
    std::string text;
    for (const auto& [name, value] : session.evaluator_.bindings())
      text += fmt::format("{} = {}\n", name, value.text());
    return said(text);
  }

  static Value result(Session& session, Arguments arguments) {
    const std::int64_t wanted = integer_of(arguments[0]);
    const auto count = static_cast<std::int64_t>(session.count_);
    const auto kept = static_cast<std::int64_t>(session.results_.size());
    const std::int64_t back = wanted < 0 ? -wanted : count + 1 - wanted;
    if (wanted == 0 || back < 1 || back > kept)
      throw Error(ErrorCode::badarg, "find a result",
                  fmt::format("there is none of number {}; the last {} are kept", wanted, kept));
    return session.results_[static_cast<std::size_t>(kept - back)];
  }

  static Value flush(Session&, Arguments) {
    std::string text;
    while (const auto transfer = receive_transfer(std::chrono::milliseconds(0))) {
      text += fmt::format(
          "{}\n", to_string(Term{"ETS-TRANSFER"_atom, transfer->table.name(), transfer->from, transfer->gift_data}));
    }
    while (const auto message = receive(std::chrono::milliseconds(0))) text += to_string(*message) + '\n';
    return said(text);
  }

  static Value own_pid(Session&, Arguments) { return Term(self()); }
  static Value node_name(Session&, Arguments) {
    const Term own(self());
    return Term(Atom(own.node_name()));
  }
  static Value find_name(Session&, Arguments arguments) {
    const auto pid = whereis(atom_of(arguments[0]).as_atom());
    return pid ? Term(*pid) : Term("undefined"_atom);
  }
  static Value register_own(Session&, Arguments arguments) {
    register_name(atom_of(arguments[0]).as_atom());
    return Term(true);
  }
  // pid(0, 1, 2) is <0.1.2>.
  static Value pid(Session&, Arguments arguments) {
    return parse(
        fmt::format("<{}.{}.{}>", integer_of(arguments[0]), integer_of(arguments[1]), integer_of(arguments[2])));
  }
  static Value send_message(Session&, Arguments arguments) {
    const Term& to = arguments[0].term();
    if (to.is_pid()) {
      send(to.as_pid(), arguments[1].term());
    } else {
      send(atom_of(arguments[0]).as_atom(), arguments[1].term());
    }
    return arguments[1];
  }

  static Value list_tables(Session& session, Arguments) {
    print_tables(session.ets_.node().tables());
    return said("");
  }
  // Its commands come from standard input, as the statements do.
  static Value view(Session& session, Arguments arguments) {
    Table table = table_of(session, arguments[0]);
    if (Viewer(table, page_size()).run() == Viewer::End::kill) table.drop();
    return said("");
  }

  // -- heirloom: what ets does not have --

  static Value create(Session& session, Arguments arguments) {
    Node& node = session.ets_.node();
    const Atom name = atom_of(arguments[0]).as_atom();
    if (node.find_table(name))
      throw Error(ErrorCode::already_exists, "make table", "there is a table \"" + std::string(name.text()) + "\"");
    node.open_or_create(name, table_options(arguments[1].term()));
    return Term(name);
  }
  static Value claim(Session& session, Arguments arguments) {
    const TableInfo info = table_of(session, arguments[0]).info();
    session.ets_.node().open_or_create(info.name,
                                       {.type = info.type, .protection = info.protection, .keypos = info.keypos});
    return owner(session, arguments);
  }
  static Value make_node_table(Session& session, Arguments arguments) {
    table_of(session, arguments[0]).make_node_table(atom_of(arguments[1]).as_atom());
    return Term(true);
  }
  static Value request(Session& session, Arguments arguments) {
    session.ets_.node().request_table(atom_of(arguments[0]).as_atom());
    return Term(true);
  }
  static Value owner(Session& session, Arguments arguments) {
    const auto pid = table_of(session, arguments[0]).owner();
    return pid ? Term(*pid) : Term("none"_atom);
  }
  static Value lineage(Session& session, Arguments arguments) {
    std::ostringstream text;
    for (const Tenure& tenure : table_of(session, arguments[0]).lineage()) text << tenure << '\n';
    return said(text.str());
  }
  static Value check(Session& session, Arguments arguments) {
    const CheckReport report = table_of(session, arguments[0]).check();
    if (report.ok) return Term("ok"_atom);
    std::vector<Term> findings;
    for (const std::string& finding : report.findings) findings.emplace_back(finding);
    return Term{"corrupt"_atom, list(findings)};
  }
  static Value limit(Session& session, Arguments arguments) {
    const std::int64_t bytes = integer_of(arguments[1]);
    table_of(session, arguments[0]).set_max_bytes(bytes < 0 ? 0 : static_cast<std::uint64_t>(bytes));
    return Term(true);
  }
  static Value reclaim(Session& session, Arguments arguments) {
    return table_of(session, arguments[0]).reclaim(), Term(true);
  }
  static Value quarantine(Session& session, Arguments arguments) {
    const Term& cause = arguments[1].term();
    table_of(session, arguments[0]).quarantine(cause.is_binary() ? std::string(cause.as_binary()) : to_string(cause));
    return Term(true);
  }
  static Value release(Session& session, Arguments arguments) {
    return table_of(session, arguments[0]).release(), Term(true);
  }

  static Value said(const std::string& text) {
    print(text);
    return Term("ok"_atom);
  }
};

namespace {

constexpr std::array kFunctions{
    Function{"", "help", 0, "", "this", Functions::help},
    Function{"", "q", 0, "", "end the shell; tables that it owns go to their heirs", Functions::quit},
    Function{"", "b", 0, "", "the variables", Functions::bindings},
    Function{"", "f", 0, "", "forget all variables; f(X): only X", nullptr},
    Function{"", "v", 1, "N", "what statement N was, of the last 20; -1: the last one", Functions::result},
    Function{"", "flush", 0, "", "print, and forget, the messages of this process", Functions::flush},
    Function{"", "self", 0, "", "the pid of this process", Functions::own_pid},
    Function{"", "node", 0, "", "the name of this node", Functions::node_name},
    Function{"", "pid", 3, "A, B, C", "the pid <A.B.C>", Functions::pid},
    Function{"", "register", 1, "Name", "give this process a name", Functions::register_own},
    Function{"", "send", 2, "Process, Message", "to a pid or a name", Functions::send_message},
    Function{"", "whereis_name", 1, "Name", "the pid of a name", Functions::find_name},
    Function{"ets", "i", 0, "", "the tables", Functions::list_tables},
    Function{"ets", "i", 1, "Table", "page through it", Functions::view},
    Function{"heirloom", "create", 2, "Table, Options", "a table that belongs to the node, and now to this process",
             Functions::create},
    Function{"heirloom", "claim", 1, "Table", "own it, if nobody alive does; its owner", Functions::claim},
    Function{"heirloom", "make_node_table", 2, "Table, Name",
             "own table: outlives its owners from now on, by that name", Functions::make_node_table},
    Function{"heirloom", "request", 1, "Table", "ask its owner for it, and wait until this process owns it",
             Functions::request},
    Function{"heirloom", "owner", 1, "Table", "its pid, or none", Functions::owner},
    Function{"heirloom", "lineage", 1, "Table", "the owners so far", Functions::lineage},
    Function{"heirloom", "check", 1, "Table", "ok, or {corrupt,Findings}", Functions::check},
    Function{"heirloom", "limit", 2, "Table, Bytes", "how large it may grow", Functions::limit},
    Function{"heirloom", "reclaim", 1, "Table", "take it from its owner, as if that had died", Functions::reclaim},
    Function{"heirloom", "quarantine", 2, "Table, Cause", "set it aside, whole", Functions::quarantine},
    Function{"heirloom", "release", 1, "Table", "give one that was set aside back", Functions::release},
};

}  // namespace

std::span<const Function> functions() { return kFunctions; }

const Function* find_function(std::string_view module, std::string_view name, std::size_t arity) {
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const Function& each) {
    return each.module == module && each.name == name && each.arity == arity && each.call != nullptr;
  });
  return found == kFunctions.end() ? nullptr : &*found;
}

}  // namespace heirloom::cli::shell
