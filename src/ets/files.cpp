// SPDX-License-Identifier: Apache-2.0
//
// Tables in files: what goes wrong is an answer, {error,Reason}.
#include <array>

#include "heirloom/table_file.hpp"

#include "ets/functions.hpp"

namespace heirloom::ets {

using namespace literals;

namespace {

template <typename Act>
Term or_reason(const Act& act) {
  try {
    return act();
  } catch (const TableFileError& error) {
    return {"error"_atom, error.reason()};
  }
}

Term save(const Arguments& arguments) {
  return or_reason([&]() -> Term {
    const Tab2File options = arguments.size() == 3 ? tab2file_options(arguments[2]) : Tab2File();
    const auto table = arguments.node().find_table(arguments.atom(0));
    if (!table) return {"error"_atom, "badtab"_atom};
    tab2file(*table, arguments.file_name(1), options);
    return "ok"_atom;
  });
}

Term load(const Arguments& arguments) {
  return or_reason([&]() -> Term {
    const File2Tab options = arguments.size() == 2 ? file2tab_options(arguments.node(), arguments[1]) : File2Tab();
    return {"ok"_atom, file2tab(arguments.node(), arguments.file_name(0), options).name()};
  });
}

Term tell(const Arguments& arguments) {
  return or_reason([&]() -> Term { return {"ok"_atom, to_term(tabfile_info(arguments.file_name(0)))}; });
}

constexpr std::array kFileFunctions{
    Entry{"tab2file", 2, save}, Entry{"tab2file", 3, save},     Entry{"file2tab", 1, load},
    Entry{"file2tab", 2, load}, Entry{"tabfile_info", 1, tell},
};

}  // namespace

std::span<const Entry> file_functions() { return kFileFunctions; }

}  // namespace heirloom::ets
