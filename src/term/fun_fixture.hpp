// SPDX-License-Identifier: Apache-2.0
//
// For tests: funs as they come from an Erlang VM.
#pragma once

#include <vector>

#include "heirloom/term.hpp"

#include "term/draft.hpp"
#include "term/fun.hpp"
#include "term/identifier.hpp"
#include "term/word.hpp"

namespace heirloom::term {

// A fun of these elements (fun.hpp), all of them leaves; its creator is given as a pid.
inline Term fun_of(const std::vector<Term>& elements) {
  Draft draft;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const TermView element = elements[i];
    draft.add(i == kFunCreator ? make_identifier(Kind::creator, identifier_of(element.base(), element.word()))
                               : elements[i]);
  }
  draft.close(Kind::fun, elements.size());
  return draft.finish();
}

}  // namespace heirloom::term
