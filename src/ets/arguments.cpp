// SPDX-License-Identifier: Apache-2.0
#include "ets/arguments.hpp"

#include <utility>

#include "heirloom/error.hpp"

#include "term/utf8.hpp"

namespace heirloom::ets {

using namespace literals;

namespace {
constexpr const char* kNameOfFile = "the name of a file";
}  // namespace

void Arguments::refuse(std::size_t index, const std::string& expected) const {
  throw Error(ErrorCode::badarg, "argument " + std::to_string(index + 1),
              "expected " + expected + ", found " + to_string(terms_[index]));
}

Table Arguments::table() const {
  if (table_ != nullptr) return *table_;
  const Atom name = atom(0);
  auto table = node_.find_table(name);
  if (!table) throw Error(ErrorCode::id, "argument 1", "there is no table \"" + std::string(name.text()) + "\"");
  return *std::move(table);
}

Atom Arguments::atom(std::size_t index) const {
  if (!terms_[index].is_atom()) refuse(index, "an atom");
  return terms_[index].as_atom();
}

bool Arguments::boolean(std::size_t index) const {
  const bool value = terms_[index] == Term(true);
  if (!value && terms_[index] != Term(false)) refuse(index, "true or false");
  return value;
}

std::int64_t Arguments::integer(std::size_t index) const {
  if (!terms_[index].is_integer()) refuse(index, "an integer");
  return integer_of(terms_[index]);
}

std::size_t Arguments::count(std::size_t index) const {
  if (!terms_[index].is_integer() || integer_of(terms_[index]) < 1) refuse(index, "an integer of at least 1");
  return static_cast<std::size_t>(integer_of(terms_[index]));
}

std::vector<Term> Arguments::list(std::size_t index) const {
  if (!terms_[index].is_proper_list()) refuse(index, "a list");
  return elements_of(terms_[index]);
}

std::vector<Term> Arguments::one_or_several(std::size_t index) const {
  return terms_[index].is_list() ? list(index) : std::vector{terms_[index]};
}

std::string Arguments::file_name(std::size_t index) const {
  const Term& name = terms_[index];
  std::string text;
  if (name.is_binary()) {
    text = name.as_binary();
  } else if (name.is_atom()) {
    text = name.as_atom().text();
  } else if (name.is_proper_list()) {
    for (const TermView character : name.elements()) {
      const std::int64_t code = character.is_integer() ? integer_of(character) : -1;
      const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
      if (code <= 0 || code > 0x10FFFF || surrogate) refuse(index, kNameOfFile);
      term::utf8_append(text, static_cast<char32_t>(code));
    }
  }
  if (text.empty() || text.find('\0') != std::string::npos) refuse(index, kNameOfFile);
  return text;
}

std::int64_t integer_of(TermView term) {
  if (!term.is_integer())
    throw Error(ErrorCode::badarg, "read an argument", "expected an integer, found " + to_string(term));
  try {
    return term.as_int64();
  } catch (const Error&) {
    throw Error(ErrorCode::badarg, "read an argument", to_string(term) + " is beyond what is asked for");
  }
}

std::vector<Term> elements_of(TermView container) {
  std::vector<Term> elements;
  elements.reserve(container.size());
  for (const TermView element : container.elements()) elements.emplace_back(element);
  return elements;
}

Term boolean(bool value) { return Term(value); }
Term done() { return Term(true); }
Term or_end(std::optional<Term> found) { return found ? *std::move(found) : Term("$end_of_table"_atom); }
Term list_of(const Objects& objects) { return heirloom::list({objects.begin(), objects.end()}); }
Term key_objects(const std::optional<KeyObjects>& found) {
  if (!found) return Term("$end_of_table"_atom);
  return {found->key, list_of(found->objects)};
}

}  // namespace heirloom::ets
