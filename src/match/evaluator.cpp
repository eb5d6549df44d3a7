// SPDX-License-Identifier: Apache-2.0
#include "heirloom/evaluator.hpp"

#include <algorithm>
#include <utility>

#include "heirloom/error.hpp"
#include "heirloom/match_spec.hpp"

#include "match/builtins.hpp"
#include "match/expression.hpp"
#include "term/lexer.hpp"
#include "term/word.hpp"

namespace heirloom {

using matching::Expression;
using matching::FunClause;
using Value = Evaluator::Value;
using Bindings = std::map<std::string, Value>;

// The clauses are of a text of their own, so that errors in them can say where.
struct Evaluator::Fun::Parts {
  std::string text;
  std::vector<FunClause> clauses;
  Bindings surroundings;
  int height = 1;  // of funs in the surroundings of funs
};

namespace {

constexpr int kCallsMax = 10;     // of funs by funs, also by way of the host
constexpr int kNestingMax = 100;  // of funs in the variables of funs

class Deeper {
 public:
  explicit Deeper(int& depth) noexcept : depth_(depth) { ++depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  ~Deeper() { --depth_; }

 private:
  int& depth_;
};

}  // namespace

// One statement, or one call of a fun, being evaluated.
class Evaluation {
 public:
  Evaluation(const Evaluator& evaluator, std::string_view text, Bindings bindings)
      : evaluator_(evaluator), text_(text), bindings_(std::move(bindings)) {}

  [[nodiscard]] const Bindings& bindings() const noexcept { return bindings_; }

  Value all(const std::vector<Expression>& expressions) {
    Value last = Term();
    for (const Expression& each : expressions) last = value(each);
    return last;
  }

  Value value(const Expression& part) {
    switch (part.kind) {
      case Expression::Kind::literal: return part.value;
      case Expression::Kind::variable: return variable(part);
      case Expression::Kind::tuple: return tuple(terms(part.parts));
      case Expression::Kind::list: return list_of(part);
      case Expression::Kind::map: return map_of(part);
      case Expression::Kind::call: return call(part);
      case Expression::Kind::match: return match(part);
      case Expression::Kind::fun: return fun(part);
      case Expression::Kind::apply: break;
    }
    return application(part);
  }

  // The first clause whose head and guards take the arguments.
  Value apply(const Evaluator::Fun::Parts& fun, std::span<const Value> arguments) {
    const Bindings around = bindings_;
    for (const FunClause& clause : fun.clauses) {
      bindings_ = around;
      if (takes(clause, arguments)) return all(clause.body);
    }
    throw Error(ErrorCode::badarg, "call a fun", "no clause of `" + fun.text + "` takes " + spelling("", arguments));
  }

 private:
  bool takes(const FunClause& clause, std::span<const Value> arguments) {
    // A head's variables are new ones.
    for (const Expression& head : clause.heads) forget_variables(head);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!matches(clause.heads[i], arguments[i])) return false;
    }
    return clause.guards.empty() || std::any_of(clause.guards.begin(), clause.guards.end(),
                                                [this](const auto& guards) { return all_true(guards); });
  }

  // But not those in the keys of its maps.
  void forget_variables(const Expression& pattern) {
    if (pattern.kind == Expression::Kind::variable) bindings_.erase(pattern.name);
    const bool map = pattern.kind == Expression::Kind::map;
    for (std::size_t i = map ? 1 : 0; i < pattern.parts.size(); i += map ? 2 : 1) forget_variables(pattern.parts[i]);
  }

