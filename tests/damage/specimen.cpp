// SPDX-License-Identifier: Apache-2.0
#include "specimen.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "heirloom/term.hpp"

#include "term/hash.hpp"

namespace heirloom::damage {

namespace {

constexpr std::uint64_t kSeed = 20260517;  // of the table: the same stripes and buckets in each run
constexpr int kKills = 20'000;
constexpr int kLooks = 20;    // at each of those who are killed
constexpr int kWrites = 250;  // of each of them: the more there were, the more the table holds of what was

void create(const table::TestNode& node, const Kind& kind) {
  table::SegmentOptions options = table::public_table();
  options.type = kind.type;
  options.compressed = kind.compressed;
  options.max_bytes = std::uint64_t{8} << 20;
  node.create(options);
  const auto segment = shm::Segment::open(node.directory(), kSegmentFile).value_or_raise();
  auto& header = *reinterpret_cast<table::TableHeader*>(segment->header().table);
  header.seed = kSeed;
  header.checksum = table::checksum_of(header);
}

// A key of each kind of term, and what goes with it.
std::vector<Term> assorted_objects() {
  std::vector<Term> objects;
  for (const char* text :
       {"{alice, 1, <<\"a binary of more than one word\">>}",
        "{<<\"a key of many bytes\">>, {nested, {tuple, [1, 2, [3, x]]}}, 2}",
        "{{user, 7}, 3, #{a => 1, <<\"b\">> => [c]}}", "{1.5, 4, <<5:3>>}",
        "{123456789012345678901234567890, 5, -98765432109876543210}", "{[l, i, s, t], 6, [impro | per]}",
        "{<<>>, 7, {}}", "{bob, 8, 0.5, 'an atom with spaces', [[[]]]}"})
    objects.push_back(parse(text));
  return objects;
}

Term numbered_object(std::int64_t number) {
  return {number, number * 3,
          Term("value " + std::to_string(number) + std::string(static_cast<std::size_t>(number % 40), 'v'))};
}

}  // namespace

Specimen::Specimen(const table::TestNode& node, const Kind& kind)
    : kind_(kind), path_(node.path() + '/' + kSegmentFile) {
  create(node, kind);
  file_ = os::Fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  // In a process of its own: what it leaves is that of a program that has ended.
  const pid_t maker = ::fork();
  if (maker == 0) {
    try {
      fill(node);
      ::_exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "cannot make a table: %s\n", error.what());
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(maker, &status, 0);
  if (status != 0) throw std::runtime_error("the table could not be made");
  for (const Term& object : assorted_objects()) keys_.emplace_back(object.element(1));
  for (std::int64_t number = 0; number < 90; ++number) keys_.emplace_back(number);
  for (std::uint64_t stripe = 0; stripe < 8; ++stripe) {
    std::int64_t key = 1000;
    while (term::hash(Term(key), kSeed) >> 61 != stripe) ++key;
    others_.emplace_back(key);
  }
  read();
  if (kind.remains != Remains::none && !has_remains()) leave_remains(node);
}

// With objects of all kinds, of which some were replaced and some were deleted; a chain that overflows, groups, atoms, magazines.
void Specimen::fill(const table::TestNode& node) {
  const shm::Attachment attachment = node.attach();
  const auto table = node.open("1", attachment);
  const auto insert = [&](const Term& object) { table->insert(kCaller, {&object, 1}); };
  for (const Term& object : assorted_objects()) insert(object);
  const bool ordered = kind_.type == TableType::ordered_set;
  for (std::int64_t number = 0; number < 90; ++number) insert(numbered_object(number));
  // Keys of one prefix: a tree cannot tell them apart without separators of their own.
  for (std::int64_t number = 0; ordered && number < 60; ++number)
    insert({Term("the same prefix " + std::to_string(100 + number)), number});
  for (std::int64_t number = 0; number < 90; number += 3) insert({number, 4 * number, Term("another value")});
  for (std::int64_t number = 1; number < 90; number += 5) table->take(kCaller, Term(number), false);
  std::vector<Term> several;
  for (std::int64_t number = 2; number < 90; number += 9)
    several.push_back({number, Term("atom" + std::to_string(number) + "s")});
  table->insert(kCaller, several);
  if (kind_.remains == Remains::draining) fill_for_draining(*table);
}

// Objects of one stripe come, and go from everywhere, until some of their runs are free and others, in which some live, are on the way
// to it.
void Specimen::fill_for_draining(table::Table& table) {
  constexpr std::size_t kObjects = 800;
  std::vector<Term> keys;
  for (std::int64_t key = 10'000; keys.size() < kObjects; ++key) {
    if (term::hash(Term(key), kSeed) >> 61 != 0) continue;
    keys.emplace_back(key);
    const Term object{key, 1, Term(std::string(500, '\0'))};
    table.insert(kCaller, {&object, 1});
  }
  for (std::size_t part = 0; part < 7; ++part) {
    for (std::size_t i = part; i < kObjects && !has_remains(); i += 8) table.take(kCaller, keys[i], false);
  }
}

bool Specimen::has_remains() const {
  struct stat status {};
  ::fstat(file_.get(), &status);
  const auto bytes = static_cast<std::size_t>(status.st_size);
  const auto* const base = static_cast<const std::byte*>(::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file_.get(), 0));
  if (base == MAP_FAILED) throw std::runtime_error("cannot map the table");
  const auto& header = *reinterpret_cast<const shm::SegmentHeader*>(base);
  const auto* const stripes = reinterpret_cast<const shm::Stripe*>(base + header.stripes);
  const auto any = [&](auto is) { return std::any_of(stripes, stripes + header.stripe_count, is); };
  bool there = false;
  switch (kind_.remains) {
    case Remains::none: there = true; break;
    case Remains::armed_intent: there = any([](const shm::Stripe& stripe) { return stripe.intent.is_armed(); }); break;
    case Remains::half_inserted:
      there = any([](const shm::Stripe& stripe) { return stripe.work[table::kTransaction] != 0; });
      break;
    case Remains::draining:
      there = header.pages_free != 0 && any([](const shm::Stripe& stripe) { return stripe.drained != 0; });
      break;
    case Remains::grave: there = reinterpret_cast<const table::TableHeader*>(header.table)->grave != 0; break;
  }
  ::munmap(const_cast<std::byte*>(base), bytes);
  return there;
}

// Stops a writer until it has something under way at that moment, however seldom it gets a processor.
void Specimen::hold_with_remains(pid_t writer) const {
  for (int look = 0; look < kLooks; ++look) {
    ::usleep(static_cast<useconds_t>(20 + look % 97));
    ::kill(writer, SIGSTOP);
    int status = 0;
    ::waitpid(writer, &status, WUNTRACED);
    if (!WIFSTOPPED(status) || has_remains()) return;
    ::kill(writer, SIGCONT);
  }
}

// Writers are killed until one had something under way.
void Specimen::leave_remains(const table::TestNode& node) {
  if (kind_.remains == Remains::draining) throw std::runtime_error("nothing is being drained");
  for (int kill = 0; kill < kKills; ++kill) {
    int ready[2];
    if (::pipe(ready) != 0) throw std::runtime_error("no pipe");
    const pid_t writer = ::fork();
    if (writer == 0) {
      const shm::Attachment attachment = node.attach();
      const auto table = node.open("1", attachment);
      static_cast<void>(::write(ready[1], "x", 1));
      if (kind_.remains == Remains::grave) table->delete_all_objects(kCaller);
      for (std::int64_t number = 2; kind_.remains != Remains::grave && number < 2 + kWrites; ++number) {
        std::vector<Term> objects;
        for (std::int64_t i = 0; i < (kind_.remains == Remains::half_inserted ? 6 : 1); ++i)
          objects.push_back(numbered_object((number + i * 7) % 90));
        table->insert(kCaller, objects);
      }
      ::_exit(0);
    }
    char byte = 0;
    static_cast<void>(::read(ready[0], &byte, 1));
    if (kind_.remains == Remains::grave) {
      ::usleep(static_cast<useconds_t>(kill % 40));
    } else {
      hold_with_remains(writer);
    }
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    for (const int end : ready) ::close(end);
    if (has_remains()) return read();
    restore();
  }
  throw std::runtime_error("no writer could be killed at the right moment");
}

void Specimen::read() {
  struct stat status {};
  ::fstat(file_.get(), &status);
  file_bytes_ = static_cast<std::uint64_t>(status.st_size);
  alignas(shm::SegmentHeader) std::byte head[sizeof(shm::SegmentHeader)];
  if (::pread(file_.get(), head, sizeof head, 0) < 0) throw std::runtime_error("cannot read the table");
  const auto& header = *reinterpret_cast<const shm::SegmentHeader*>(head);
  parts_ = {{0, std::string(header.dictionary + header.dictionary_bytes_given, '\0')},
            {header.page_map, std::string(header.page_map_bytes_given, '\0')},
            {header.pages, std::string(header.pages_in_file * shm::kPageBytes, '\0')}};
  bytes_.clear();
  for (Part& part : parts_) {
    if (::pread(file_.get(), part.bytes.data(), part.bytes.size(), static_cast<off_t>(part.offset)) < 0)
      throw std::runtime_error("cannot read the table");
    for (std::uint64_t line = 0; line < part.bytes.size(); line += shm::kCacheLineBytes) {
      const std::string_view here = std::string_view(part.bytes).substr(line, shm::kCacheLineBytes);
      if (here.find_first_not_of('\0') == std::string_view::npos) continue;
      for (std::uint64_t i = 0; i < here.size(); ++i) bytes_.push_back(part.offset + line + i);
    }
  }
}

std::uint8_t Specimen::byte(std::uint64_t offset) const {
  for (const Part& part : parts_) {
    if (offset - part.offset < part.bytes.size()) return static_cast<std::uint8_t>(part.bytes[offset - part.offset]);
  }
  return 0;
}

void Specimen::restore() {
  if (::ftruncate(file_.get(), static_cast<off_t>(file_bytes_)) != 0)
    throw std::runtime_error("cannot restore the table");
  for (const Part& part : parts_) {
    std::string now(shm::kPageBytes, '\0');
    for (std::uint64_t at = 0; at < part.bytes.size(); at += now.size()) {
      const std::string_view was = std::string_view(part.bytes).substr(at, now.size());
      const ssize_t got = ::pread(file_.get(), now.data(), was.size(), static_cast<off_t>(part.offset + at));
      if (got == static_cast<ssize_t>(was.size()) && was == std::string_view(now).substr(0, was.size())) continue;
      write(part.offset + at, was);
    }
  }
}

void Specimen::write(std::uint64_t offset, std::string_view bytes) const {
  if (::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
      static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("cannot write the table");
}

void Specimen::cut(std::uint64_t bytes) const {
  if (::ftruncate(file_.get(), static_cast<off_t>(bytes)) != 0) throw std::runtime_error("cannot cut the table");
}

}  // namespace heirloom::damage
