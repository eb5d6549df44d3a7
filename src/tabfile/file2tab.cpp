// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <vector>

#include "heirloom/table_file.hpp"

#include "tabfile/failure.hpp"
#include "tabfile/object_reader.hpp"
#include "tabfile/progress.hpp"

namespace heirloom {

using namespace literals;

namespace {

// A table that was made for a file, and goes again unless the file was loaded.
class NewTable {
 public:
  explicit NewTable(Table table) : table_(std::move(table)) {}
  NewTable(const NewTable&) = delete;
  NewTable& operator=(const NewTable&) = delete;
  ~NewTable() {
    if (loaded_) return;
    try {
      table_.drop();
    } catch (const Error&) {
      // Somebody was faster, or the node is gone.
    }
  }
  [[nodiscard]] Table& table() noexcept { return table_; }
  void loaded() noexcept { loaded_ = true; }

 private:
  Table table_;
  bool loaded_ = false;
};

class Loading {
 public:
  Loading(const std::filesystem::path& file, const File2Tab& options)
      : operation_(tabfile::doing("load a table from", file)),
        options_(options),
        progress_(options.progress),
        file_(file, operation_, options.verify, options.limits) {
    if (compare(file_.header().major(), Term(1)) > 0) refuse_version();
    const Term size = file_.header().size();
    done_.objects_total =
        size.is_integer() && compare(size, Term(0)) >= 0 && compare(size, Term(INT64_MAX)) <= 0 ? size.as_uint64() : 0;
    done_.bytes_total = file_.bytes_total();
  }

  Table load(const Node& node) {
    const Term made_with = file_.header().options();
    if (options_.table) {
      Table table = *options_.table;
      insert_into(table);
      return table;
    }
    NewTable made(make(node, made_with));
    insert_into(made.table());
    // Not before: it would outlive a program that dies in the middle.
    if (options_.node_table) made.table().make_node_table(made.table().name());
    made.loaded();
    return made.table();
  }

 private:
  [[noreturn]] void refuse_version() const {
    const Term version{file_.header().major(), file_.header().minor()};
    throw TableFileError(ErrorCode::layout, operation_,
                         "the file has version " + to_string(version) + ", and {1,0} is what can be read",
                         {"unsupported_file_version"_atom, version});
  }

  Table make(const Node& node, const Term& made_with) const try {
    const Term said = file_.header().name();
    if (!options_.name && !said.is_atom()) throw Error(ErrorCode::badarg, "", "no table is called " + to_string(said));
    const Atom name = options_.name ? *options_.name : said.as_atom();
    // In the place of one of these a pair would pass for any option, of Heirloom's own, too.
    for (const char* key : {"type", "protection"}) {
      if (const Term value = file_.header().value_of(key); !value.is_atom())
        throw Error(ErrorCode::badarg, "", std::string("no ") + key + " is called " + to_string(value));
    }
    TableOptions table_options = heirloom::table_options(made_with);
    if (options_.max_bytes) table_options.max_bytes = *options_.max_bytes;
    return Node(node).create(name, table_options);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::badarg && error.code() != ErrorCode::already_exists) throw;
    const std::string what = error.operation().empty() ? error.detail() : error.operation() + ": " + error.detail();
    throw TableFileError(error.code(), operation_, what, "cannot_create_table"_atom);
  }

  void insert_into(Table& table) {
    const auto keypos = static_cast<std::size_t>(table.info().keypos);
    for (auto objects = file_.next(); !objects.empty(); objects = file_.next()) {
      for (std::size_t i = 0; i < objects.size(); ++i) require_object(objects[i], i, keypos);
      table.insert(objects);
      progress_.reached(done());
    }
    progress_.finished(done());
  }

  void require_object(const Term& object, std::size_t number, std::size_t keypos) const {
    if (object.is_tuple() && object.size() >= keypos) return;
    throw tabfile::bad_file(operation_, "byte " + std::to_string(file_.place(number)) +
                                            ": this is no tuple with a key at position " + std::to_string(keypos) +
                                            ", and so no object of the table");
  }

  const TableFileProgress& done() {
    done_.objects = file_.objects();
    done_.bytes = file_.bytes();
    done_.bytes_skipped = file_.bytes_skipped();
    return done_;
  }

  std::string operation_;
  const File2Tab& options_;
  tabfile::Progress progress_;
  tabfile::ObjectReader file_;
  TableFileProgress done_;
};

}  // namespace

Table file2tab(const Node& node, const std::filesystem::path& file, const File2Tab& options) {
  return Loading(file, options).load(node);
}

}  // namespace heirloom