  // What raises an exception is not true.
  bool all_true(const std::vector<Expression>& guards) {
    in_guard_ = true;
    bool all = true;
    try {
      for (const Expression& guard : guards) all = all && value(guard) == Value(Term(true));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::badarg && error.code() != ErrorCode::system_limit) throw;
      all = false;
    }
    in_guard_ = false;
    return all;
  }

  // A guard changes nothing.
  void require_no_guard(const Expression& part, const std::string& what) const {
    if (!in_guard_) return;
    const term::Lexer lexer(text_);
    throw Error(ErrorCode::syntax, "evaluate", lexer.place_of(part.begin) + ": " + what + " is not allowed in a guard");
  }

  Value variable(const Expression& part) {
    const auto found = bindings_.find(part.name);
    if (found == bindings_.end()) refuse(part, "the variable " + part.name + " has no value");
    return found->second;
  }

  Term term(const Expression& part) {
    const Value made = value(part);
    if (made.is_fun()) refuse(part, "a fun is no term here: it may be an argument, or a variable's value");
    return made.term();
  }
  std::vector<Term> terms(const std::vector<Expression>& parts) {
    std::vector<Term> made;
    for (const Expression& part : parts) made.push_back(term(part));
    return made;
  }

  Term list_of(const Expression& part) {
    std::vector<Term> elements = terms(part.parts);
    const Term tail = std::move(elements.back());
    elements.pop_back();
    return improper_list(elements, tail);
  }

  Term map_of(const Expression& part) {
    std::vector<std::pair<Term, Term>> pairs;
    for (std::size_t i = 0; i < part.parts.size(); i += 2) {
      Term key = term(part.parts[i]);
      pairs.emplace_back(std::move(key), term(part.parts[i + 1]));
    }
    return map(pairs);
  }

  Value match(const Expression& part) {
    require_no_guard(part, "`=`");
    const Value right = value(part.parts[1]);
    if (!matches(part.parts[0], right)) refuse(part, "no match: the right side is " + right.text());
    return right;
  }

  // Binds the variables of the pattern that have no value, also where it does not match.
  bool matches(const Expression& pattern, const Value& found) {
    if (pattern.kind == Expression::Kind::variable) {
      if (pattern.name == "_") return true;
      return bindings_.try_emplace(pattern.name, found).first->second == found;
    }
    if (pattern.kind == Expression::Kind::match)
      return matches(pattern.parts[0], found) && matches(pattern.parts[1], found);
    if (found.is_fun()) return false;
    return matches_term(pattern, found.term());
  }

  bool matches_term(const Expression& pattern, const TermView& found) {
    switch (pattern.kind) {
      case Expression::Kind::literal: return pattern.value == found;
      case Expression::Kind::tuple:
        if (!found.is_tuple() || found.size() != pattern.parts.size()) return false;
        for (std::size_t i = 0; i < pattern.parts.size(); ++i) {
          if (!matches(pattern.parts[i], Term(found[i]))) return false;
        }
        return true;
      case Expression::Kind::list: return matches_list(pattern, found);
      case Expression::Kind::map: return matches_map(pattern, found);
      default: refuse(pattern, "a pattern is expected: values, variables, tuples, lists and maps of these");
    }
  }

  bool matches_list(const Expression& pattern, const TermView& found) {
    const std::size_t elements = pattern.parts.size() - 1;
    if (!found.is_list() || found.size() < elements) return false;
    for (std::size_t i = 0; i < elements; ++i) {
      if (!matches(pattern.parts[i], Term(found[i]))) return false;
    }
    if (elements == 0) return matches(pattern.parts.back(), Term(found));
    return matches(pattern.parts.back(), Term(found.part(term::rest_of_list(found.base(), found.word(), elements))));
  }

  bool matches_map(const Expression& pattern, const TermView& found) {
    if (!found.is_map()) return false;
    for (std::size_t i = 0; i < pattern.parts.size(); i += 2) {
      const auto element = found.find(term(pattern.parts[i]));
      if (!element || !matches(pattern.parts[i + 1], Term(*element))) return false;
    }
    return true;
  }

  Value fun(const Expression& part) {
    auto parts = std::make_shared<Evaluator::Fun::Parts>();
    parts->text = text_.substr(part.begin, part.end - part.begin);
    parts->surroundings = bindings_;
    for (const auto& [name, bound] : bindings_) {
      if (bound.is_fun()) parts->height = std::max(parts->height, bound.fun().parts().height + 1);
    }
    if (parts->height > kNestingMax)
      throw Error(ErrorCode::system_limit, "make a fun",
                  "funs hold each other more than " + std::to_string(kNestingMax) + " deep");
    term::Lexer lexer(parts->text, term::Grammar::expressions);
    parts->clauses = std::move(matching::read_statement(lexer, parts->text).expressions.front().clauses);
    return std::make_shared<const Evaluator::Fun>(std::move(parts));
  }

  std::vector<Value> values(std::span<const Expression> parts) {
    std::vector<Value> made;
    for (const Expression& part : parts) made.push_back(value(part));
    return made;
  }

  Value application(const Expression& part) {
    require_no_guard(part, "the call of a fun");
    const Value called = value(part.parts.front());
    if (!called.is_fun()) refuse(part, called.text() + " is no fun");
    return call_fun(called.fun(), values(std::span(part.parts).subspan(1)));
  }

  Value call(const Expression& part) {
    if (part.module.empty() || part.module == "erlang") {
      if ((part.name == "andalso" || part.name == "orelse") && part.parts.size() == 2) return connected(part);
      if (const std::optional<Value> made = builtin(part)) return *made;
    }
    const bool of_process = part.parts.empty() && (part.name == "self" || part.name == "node");
    if (!of_process) require_no_guard(part, "the call of " + part.name);
    return evaluator_.caller_({part.module, part.name, values(part.parts)});
  }

  // The second one is not evaluated where the first one decides.
  Value connected(const Expression& part) {
    const bool decides = part.name == "orelse";
    return truth(part.parts[0]) == decides ? Value(Term(decides)) : value(part.parts[1]);
  }
  bool truth(const Expression& part) {
    const Term found = term(part);
    const std::optional<bool> truth = matching::to_bool(found);
    if (!truth) refuse(part, "true or false is expected, not " + to_string(found));
    return *truth;
  }

  // What Erlang's guards may call; nothing: it is no such function.
  std::optional<Value> builtin(const Expression& part) {
    const std::size_t arity = part.parts.size();
    if (arity == 2 && (part.name == "and" || part.name == "or")) {
      const bool left = truth(part.parts[0]);
      const bool right = truth(part.parts[1]);
      return Term(part.name == "and" ? left && right : left || right);
    }
    const auto comparison = arity == 2 ? matching::find_comparison(part.name) : std::nullopt;
    const auto test = arity == 1 ? matching::find_type_test(part.name) : std::nullopt;
    const matching::Builtin* const found = arity == 0 ? nullptr : matching::find_builtin(part.name, arity);
    if (!comparison && !test && found == nullptr) return std::nullopt;

    const std::vector<Term> arguments = terms(part.parts);
    if (comparison) return Term(matching::holds(*comparison, arguments[0], arguments[1]));
    if (test) return Term(matching::holds(*test, arguments[0]));
    TermView views[matching::kArgumentsMax];
    std::copy(arguments.begin(), arguments.end(), views);
    matching::Invocation invocation(views, {});
    if (!found->call(invocation))
      refuse(part, "bad argument: " + spelling(part.name, std::vector<Value>(arguments.begin(), arguments.end())));
    return invocation.made() ? *std::move(invocation.made()) : Term(invocation.part());
  }

  static std::string spelling(const std::string& name, std::span<const Value> arguments) {
    std::string text = name + "(";
    for (const Value& argument : arguments) text += (&argument == arguments.data() ? "" : ",") + argument.text();
    return text + ")";
  }

 public:
  Value call_fun(const Evaluator::Fun& fun, const std::vector<Value>& arguments) const {
    if (arguments.size() != fun.arity())
      throw Error(ErrorCode::badarg, "call a fun",
                  "`" + fun.text() + "` takes " + std::to_string(fun.arity()) + " arguments, not " +
                      std::to_string(arguments.size()));
    const Deeper deeper(evaluator_.depth_);
    if (evaluator_.depth_ > kCallsMax)
      throw Error(ErrorCode::system_limit, "call a fun",
                  "funs call each other more than " + std::to_string(kCallsMax) + " deep");
    return Evaluation(evaluator_, fun.text(), fun.parts().surroundings).apply(fun.parts(), arguments);
  }

 private:
  [[noreturn]] void refuse(const Expression& part, const std::string& what) const {
    const term::Lexer lexer(text_);
    throw Error(ErrorCode::badarg, "evaluate", lexer.place_of(part.begin) + ": " + what);
  }

  const Evaluator& evaluator_;
  std::string_view text_;
  Bindings bindings_;
  bool in_guard_ = false;
};

