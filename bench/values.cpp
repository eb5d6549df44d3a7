// SPDX-License-Identifier: Apache-2.0
//
// What a small record costs as a value: {session, int64, int64, 32 bytes} as a plain struct, as a Term made by hand, and as a
// typed one. Each case is `operation/form`; external.cpp adds those of the external term format. See README.md for what the
// numbers mean.
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include <absl/hash/hash.h>
#include <benchmark/benchmark.h>

#include "heirloom/typed.hpp"

#include "session.hpp"

namespace heirloom::bench {
namespace {

// ---------------------------------------------------------------------------------------------------------------- build

void build_struct(benchmark::State& state) {
  std::int64_t key = 0;
  for (auto _ : state) benchmark::DoNotOptimize(struct_of(++key));
}
BENCHMARK(build_struct)->Name("build/struct");

void build_term(benchmark::State& state) {
  std::int64_t key = 0;
  for (auto _ : state) benchmark::DoNotOptimize(term_of(++key));
}
BENCHMARK(build_term)->Name("build/Term by hand");

void build_typed(benchmark::State& state) {
  session value = struct_of(0);
  for (auto _ : state) {
    value.hits = ++value.key;
    benchmark::DoNotOptimize(to_term(value));
  }
}
BENCHMARK(build_typed)->Name("build/Term by to_term");

// ----------------------------------------------------------------------------------------------------------------- read

void read_struct(benchmark::State& state) {
  session value = struct_of(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    benchmark::DoNotOptimize(value.key + value.hits + value.text[31]);
  }
}
BENCHMARK(read_struct)->Name("read/struct");

// As a careful program would: name, size and all elements.
void read_term(benchmark::State& state) {
  const Term term = term_of(1);
  const Atom name("session");
  for (auto _ : state) {
    session value{};
    if (term.is_tuple() && term.size() == 4 && term.element(1).as_atom() == name) {
      value.key = term.element(2).as_int64();
      value.hits = term.element(3).as_int64();
      const std::string_view text = term.element(4).as_binary();
      if (text.size() == value.text.size()) std::memcpy(value.text.data(), text.data(), text.size());
    }
    benchmark::DoNotOptimize(value);
  }
}
BENCHMARK(read_term)->Name("read/Term by hand");

void read_typed(benchmark::State& state) {
  const Term term = term_of(1);
  for (auto _ : state) benchmark::DoNotOptimize(from_term<session>(term));
}
BENCHMARK(read_typed)->Name("read/Term by from_term");

// ----------------------------------------------------------------------------------------------------------------- copy

void copy_struct(benchmark::State& state) {
  session value = struct_of(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    session copy = value;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(copy_struct)->Name("copy/struct");

void copy_term(benchmark::State& state) {
  const Term value = term_of(1);
  for (auto _ : state) {
    Term copy = value;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(copy_term)->Name("copy/Term");

// -------------------------------------------------------------------------------------------------------------- compare

void equal_struct(benchmark::State& state) {
  session left = struct_of(1);
  session right = struct_of(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(left);
    benchmark::DoNotOptimize(right);
    benchmark::DoNotOptimize(left == right);
  }
}
BENCHMARK(equal_struct)->Name("equal/struct");

void equal_term(benchmark::State& state) {
  const Term left = term_of(1);
  const Term right = term_of(1);
  for (auto _ : state) benchmark::DoNotOptimize(left == right);
}
BENCHMARK(equal_term)->Name("equal/Term");

void order_struct(benchmark::State& state) {
  session left = struct_of(1);
  session right = struct_of(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(left);
    benchmark::DoNotOptimize(right);
    benchmark::DoNotOptimize(left <=> right);
  }
}
BENCHMARK(order_struct)->Name("order/struct");

void order_term(benchmark::State& state) {
  const Term left = term_of(1);
  const Term right = term_of(1);
  for (auto _ : state) benchmark::DoNotOptimize(compare(left, right));
}
BENCHMARK(order_term)->Name("order/Term");

// ----------------------------------------------------------------------------------------------------------------- hash

void hash_struct(benchmark::State& state) {
  session value = struct_of(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    benchmark::DoNotOptimize(absl::HashOf(value));
  }
}
BENCHMARK(hash_struct)->Name("hash/struct");

void hash_term(benchmark::State& state) {
  const Term value = term_of(1);
  for (auto _ : state) benchmark::DoNotOptimize(std::hash<Term>()(value));
}
BENCHMARK(hash_term)->Name("hash/Term");

}  // namespace
}  // namespace heirloom::bench

BENCHMARK_MAIN();
