// The handler that builds values, with decimals read by std::from_chars.
#include "services/iot/sql/json_parse.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>

namespace cloudlet::iot::sql {
namespace {

namespace json = boost::json;
using Failed = boost::system::error_code;

// What boost::json::basic_parser tells it.
struct Builder {
  Builder(unsigned char* scratch, std::size_t size) : stack({}, scratch, size) {}

  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  bool on_document_begin(Failed&) { return true; }
  bool on_document_end(Failed&) { return true; }
  bool on_object_begin(Failed&) { return true; }
  bool on_array_begin(Failed&) { return true; }
  bool on_comment_part(json::string_view, Failed&) { return true; }
  bool on_comment(json::string_view, Failed&) { return true; }
  bool on_number_part(json::string_view, Failed&) { return true; }
  bool on_object_end(std::size_t count, Failed&) { return stack.push_object(count), true; }
  bool on_array_end(std::size_t count, Failed&) { return stack.push_array(count), true; }
  bool on_key_part(json::string_view part, std::size_t, Failed&) {
    return stack.push_chars(part), true;
  }
  bool on_key(json::string_view rest, std::size_t, Failed&) { return stack.push_key(rest), true; }
  bool on_string_part(json::string_view part, std::size_t, Failed&) {
    return stack.push_chars(part), true;
  }
  bool on_string(json::string_view rest, std::size_t, Failed&) {
    return stack.push_string(rest), true;
  }
  bool on_int64(std::int64_t number, json::string_view, Failed&) {
    return stack.push_int64(number), true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, Failed&) {
    return stack.push_uint64(number), true;
  }
  bool on_bool(bool value, Failed&) { return stack.push_bool(value), true; }
  bool on_null(Failed&) { return stack.push_null(), true; }
  bool on_double(double rough, json::string_view text, Failed& failed) {
    double exact = rough;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (read.ec == std::errc::result_out_of_range) exact = std::fabs(rough) < 1 ? 0 : HUGE_VAL;
    if (!std::isfinite(exact)) {
      failed = json::make_error_code(json::error::exponent_overflow);
      return false;
    }
    return stack.push_double(exact), true;
  }

  json::value_stack stack;
};

}  // namespace

std::optional<json::value> parse_json(std::string_view text, json::storage_ptr memory) {
  unsigned char scratch[1024];
  json::parse_options options;
  options.max_depth = json_depth_max;
  json::basic_parser<Builder> parser(options, scratch, sizeof scratch);
  parser.handler().stack.reset(std::move(memory));
  Failed failed;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), failed);
  if (failed || used != text.size()) return std::nullopt;
  return parser.handler().stack.release();
}

}  // namespace cloudlet::iot::sql