namespace {

matching::Statement read(std::string_view text) try {
  term::Lexer lexer(text, term::Grammar::expressions);
  return matching::read_statement(lexer, text);
} catch (const Error& error) {
  throw Error(error.code(), "read an expression", error.detail());
}

}  // namespace

std::optional<Value> Evaluator::evaluate(std::string_view text) {
  const matching::Statement statement = read(text);
  if (statement.expressions.empty()) return std::nullopt;
  Evaluation evaluation(*this, text, bindings_);
  Value result = evaluation.all(statement.expressions);
  bindings_ = evaluation.bindings();
  return result;
}

Value Evaluator::apply(const Fun& fun, std::span<const Value> arguments) const {
  return Evaluation(*this, {}, {}).call_fun(fun, {arguments.begin(), arguments.end()});
}

Evaluator::Statement Evaluator::first_statement(std::string_view text) {
  const auto [bytes, complete] = matching::measure_statement(text);
  return {bytes, complete};
}

std::size_t Evaluator::Fun::arity() const noexcept { return parts_->clauses.front().heads.size(); }
const std::string& Evaluator::Fun::text() const noexcept { return parts_->text; }
Term Evaluator::Fun::to_match_spec() const {
  std::map<std::string, Term> surroundings;
  for (const auto& [name, value] : parts_->surroundings) {
    if (!value.is_fun()) surroundings.emplace(name, value.term());
  }
  return fun2ms(parts_->text, surroundings);
}

const Term& Evaluator::Value::term() const {
  if (is_fun())
    throw Error(ErrorCode::badarg, "evaluate", "a fun is no term here: it may be an argument, or a variable's value");
  return term_;
}

const Evaluator::Fun& Evaluator::Value::fun() const {
  if (!is_fun()) throw Error(ErrorCode::badarg, "evaluate", "a fun is expected, not " + to_string(term_));
  return *fun_;
}

std::string Evaluator::Value::text() const { return is_fun() ? fun_->text() : to_string(term_); }

}  // namespace heirloom
