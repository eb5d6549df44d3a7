// SPDX-License-Identifier: Apache-2.0
#include "term/identifier_text.hpp"

#include "term/identifier.hpp"
#include "term/quoting.hpp"

namespace heirloom::term {

namespace {

std::string_view opening(Kind kind) noexcept {
  if (kind == Kind::reference) return "#Ref<";
  return kind == Kind::port ? "#Port<" : "<";
}

void append_numbers(std::string& out, Kind kind, const Identifier& identifier) {
  const auto& numbers = identifier.numbers;
  if (kind == Kind::port) {
    out += '.' + std::to_string(static_cast<std::uint64_t>(numbers[1]) << 32 | numbers[0]);
  } else if (kind == Kind::reference) {
    for (std::uint32_t i = identifier.count; i-- > 0;) out += '.' + std::to_string(numbers[i]);
  } else {
    out += '.' + std::to_string(numbers[0]) + '.' + std::to_string(numbers[1]);
  }
}

}  // namespace

void append_identifier(std::string& out, TermView view) {
  const Kind kind = kind_of(view.word());
  const Identifier identifier = identifier_of(view.base(), view.word());
  out += opening(kind);
  if (is_foreign(view.base(), view.word())) {
    append_atom(out, identifier.node);
    out += '/' + std::to_string(identifier.creation);
  } else {
    out += '0';
  }
  append_numbers(out, kind, identifier);
  out += '>';
}

}  // namespace heirloom::term
