// SPDX-License-Identifier: Apache-2.0
#include "heirloom/typed/measure.hpp"

#include <string>

#include "term/run.hpp"

namespace heirloom::typed {

void Measure::term(TermView value) {
  const term::Word root = value.word();
  std::size_t depth = depth_;
  for (term::Run run = term::Run::of(value, root); !run.empty(); ++depth) {
    levels_.reach(depth);
    Level& level = levels_[depth];
    level.words += static_cast<std::uint64_t>(run.end - run.begin);
    term::NextRun next(run.base);
    for (const term::Word* word = run.begin; word != run.end; ++word) {
      if (term::is_container(*word)) {
        next.add(*word);
      } else if (term::is_reference(*word) && term::size_field(*word) != 0) {
        level.payload += term::payload_words(run.base, *word);
      }
    }
    run = next.run();
  }
}

void Measure::refuse_depth() {
  throw Error(ErrorCode::system_limit, "make a term",
              "the value nests more than " + std::to_string(kNestingMax) + " containers");
}

}  // namespace heirloom::typed
