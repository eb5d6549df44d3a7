// SPDX-License-Identifier: Apache-2.0
//
// Bytes as a table file: read with and without verification until there is no more, they are objects, or refused for a reason that a
// file may be refused for. A table gets none of them: what it does with objects is no business of the file's.
#include <sys/mman.h>
#include <unistd.h>

#include "judge.hpp"
#include "tabfile/object_reader.hpp"

using namespace heirloom;
using namespace heirloom::fuzz;

namespace {

void read_all(const std::string& file, bool verify) {
  try {
    tabfile::ObjectReader reader(file, "fuzz", verify, kLimits);
    static_cast<void>(reader.header().options());
    std::uint64_t objects = 0;
    for (auto some = reader.next(); !some.empty(); some = reader.next()) {
      for (const Term& object : some) judge(object);
      objects += some.size();
      require(objects == reader.objects() && reader.bytes() <= reader.bytes_total());
    }
  } catch (const TableFileError& error) {
    require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::system_limit);
  }
}

void read_info(const std::string& file) {
  try {
    require(to_term(tabfile_info(file)).size() == 8);
  } catch (const TableFileError& error) {
    require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::system_limit);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A file without a name, which has one while it is open.
  static const int memory = ::memfd_create("tabfile_fuzz", 0);
  static const std::string file = "/proc/self/fd/" + std::to_string(memory);
  require(::ftruncate(memory, 0) == 0);
  require(::pwrite(memory, data, size, 0) == static_cast<ssize_t>(size));
  read_all(file, false);
  read_all(file, true);
  read_info(file);
  return 0;
}
