// SPDX-License-Identifier: Apache-2.0
#include "process/process_exit.hpp"

#include <exception>

#include "process/atoms.hpp"

namespace heirloom::process {

Term reason_of_current_exception() {
  try {
    throw;
  } catch (const ProcessExit& exit) {
    return exit.reason;
  } catch (const std::exception& error) {
    return Term{atoms().error, error.what()};
  } catch (...) {
    return Term{atoms().error, "an exception that is no std::exception"};
  }
}

bool is_planned(const Term& reason) {
  const bool is_detailed_shutdown =
      reason.is_tuple() && reason.size() == 2 && reason.element(1) == Term(atoms().shutdown);
  return reason == Term(atoms().normal) || reason == Term(atoms().shutdown) || is_detailed_shutdown;
}

}  // namespace heirloom::process
