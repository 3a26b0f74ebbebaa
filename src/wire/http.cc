#include "wire/http.h"

#include <algorithm>

namespace cloudlet::wire {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  return true;
}

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

void Headers::add(std::string_view name, std::string_view value) {
  const auto at = static_cast<std::uint32_t>(text_.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  text_.append(name).append(value);
  spots_.push_back({.name = at,
                    .name_size = name_size,
                    .value = at + name_size,
                    .value_size = static_cast<std::uint32_t>(value.size())});
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(spots_, [&](const Spot& spot) {
    return equal_ignoring_case({text_.data() + spot.name, spot.name_size}, name);
  });
}

Headers::Field Headers::operator[](std::size_t index) const {
  const Spot& spot = spots_[index];
  return {.name = {text_.data() + spot.name, spot.name_size},
          .value = {text_.data() + spot.value, spot.value_size}};
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Spot& spot : spots_)
    if (spot.name_size == name.size() &&
        equal_ignoring_case({text_.data() + spot.name, spot.name_size}, name))
      return std::string_view(text_.data() + spot.value, spot.value_size);
  return std::nullopt;
}

std::string_view Headers::get(std::string_view name, std::string_view otherwise) const {
  return find(name).value_or(otherwise);
}

std::string Headers::joined(std::string_view name) const {
  std::string all;
  bool first = true;
  for (const Field field : *this) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (!first) all += ", ";
    first = false;
    all += field.value;
  }
  return all;
}

void Headers::assign_text(std::string_view text) {
  text_.assign(text);
  spots_.clear();
  spots_.reserve(24);
}

void Headers::add_in_text(std::string_view name, std::string_view value) {
  const auto place = [this](std::string_view part) {
    return static_cast<std::uint32_t>(part.data() - text_.data());
  };
  spots_.push_back({.name = place(name),
                    .name_size = static_cast<std::uint32_t>(name.size()),
                    .value = value.empty() ? 0 : place(value),
                    .value_size = static_cast<std::uint32_t>(value.size())});
}

std::string_view Request::query() const {
  const std::size_t question = target.find('?');
  return question == std::string::npos ? std::string_view()
                                       : std::string_view(target).substr(question + 1);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

}  // namespace cloudlet::wire
