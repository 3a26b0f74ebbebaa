// From a structure to path, query string and headers.
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "wire/rest.h"

namespace cloudlet::wire {
namespace {

std::string text_of(const Member& member, const void* value, TimeFormat by_protocol) {
  std::string text;
  append_text(text, *member.shape, time_format(member, by_protocol), value);
  return text;
}

struct Texts {
  const Member* element;
  TimeFormat format;
  std::vector<std::pair<std::string, std::string>> found;
};

bool collect(void* context, std::string_view key, const void* value) {
  auto& texts = *static_cast<Texts*>(context);
  texts.found.emplace_back(key, text_of(*texts.element, value, texts.format));
  return true;
}

// The texts of a list's elements or of a map's entries.
Texts texts_of(const Shape& container, const void* value, TimeFormat format) {
  Texts texts{container.element, format, {}};
  container.container->each(value, &texts, &collect);
  return texts;
}

// An element of a header's list is quoted if it would not be read back as it is.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// A value must not end its header and begin another.
std::string header_safe(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return text;
}

void write_header(Headers& headers, const Member& member, const void* value) {
  const Shape& shape = *member.shape;
  if (!shape.container) {
    std::string text = text_of(member, value, TimeFormat::http_date);
    if (member.json_text) text = to_base64(text);
    if (!text.empty()) headers.set(member.wire_name, header_safe(std::move(text)));
    return;
  }
  std::string joined;
  for (const auto& [key, text] : texts_of(shape, value, TimeFormat::http_date).found) {
    if (!joined.empty()) joined += ", ";
    joined += shape.element->shape->kind == Kind::timestamp ? text : quoted(text);
  }
  if (!joined.empty()) headers.set(member.wire_name, header_safe(std::move(joined)));
}

void write_prefixed_headers(Headers& headers, const Member& member, const void* value) {
  const std::string_view prefix = member.named ? member.wire_name : std::string_view();
  for (auto& [key, text] : texts_of(*member.shape, value, TimeFormat::http_date).found) {
    const std::string name = fmt::format("{}{}", prefix, key);
    if (!headers.has(name)) headers.add(name, header_safe(std::move(text)));
  }
}

class Query {
 public:
  void add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? "" : "&";
    text_ += percent_encode(name) + "=" + percent_encode(value);
    names_.emplace_back(name);
  }
  bool has(std::string_view name) const { return std::ranges::find(names_, name) != names_.end(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> names_;
};

struct Lists {
  Query* query;
  const Shape* values;
};

bool add_list(void* context, std::string_view key, const void* value) {
  auto& lists = *static_cast<Lists*>(context);
  if (lists.query->has(key)) return true;
  for (const auto& [none, text] : texts_of(*lists.values, value, TimeFormat::iso8601).found)
    lists.query->add(key, text);
  return true;
}

void write_query_member(Query& query, const Member& member, const void* value) {
  const Shape& shape = *member.shape;
  if (!shape.container)
    return query.add(member.wire_name, text_of(member, value, TimeFormat::iso8601));
  if (!shape.key) {
    for (const auto& [key, text] : texts_of(shape, value, TimeFormat::iso8601).found)
      query.add(member.wire_name, text);
    return;
  }
  if (shape.element->shape->container) {
    Lists lists{&query, shape.element->shape};
    return shape.container->each(value, &lists, &add_list);
  }
  for (const auto& [key, text] : texts_of(shape, value, TimeFormat::iso8601).found) {
    if (!query.has(key)) query.add(key, text);
  }
}

const Member* find_member(const Shape& structure, std::string_view label) {
  const auto found = std::ranges::find_if(structure.members, [&](const Member& member) {
    return member.place == Place::uri && member.wire_name == label;
  });
  return found == structure.members.end() ? nullptr : &*found;
}

// The path of the template with its labels filled in.
Result<std::string> write_path(const Operation& operation, const void* source) {
  std::string path;
  std::string_view uri = operation.uri.substr(0, operation.uri.find('?'));
  while (!uri.empty()) {
    const std::size_t brace = uri.find('{');
    path += uri.substr(0, brace);
    if (brace == std::string_view::npos) break;
    const std::size_t end = uri.find('}', brace);
    std::string_view label = uri.substr(brace + 1, end - brace - 1);
    uri.remove_prefix(end + 1);
    const bool greedy = label.ends_with('+');
    if (greedy) label.remove_suffix(1);
    const Member* member = find_member(*operation.input, label);
    assert_that(member, "a label of a path that no member fills");
    const void* value = member->slot->find(source, *member);
    const std::string text = value ? text_of(*member, value, TimeFormat::iso8601) : std::string();
    if (text.empty()) return invalid(fmt::format("{} must not be empty", member->name));
    path += percent_encode(text, greedy ? Slash::keep : Slash::encode);
  }
  return path;
}

}  // namespace

void write_rest_answer(Response& response, const Shape& structure, const void* source) {
  for (const Member& member : structure.members) {
    const void* value = member.place == Place::body ? nullptr : member.slot->find(source, member);
    if (!value) continue;
    if (member.place == Place::header) write_header(response.headers, member, value);
    if (member.place == Place::prefixed_headers)
      write_prefixed_headers(response.headers, member, value);
    if (member.place == Place::status) response.status = *static_cast<const std::int32_t*>(value);
  }
}

Result<void> write_rest_request(Request& request, const Operation& operation, const void* source) {
  TRY(request.target, write_path(operation, source));
  Query query;
  const Member* everything_else = nullptr;
  const auto each = [&](auto&& visit) {
    for (const Member& member : operation.input->members) {
      if (const void* value = member.slot->find(source, member)) visit(member, value);
    }
  };
  each([&](const Member& member, const void* value) {
    if (member.place == Place::header) write_header(request.headers, member, value);
    if (member.place == Place::prefixed_headers)
      write_prefixed_headers(request.headers, member, value);
    if (member.place != Place::query) return;
    if (member.shape->kind == Kind::map) {
      everything_else = &member;
    } else {
      write_query_member(query, member, value);
    }
  });
  if (everything_else) {
    write_query_member(query, *everything_else,
                       everything_else->slot->find(source, *everything_else));
  }
  const std::size_t mark = operation.uri.find('?');
  std::string_view literal =
      mark == std::string_view::npos ? std::string_view() : operation.uri.substr(mark + 1);
  if (!literal.empty() || !query.text().empty()) {
    request.target.append("?")
        .append(literal)
        .append(literal.empty() || query.text().empty() ? "" : "&")
        .append(query.text());
  }
  return {};
}

}  // namespace cloudlet::wire
