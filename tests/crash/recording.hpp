// SPDX-License-Identifier: Apache-2.0
//
// Recording: the images through which a stepped process takes its directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "child.hpp"
#include "image.hpp"
#include "judge.hpp"

namespace heirloom::crash {

// Where stepping came to a new image.
struct Moment {
  Image image;
  std::uint64_t step;
  std::uint64_t address;  // of the instruction that made it
};

struct Recording {
  std::uint64_t instructions = 0;
  std::size_t images = 0;  // distinct ones
  std::vector<Moment>
      moments;  // those, but for what a copy passed through; the first is the image before the operation
  std::vector<std::size_t> path;  // indices of moments, as they were passed through
  std::string failure;            // of the child
};
// While a block is filled word by word, which nobody can reach yet, only every so many images are kept, and the first
// and the last.
inline constexpr std::size_t kEveryImage = 1;
// `beside`: another program that works in the directory. It is stopped while an image is taken, since what was looked at one after the
// other would else be of no one moment.
Recording follow(SteppedChild& child, const std::string& directory, std::size_t every_of_a_copy = kEveryImage,
                 const Helper* beside = nullptr);

// Once a newer state, never an older one again; and the operation that returned has happened. Where that does not hold:
// indices of moments, and what is wrong.
std::vector<std::pair<std::size_t, std::string>> faults_of_path(const Recording& recording,
                                                                const std::vector<std::optional<Verdict>>& verdicts,
                                                                std::size_t states);

std::string describe(const std::string& scenario, const Moment& moment, const std::string& fault);

// Fails the test for each, or for the first of many.
void expect_none(const std::vector<std::string>& failures);

}  // namespace heirloom::crash
