// SPDX-License-Identifier: Apache-2.0
#include "heirloom/repair.hpp"

#include <array>
#include <cstddef>

namespace heirloom {

namespace {

constexpr std::array<std::string_view, 12> kOperations = {
    "none",           "insert",        "insert_new",         "erase",
    "take",           "delete_object", "delete_all_objects", "update_counter",
    "update_element", "select_delete", "select_replace",     "repair"};
constexpr std::array<std::string_view, 3> kOutcomes = {"nothing", "finished", "undone"};

}  // namespace

std::string_view to_string(Operation operation) noexcept { return kOperations[static_cast<std::size_t>(operation)]; }

std::string_view to_string(RepairOutcome outcome) noexcept { return kOutcomes[static_cast<std::size_t>(outcome)]; }

}  // namespace heirloom
