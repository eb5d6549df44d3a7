// SPDX-License-Identifier: Apache-2.0
#include "node_judge.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>

#include "heirloom/error.hpp"

#include "child.hpp"

namespace heirloom::crash {

namespace {

constexpr std::chrono::seconds kPatience{15};  // against hanging

std::string text_of(const auto& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string contents_of(const heirloom::Table& table) {
  std::vector<std::string> objects;
  for (const Term& object : table.tab2list()) objects.push_back(to_string(object));
  std::sort(objects.begin(), objects.end());
  std::string text;
  for (const std::string& object : objects) text += (text.empty() ? "" : " ") + object;
  text += " of";
  for (const Tenure& tenure : table.lineage()) text += tenure.owner ? ' ' + text_of(*tenure.owner) : " node";
  return text;
}

class NodeJudge {
 public:
  NodeJudge(std::string path, const std::vector<World>& worlds) : path_(std::move(path)), worlds_(worlds) {
    for (const World& world : worlds) {
      for (const auto& [name, text] : world) names_.insert(name);
    }
  }

  void judge() {
    {
      const Node node = open();
      const World seen = look(node);
      std::string numbers;
      for (std::size_t i = 0; i < worlds_.size(); ++i) {
        if (seen == worlds_[i]) numbers += " " + std::to_string(i);
      }
      if (numbers.empty()) {
        fault("it finds neither of what there may be: " + text_of_world(seen));
      } else {
        lines_ += "state" + numbers + "\n";
      }
      files_are_those_of(node, seen);
      use(node, seen);
      files_are_those_of(node, seen);
    }
    // It left in good order, and the next one finds the same.
    const Node node = open();
    World again;
    for (const TableInfo& info : node.tables()) again[std::string(info.name.text())] = "";
    for (const std::string& name : names_) {
      if (found_.contains(name) != again.contains(name)) fault("the next program differs about " + name);
    }
    files_are_those_of(node, again);
  }

  [[nodiscard]] const std::string& lines() const { return lines_; }

 private:
  void fault(const std::string& what) { lines_ += "! " + what + "\n"; }

  Node open() {
    Node node = Node::open(path_, {.timeout = kPatience});
    if (!node.is_manager()) fault("nobody else lives, and it did not become the manager");
    return node;
  }

  World look(const Node& node) {
    World world;
    for (const TableInfo& info : node.tables()) {
      const std::string name(info.name.text());
      if (world.contains(name)) fault("two tables are named " + name);
      const heirloom::Table table = node.open_table(info.name);
      world[name] = contents_of(table);
      if (info.owner) fault(name + " is owned by " + text_of(*info.owner) + ", who is dead");
      const CheckReport report = table.check();
      for (const std::string& finding : report.findings) fault("check of " + name + ": " + finding);
      const std::uint64_t known = report.live_bytes + report.retired_bytes + report.free_bytes + report.cached_bytes;
      if (known != report.allocated_bytes) fault("check of " + name + ": not all bytes are accounted for");
    }
    for (const auto& [name, text] : world) found_.insert(name);
    return world;
  }

  // Each table can be owned and written, each other name can be taken.
  void use(Node node, const World& seen) {
    for (const auto& [name, text] : seen) {
      heirloom::Table table = node.open_or_create(Atom(name));
      if (table.info().owner != node.root()) fault(name + " cannot be claimed");
      table.insert({"of the judge", 1});
      table.erase("of the judge");
      if (!contents_of(table).starts_with(text.substr(0, text.find(" of"))))
        fault("a write to " + name + " changed something else");
    }
    for (const std::string& name : names_) {
      if (seen.contains(name)) continue;
      heirloom::Table table = node.create(Atom(name));
      table.insert({1, 2});
      table.drop();
    }
  }

  void files_are_those_of(const Node& node, const World& world) {
    std::size_t tables = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      const std::string name = entry.path().lexically_relative(path_);
      static const std::set<std::string> kOwn{"journal", "manager.lock", "manager.sock", "node", "processes", "tables"};
      const bool number = name.find_first_not_of("0123456789", name.find('/') + 1) == std::string::npos;
      if (kOwn.contains(name) || name == "processes/" + std::to_string(node.root().program)) continue;
      if (name.starts_with("tables/") && number) {
        ++tables;
      } else {
        fault("the file " + name + " is left over");
      }
    }
    if (tables != world.size())
      fault(std::to_string(tables) + " segments of " + std::to_string(world.size()) + " tables");
  }

  static std::string text_of_world(const World& world) {
    std::string text = "{";
    for (const auto& [name, contents] : world) text += " " + name + ": \"" + contents + '"';
    return text + " }";
  }

  std::string path_;
  const std::vector<World>& worlds_;
  std::set<std::string> names_;
  std::set<std::string> found_;
  std::string lines_;
};

}  // namespace

Place place_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

void move_control_file(const std::string& node, const Place& from) {
  const int file = ::open((node + "/node").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return;  // it was not made yet
  std::array<std::uint64_t, kImagePageBytes / sizeof(std::uint64_t)> words{};
  bool good = ::pread(file, words.data(), kImagePageBytes, 0) == static_cast<ssize_t>(kImagePageBytes);
  const Place to = place_of(node);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] != from.device || words[i + 1] != from.inode) continue;
    words[i] = to.device;
    words[i + 1] = to.inode;
  }
  good = good && ::pwrite(file, words.data(), kImagePageBytes, 0) == static_cast<ssize_t>(kImagePageBytes);
  ::close(file);
  if (!good) throw std::runtime_error("cannot change the control file of " + node);
}

std::string judge_node(const std::string& path, const std::vector<World>& worlds) {
  NodeJudge judge(path, worlds);
  judge.judge();
  return judge.lines();
}

std::vector<Verdict> judge_nodes(const std::vector<Image>& images, const Place& place,
                                 const std::vector<World>& worlds) {
  const auto texts = gather(images.size(), [&](std::size_t i) {
    const ScratchDirectory directory(after_death(images[i]));
    const std::string node = directory.path() + "/" + kNodeFolder;
    move_control_file(node, place);
    return judge_node(node, worlds);
  });
  std::vector<Verdict> verdicts;
  for (const std::string& text : texts) verdicts.push_back(verdict_of(text));
  return verdicts;
}

}  // namespace heirloom::crash
