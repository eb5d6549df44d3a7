// SPDX-License-Identifier: Apache-2.0
#include "term/float_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace heirloom::term {

namespace {

std::string formatted(double number, std::chars_format format) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, number, format);
  return {buffer, result.ptr};
}

// "1e+22" as "1.0e22"
std::string scientific(double number) {
  const std::string text = formatted(number, std::chars_format::scientific);
  const std::size_t mark = text.find('e');
  std::string result = text.substr(0, mark);
  if (result.find('.') == std::string::npos) result += ".0";
  result += text[mark + 1] == '-' ? "e-" : "e";
  const std::size_t digits = text.find_first_not_of('0', mark + 2);
  return result + (digits == std::string::npos ? "0" : text.substr(digits));
}

std::string decimal(double number) {
  std::string text = formatted(number, std::chars_format::fixed);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace

// As float_to_list(F, [short]) of OTP 25: scientific from 2^53 on, where the digits before the point would not all be
// meant; below, the shorter of both notations.
void append_float(std::string& out, double number) {
  constexpr double kWholeMax = 9007199254740992.0;
  const double magnitude = std::fabs(number);
  const std::string exponent = scientific(number);
  if (magnitude >= kWholeMax || (magnitude != 0 && magnitude < 1e-9)) {
    out += exponent;
    return;
  }
  const std::string plain = decimal(number);
  out += plain.size() <= exponent.size() ? plain : exponent;
}

std::optional<double> float_of_text(const std::string& text) {
  double number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec == std::errc()) return number;
  // from_chars calls both ends out of range.
  const bool tiny = result.ec == std::errc::result_out_of_range && std::strtod(text.c_str(), nullptr) < 1;
  return tiny ? std::optional(0.0) : std::nullopt;
}

}  // namespace heirloom::term
