// SPDX-License-Identifier: Apache-2.0
#include "shell/session.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "command.hpp"
#include "shell/functions.hpp"

namespace heirloom::cli::shell {

using namespace literals;

namespace {

constexpr std::size_t kResultsMax = 20;  // as in Erlang's shell
constexpr std::string_view kBlanks = " \t\r\n";

// Functions of ets that take a fun, which Ets does not have.
constexpr std::array<Ets::Function, 4> kOfFuns{{{"foldl", 3}, {"foldr", 3}, {"fun2ms", 1}, {"init_table", 2}}};

// Whether an argument of a function of ets is a match specification, and may be written as a fun.
bool takes_spec(std::string_view function, std::size_t index) {
  if (function == "match_spec_compile") return index == 0;
  return index == 1 && (function.starts_with("select") || function == "match_spec_run" || function == "test_ms");
}

Table table_of(const Ets& ets, const Evaluator::Value& name) {
  if (!name.term().is_atom())
    throw Error(ErrorCode::badarg, "call a function", "the name of a table is expected, not " + name.text());
  return ets.node().open_table(name.term().as_atom());
}

// `fun() -> [Object, ...]` until it is end_of_input; as ets has it, {Objects,NextFun} and fun(close), would need a fun in a tuple.
std::optional<std::vector<Term>> read_objects(const Evaluator& evaluator, const Evaluator::Fun& read) {
  const std::array<Evaluator::Value, 1> argument{Term("read"_atom)};
  const Term answer = evaluator.apply(read, std::span(argument).first(read.arity() == 0 ? 0 : 1)).term();
  if (answer == Term("end_of_input"_atom)) return std::nullopt;
  std::vector<Term> objects;
  for (const TermView object : answer.elements()) objects.emplace_back(object);
  return objects;
}

}  // namespace

Session::Session(Node node) : ets_(std::move(node)), evaluator_([this](const Call& called) { return call(called); }) {}

void Session::run(std::string_view statement) {
  if (forget(statement)) return;
  const auto value = evaluator_.evaluate(statement);
  if (!value) return;
  ++count_;
  results_.push_back(*value);
  if (results_.size() > kResultsMax) results_.pop_front();
  if (!ended_) print(value->text() + '\n');
}

// f(X) takes a variable, not its value: the one function that does.
bool Session::forget(std::string_view statement) {
  std::string text;
  for (const char c : statement) {
    if (kBlanks.find(c) == std::string_view::npos) text += c;
  }
  if (text.ends_with('.')) text.pop_back();
  if (!text.starts_with("f(") || !text.ends_with(')')) return false;
  const std::string name = text.substr(2, text.size() - 3);
  if (name.empty()) {
    evaluator_.forget_all();
  } else if (evaluator_.bindings().contains(name)) {
    evaluator_.forget(name);
  } else {
    throw Error(ErrorCode::badarg, "forget a variable", "there is no variable " + name);
  }
  return true;
}

Session::Value Session::call(const Call& called) {
  const bool no_module = called.module.empty() || called.module == "erlang";
  if (const auto value = call_of(no_module ? "" : called.module, called)) return *value;
  if (called.module.empty()) {
    if (const auto value = call_of("ets", called)) return *value;
  }
  const std::string name = called.module.empty() ? called.function : called.module + ":" + called.function;
  throw Error(ErrorCode::not_found, "call " + name + "/" + std::to_string(called.arguments.size()),
              "there is no such function; help() tells which there are");
}

// Nothing: there is no such function in the module.
std::optional<Session::Value> Session::call_of(std::string_view module, const Call& called) {
  const std::size_t arity = called.arguments.size();
  if (const Function* const found = find_function(module, called.function, arity))
    return found->call(*this, called.arguments);
  const auto is_it = [&](const Ets::Function& each) { return each.name == called.function && each.arity == arity; };
  const auto all = Ets::functions();
  const bool in_ets = std::any_of(all.begin(), all.end(), is_it) || std::any_of(kOfFuns.begin(), kOfFuns.end(), is_it);
  if (module == "ets" && in_ets) return call_ets(called);
  return std::nullopt;
}

Session::Value Session::call_ets(const Call& called) {
  const auto& arguments = called.arguments;
  if (called.function == "fun2ms" && arguments.size() == 1) return arguments[0].fun().to_match_spec();
  if ((called.function == "foldl" || called.function == "foldr") && arguments.size() == 3) {
    const auto step = [&](const Term& object, Value accumulator) {
      const std::array<Value, 2> both{Value(object), std::move(accumulator)};
      return evaluator_.apply(arguments[0].fun(), both);
    };
    const Table table = table_of(ets_, arguments[2]);
    return called.function == "foldl" ? table.foldl(step, arguments[1]) : table.foldr(step, arguments[1]);
  }
  if (called.function == "init_table" && arguments.size() == 2) {
    table_of(ets_, arguments[0]).init_table([&] { return read_objects(evaluator_, arguments[1].fun()); });
    return Term(true);
  }
  std::vector<Term> terms;
  for (const Value& argument : arguments)
    terms.push_back(argument.is_fun() && takes_spec(called.function, terms.size()) ? argument.fun().to_match_spec()
                                                                                   : argument.term());
  return ets_.call(Atom(called.function), terms);
}

std::vector<std::string> Session::completions(std::string_view beginning) const {
  std::set<std::string> found;
  const auto offer = [&](const std::string& word) {
    if (word.starts_with(beginning)) found.insert(word);
  };
  const auto offer_function = [&](std::string_view module, std::string_view name, std::size_t arity) {
    offer(fmt::format("{}{}{}({}", module, module.empty() ? "" : ":", name, arity == 0 ? ")" : ""));
  };
  for (const Function& each : functions()) offer_function(each.module, each.name, each.arity);
  for (const Ets::Function& each : Ets::functions()) {
    offer_function("ets", each.name, each.arity);
    offer_function("", each.name, each.arity);
  }
  for (const Ets::Function& each : kOfFuns) offer_function("ets", each.name, each.arity);
  for (const auto& [name, value] : evaluator_.bindings()) offer(name);
  for (const TableInfo& table : ets_.node().tables()) offer(to_string(Term(table.name)));
  return {found.begin(), found.end()};
}

}  // namespace heirloom::cli::shell
