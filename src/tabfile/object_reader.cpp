// SPDX-License-Identifier: Apache-2.0
#include "tabfile/object_reader.hpp"

#include <utility>

#include "tabfile/failure.hpp"
#include "tabfile/format.hpp"
#include "tabfile/pairs.hpp"
#include "term/external_prefix.hpp"

namespace heirloom::tabfile {

using namespace literals;

namespace {

constexpr std::size_t kObjectsAtOnce = 100;  // what Erlang reads at a time

// ['$end_of_table',Info]
bool is_footer(TermView term) {
  return term.is_proper_list() && term.size() == 2 && term[0] == Term("$end_of_table"_atom);
}

std::string hex(std::string_view bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) / 16];
    text += kDigits[static_cast<unsigned char>(byte) % 16];
  }
  return text;
}

std::string at_byte(std::uint64_t place) { return "byte " + std::to_string(place) + ": "; }

}  // namespace

ObjectReader::ObjectReader(const std::filesystem::path& file, std::string operation, bool verify,
                           const InputLimits& limits)
    : log_(file, std::move(operation), limits.memory_bytes_max), verify_(verify), limits_(limits) {
  read_header();
}

void ObjectReader::read_header() {
  const ItemBlock block = log_.next(1);
  refuse_broken(block);
  if (block.items.size() != 1)
    throw bad_file(log_.operation(), at_byte(8) + "there is no whole item that says what the table is");
  const Item& item = block.items.front();
  bytes_used_ = kLogHeadBytes;
  header_.emplace(decode_or_refuse(item), verify_, log_.operation());
  if (header_->md5sum()) sum_.update(item.term);
}

// Nothing: it is no term.
std::optional<Term> ObjectReader::decode(const Item& item) try {
  auto [term, new_atoms] = term::read_external_prefix(item.term, limits_);
  limits_.new_atoms_max -= new_atoms;
  bytes_used_ += item.bytes;
  return std::move(term);
} catch (const Error& error) {
  if (error.code() == ErrorCode::syntax) return std::nullopt;
  throw TableFileError(error.code(), log_.operation(), at_byte(item.at) + error.detail(), "system_limit"_atom);
}

Term ObjectReader::decode_or_refuse(const Item& item) {
  auto term = decode(item);
  if (!term) throw bad_file(log_.operation(), at_byte(item.at) + "the bytes of the item are no term");
  return *std::move(term);
}

void ObjectReader::refuse_broken(const ItemBlock& block) const {
  if (!verify_ || block.broken == 0) return;
  throw bad_file(log_.operation(), at_byte(block.broken_at) +
                                       "here is no whole item, which is its size in 4 bytes, 98,87,76,65 and a term");
}

ObjectReader::TermBlock ObjectReader::next_terms(std::size_t terms_max) {
  ItemBlock block = log_.next(terms_max);
  TermBlock decoded{.at_end = block.at_end};
  for (std::size_t i = 0; i < block.items.size(); ++i) {
    auto term = decode(block.items[i]);
    if (!term) {
      if (block.broken == 0) block.broken_at = block.items[i].at;
      block.broken += block.items[i].term.size();
      // As disk_log counts back to what is behind it: as if nothing but short items followed, and as if all that was read had been
      // looked at. Where that is not so, reading goes on too late.
      std::uint64_t behind = 0;
      for (std::size_t rest = i + 1; rest < block.items.size(); ++rest)
        behind += block.items[rest].term.size() + kItemHeadBytes;
      log_.go_back(behind);
      break;
    }
    decoded.terms.push_back(*std::move(term));
    decoded.places.push_back(block.items[i].at);
  }
  refuse_broken(block);
  return decoded;
}

std::vector<Term> ObjectReader::next_unsummed() {
  TermBlock block = next_terms(kObjectsAtOnce);
  if (block.at_end) return {};
  footer_.reset();
  if (!block.terms.empty() && is_footer(block.terms.back())) {
    footer_ = std::move(block.terms.back());
    block.terms.pop_back();
  }
  objects_ += block.terms.size();
  places_ = std::move(block.places);
  return std::move(block.terms);
}

// Erlang lets the sum judge items that are no terms.
std::vector<Term> ObjectReader::next_summed() {
  const ItemBlock block = log_.next(kObjectsAtOnce);
  if (block.at_end) return {};
  refuse_broken(block);
  std::vector<Term> terms;
  places_.clear();
  footer_.reset();
  for (const Item& item : block.items) {
    auto term = decode(item);
    if (!term) continue;
    if (is_footer(*term)) {
      footer_ = std::move(term);
      break;
    }
    sum_.update(item.term);
    terms.push_back(*std::move(term));
    places_.push_back(item.at);
  }
  objects_ += terms.size();
  return terms;
}

std::vector<Term> ObjectReader::next() {
  auto objects = verify_ && header_->md5sum() ? next_summed() : next_unsummed();
  if (objects.empty()) {
    at_end_ = true;
    prove();
  }
  return objects;
}

void ObjectReader::prove_count(const Term& expected) const {
  if (Term(objects_) == expected) return;
  throw TableFileError(ErrorCode::corrupt, log_.operation(),
                       "there are " + std::to_string(objects_) + " objects, and the file says " + to_string(expected),
                       "invalid_object_count"_atom);
}

void ObjectReader::prove() {
  const Term size = header_->size();
  const bool extended = header_->md5sum() || header_->object_count();
  if (!footer_) {
    if (verify_ && extended) {
      throw bad_file(log_.operation(),
                     "the end is missing: the last item is not ['$end_of_table',_], though extended_info is " +
                         std::string(header_->md5sum() ? "md5sum" : "object_count"));
    }
    return verify_ ? prove_count(size) : void();
  }
  const TermView said = (*footer_)[1];
  const auto value_of = [&](Atom key) {
    const auto pair = said.is_list() ? key_find(said.elements(), key) : std::nullopt;
    if (!pair && !said.is_proper_list()) throw bad_file(log_.operation(), "the last item says " + to_string(said));
    return pair && is_pair(*pair) ? Term(pair->element(2)) : Term(false);
  };
  const Term count = value_of("count"_atom);
  const Term sum = value_of("md5"_atom);
  if (!verify_) return;
  if (header_->md5sum()) {
    const std::string own = sum_.finish();
    if (sum != Term(own)) {
      throw TableFileError(ErrorCode::corrupt, log_.operation(),
                           "the objects have the MD5 sum " + hex(own) + ", and the file says " +
                               (sum.is_binary() ? hex(sum.as_binary()) : to_string(sum)),
                           "checksum_error"_atom);
    }
  }
  if (header_->object_count()) return prove_count(count);
  if (!header_->md5sum()) prove_count(size);
}

}  // namespace heirloom::tabfile
