// SPDX-License-Identifier: Apache-2.0
//
// The options of ets:tab2file/3 and ets:file2tab/2 as Erlang's lists.
#include <string>

#include "heirloom/table_file.hpp"

#include "tabfile/pairs.hpp"

namespace heirloom {

using namespace literals;

namespace {

[[noreturn]] void refuse(const char* function, const char* reason, const Term& what) {
  const std::string why = reason == std::string_view("unknown_option") ? " is no option, or is given twice"
                                                                       : " stands where a list of options should";
  throw TableFileError(ErrorCode::badarg, std::string("read the options of ") + function, to_string(what) + why,
                       {Atom(reason), what});
}

// Its elements in their order; then what it ends in must be a list's end.
template <typename Each>
void for_each_option(const char* function, TermView options, Each each) {
  if (!options.is_list()) refuse(function, "malformed_option", Term(options));
  for (const TermView option : options.elements()) each(option);
  if (!options.tail().is_nil()) refuse(function, "malformed_option", Term(options.tail()));
}

bool is(TermView option, const char* key, const Term& value) {
  return tabfile::is_pair(option) && option.element(1) == Term(Atom(key)) && option.element(2) == value;
}

}  // namespace

Tab2File tab2file_options(const Term& list) {
  constexpr const char* kFunction = "tab2file";
  Tab2File options;
  bool extended = false;
  const auto read_extended = [&](TermView item) {
    if (item == Term("object_count"_atom)) {
      options.object_count = true;
    } else if (item == Term("md5sum"_atom)) {
      options.md5sum = true;
    } else {
      refuse(kFunction, "unknown_option", heirloom::list({{"extended_info"_atom, heirloom::list({Term(item)})}}));
    }
  };
  for_each_option(kFunction, list, [&](TermView option) {
    if (is(option, "sync", true)) {
      options.sync = true;
    } else if (is(option, "sync", false)) {
      // One that is true stays so, as in Erlang.
    } else if (!extended && tabfile::is_pair(option) && option.element(1) == Term("extended_info"_atom)) {
      extended = true;
      for_each_option(kFunction, option.element(2), read_extended);
    } else {
      refuse(kFunction, "unknown_option", Term(option));
    }
  });
  return options;
}

File2Tab file2tab_options(const Node& node, const Term& list) {
  constexpr const char* kFunction = "file2tab";
  File2Tab options;
  for_each_option(kFunction, list, [&](TermView option) {
    if (is(option, "verify", true)) {
      options.verify = true;
    } else if (is(option, "verify", false)) {
      // One that is true stays so, as in Erlang.
    } else if (!options.table && tabfile::is_pair(option) && option.element(1) == Term("table"_atom)) {
      if (option.element(2).is_nil()) return;  // to Erlang, none
      if (option.element(2).is_atom()) options.table = node.find_table(option.element(2).as_atom());
      if (!options.table) {
        throw TableFileError(ErrorCode::badarg, "read the options of file2tab",
                             "there is no table " + to_string(option.element(2)), "badarg"_atom);
      }
    } else {
      refuse(kFunction, "unknown_option", Term(option));
    }
  });
  return options;
}

}  // namespace heirloom
