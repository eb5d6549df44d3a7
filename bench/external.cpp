// SPDX-License-Identifier: Apache-2.0
//
// The external term format beside erl_interface (ei), the C library of Erlang/OTP: from a struct to bytes and back, for one
// small record and for a list of a thousand. ei writes from C values and reads into them; Heirloom does so by way of a Term,
// which `Term alone` leaves out. Part of the program of values.cpp.
#include "heirloom/external.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <ei.h>

#include "heirloom/typed.hpp"

#include "session.hpp"

namespace heirloom::bench {
namespace {

// One record, or a list of `count` records when count > 1.
std::vector<session> structs_of(std::int64_t count) {
  std::vector<session> all;
  for (std::int64_t key = 1; key <= count; ++key) all.push_back(struct_of(key * 100'000));
  return all;
}

Term term_of(const std::vector<session>& all) { return all.size() == 1 ? to_term(all[0]) : to_term(all); }

void require(bool good) {
  if (!good) std::abort();
}

// ------------------------------------------------------------------------------------------------------------------- ei

void ei_put(ei_x_buff& out, const session& one) {
  ei_x_encode_tuple_header(&out, 4);
  ei_x_encode_atom_as(&out, "session", ERLANG_ASCII, ERLANG_UTF8);
  ei_x_encode_longlong(&out, one.key);
  ei_x_encode_longlong(&out, one.hits);
  ei_x_encode_binary(&out, one.text.data(), static_cast<int>(one.text.size()));
}

// The bytes in a buffer that is used again and again, as ei's users do.
void ei_put(ei_x_buff& out, const std::vector<session>& all) {
  out.index = 0;
  ei_x_encode_version(&out);
  if (all.size() == 1) return ei_put(out, all[0]);
  ei_x_encode_list_header(&out, static_cast<long>(all.size()));
  for (const session& one : all) ei_put(out, one);
  ei_x_encode_empty_list(&out);
}

session ei_get_one(const char* bytes, int& index) {
  session one{};
  int arity = 0;
  char name[MAXATOMLEN];
  long long key = 0;
  long long hits = 0;
  long length = 0;
  int kind = 0;
  int size = 0;
  require(ei_decode_tuple_header(bytes, &index, &arity) == 0 && arity == 4);
  require(ei_decode_atom(bytes, &index, name) == 0 && std::strcmp(name, "session") == 0);
  require(ei_decode_longlong(bytes, &index, &key) == 0 && ei_decode_longlong(bytes, &index, &hits) == 0);
  require(ei_get_type(bytes, &index, &kind, &size) == 0 && size == static_cast<int>(one.text.size()));
  require(ei_decode_binary(bytes, &index, one.text.data(), &length) == 0);
  one.key = key;
  one.hits = hits;
  return one;
}

std::vector<session> ei_get(const char* bytes, std::int64_t count) {
  int index = 0;
  int version = 0;
  int length = 1;
  require(ei_decode_version(bytes, &index, &version) == 0);
  if (count > 1) require(ei_decode_list_header(bytes, &index, &length) == 0);
  std::vector<session> all;
  all.reserve(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) all.push_back(ei_get_one(bytes, index));
  return all;
}

void encode_ei(benchmark::State& state) {
  const auto all = structs_of(state.range(0));
  ei_x_buff out;
  ei_x_new(&out);
  for (auto _ : state) {
    ei_put(out, all);
    benchmark::DoNotOptimize(out.buff);
  }
  require(std::string_view(out.buff, static_cast<std::size_t>(out.index)) == to_external(term_of(all)));
  ei_x_free(&out);
}
BENCHMARK(encode_ei)->Name("encode/ei")->Arg(1)->Arg(1000);

void decode_ei(benchmark::State& state) {
  const auto all = structs_of(state.range(0));
  const std::string bytes = to_external(term_of(all));
  for (auto _ : state) benchmark::DoNotOptimize(ei_get(bytes.data(), state.range(0)));
  require(ei_get(bytes.data(), state.range(0)) == all);
}
BENCHMARK(decode_ei)->Name("decode/ei")->Arg(1)->Arg(1000);

// ------------------------------------------------------------------------------------------------------------- Heirloom

void encode_struct(benchmark::State& state) {
  const auto all = structs_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(to_external(term_of(all)));
}
BENCHMARK(encode_struct)->Name("encode/struct by to_term")->Arg(1)->Arg(1000);

void encode_term(benchmark::State& state) {
  const Term term = term_of(structs_of(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(to_external(term));
}
BENCHMARK(encode_term)->Name("encode/Term alone")->Arg(1)->Arg(1000);

void decode_struct(benchmark::State& state) {
  const std::string bytes = to_external(term_of(structs_of(state.range(0))));
  for (auto _ : state) {
    const Term term = from_external(bytes);
    if (state.range(0) == 1) {
      benchmark::DoNotOptimize(from_term<session>(term));
    } else {
      benchmark::DoNotOptimize(from_term<std::vector<session>>(term));
    }
  }
}
BENCHMARK(decode_struct)->Name("decode/struct by from_term")->Arg(1)->Arg(1000);

void decode_term(benchmark::State& state) {
  const std::string bytes = to_external(term_of(structs_of(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(from_external(bytes));
}
BENCHMARK(decode_term)->Name("decode/Term alone")->Arg(1)->Arg(1000);

}  // namespace
}  // namespace heirloom::bench
