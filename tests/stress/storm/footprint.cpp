// SPDX-License-Identifier: Apache-2.0
#include "storm/footprint.hpp"

#include <filesystem>
#include <fstream>

namespace heirloom::stress::storm {

namespace {

std::uint64_t entries_of(const std::filesystem::path& directory) {
  std::error_code error;
  std::uint64_t entries = 0;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    ++entries;
  }
  return entries;
}

std::uint64_t descriptors_of(pid_t process) { return entries_of("/proc/" + std::to_string(process) + "/fd"); }

std::uint64_t memory_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("RssAnon:", 0) == 0) return std::stoull(line.substr(8)) * 1024;
  }
  return 0;
}

}  // namespace

std::uint64_t process_files_of(const std::string& directory) { return entries_of(directory + "/processes"); }

void look_at_node(const std::string& directory, pid_t manager, pid_t keeper, Footprint& footprint) {
  std::error_code error;
  footprint.files = 0;
  using Iterator = std::filesystem::recursive_directory_iterator;
  for (Iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->is_directory(error)) ++footprint.files;
  }
  if (const auto bytes = std::filesystem::file_size(directory + "/journal", error); !error)
    footprint.journal_bytes = bytes;
  footprint.process_files = process_files_of(directory);
  footprint.descriptors = descriptors_of(manager);
  if (keeper != 0) footprint.keepers_descriptors = descriptors_of(keeper);
  footprint.manager_bytes = memory_of(manager);
}

}  // namespace heirloom::stress::storm
