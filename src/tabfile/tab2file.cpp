// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include "heirloom/external.hpp"
#include "heirloom/table_file.hpp"

#include "tabfile/disk_log_writer.hpp"
#include "tabfile/failure.hpp"
#include "tabfile/header.hpp"
#include "tabfile/md5.hpp"
#include "tabfile/progress.hpp"

namespace heirloom {

using namespace literals;

namespace {

TableInfo info_of(const Table& table, const std::string& operation) try {
  return table.info();
} catch (const Error& error) {
  if (error.code() != ErrorCode::id) throw;
  throw TableFileError(ErrorCode::id, operation, "the table was deleted", "badtab"_atom);
}

class Saving {
 public:
  Saving(const std::filesystem::path& file, const Tab2File& options)
      : operation_(tabfile::doing("save a table in", file)),
        options_(options),
        progress_(options.progress),
        log_(file, operation_, options.sync) {}

  void save(const Table& table) {
    const TableInfo info = info_of(table, operation_);
    done_.objects_total = info.size;
    append_summed(tabfile::make_header(info, options_));
    for (const Term& object : table) {
      append_summed(object);
      ++done_.objects;
      done_.bytes = log_.bytes();
      progress_.reached(done_);
    }
    append_footer();
    log_.finish();
    done_.bytes = log_.bytes();
    progress_.finished(done_);
  }

 private:
  std::string external(const Term& term) const try { return to_external(term); } catch (const Error& error) {
    throw TableFileError(error.code(), operation_, error.detail(), "system_limit"_atom);
  }

  void append_summed(const Term& term) {
    const std::string bytes = external(term);
    if (options_.md5sum) sum_.update(bytes);
    log_.append(bytes);
  }

  void append_footer() {
    std::vector<Term> end;
    if (options_.object_count) end.push_back({"count"_atom, done_.objects});
    if (options_.md5sum) end.push_back({"md5"_atom, sum_.finish()});
    if (!end.empty()) log_.append(external(list({"$end_of_table"_atom, list(end)})));
  }

  std::string operation_;
  const Tab2File& options_;
  tabfile::Progress progress_;
  tabfile::DiskLogWriter log_;
  tabfile::Md5 sum_;
  TableFileProgress done_;
};

}  // namespace

void tab2file(const Table& table, const std::filesystem::path& file, const Tab2File& options) {
  Saving(file, options).save(table);
}

}  // namespace heirloom
