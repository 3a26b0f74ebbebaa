// From path, query string and headers into a structure.
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "wire/form.h"
#include "wire/rest.h"
#include "wire/times.h"

namespace cloudlet::wire {
namespace {

constexpr std::string_view spaces = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

// One element off a header's list: quoted with backslashes or plain (RFC 9110, 5.6.4). Dates hold a
// comma of their own.
std::string next_element(std::string_view& rest, bool dates) {
  rest = trim(rest);
  std::string element;
  if (rest.starts_with('"')) {
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      element += rest[i];
    }
    rest.remove_prefix(std::min(rest.size(), i + 1));
    rest.remove_prefix(std::min(rest.size(), rest.find(',')));
  } else {
    std::size_t comma = rest.find(',');
    if (dates && comma != std::string_view::npos) comma = rest.find(',', comma + 1);
    element = trim(rest.substr(0, comma));
    rest.remove_prefix(std::min(rest.size(), comma));
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return element;
}

// If-Modified-Since, If-Unmodified-Since: a recipient ignores them when they hold no date (RFC
// 9110, 13.1.3 and 13.1.4).
bool is_date_condition(const Member& member) {
  return member.shape->kind == Kind::timestamp && member.wire_name.starts_with("If-");
}

class Walk {
 public:
  explicit Walk(Binding& binding) : binding_(binding) {}

  Result<void> scalar(const Member& member, std::string_view text, void* target) {
    const Shape& shape = *member.shape;
    const Step root, step = root.member(member);
    if (member.refused && binding_.checks()) return binding_.refused(member);
    if (shape.kind == Kind::enumeration && !find_value(shape, text)) {
      binding_.check_text(shape, text, step);
      return {};
    }
    std::string decoded;
    if (member.json_text && member.place == Place::header) {
      auto json = from_base64(text);
      if (!json) return binding_.unreadable(member, text);
      decoded = std::move(*json);
      text = decoded;
    }
    void* value = member.slot->make(target, member);
    if (!assign_text(shape, TimeFormat::http_date, text, value))
      return binding_.unreadable(member, text);
    if (shape.kind == Kind::string) {
      binding_.check_text(shape, text, step);
    } else if (shape.limits.has_min || shape.limits.has_max) {
      binding_.check_number(shape, std::strtod(std::string(text).c_str(), nullptr), text, step);
    }
    return {};
  }

  Result<void> element(const Member& member, const Shape& list, std::string_view text, void* target,
                       Binding::Group& group) {
    const Shape& shape = *list.element->shape;
    if (shape.kind == Kind::enumeration && !find_value(shape, text)) {
      group.add_unknown(list.container->size(target) + group.unknown.size(), text);
      return {};
    }
    if (!assign_text(shape, TimeFormat::http_date, text, list.container->add(target, list, {})))
      return binding_.unreadable(member, text);
    if (binding_.checks() && shape.kind == Kind::string && !Binding::conforms(shape, text))
      group.broken = true;
    return {};
  }

  void check_list(const Member& member, const void* list, const Binding::Group& group) {
    const Step root, step = root.member(member);
    const Shape& shape = *member.shape;
    binding_.check_group(group, Binding::Part::element, *shape.element->shape, list, shape, step);
    binding_.check_count(shape, list, step);
  }

  Result<bool> header(const Member& member, const Headers& headers, void* target) {
    if (!headers.has(member.wire_name)) return false;
    const std::string joined = headers.joined(member.wire_name);
    if (!member.shape->container) {
      // A header that is there but empty is a client's way of saying nothing, except for strings.
      if (joined.empty() && member.shape->kind != Kind::string) return false;
      if (is_date_condition(member) && !parse_time(joined)) return false;
      CHECK(scalar(member, joined, target));
      return true;
    }
    const Shape& item = *member.shape->element->shape;
    const bool dates =
        item.kind == Kind::timestamp &&
        time_format(*member.shape->element, TimeFormat::http_date) == TimeFormat::http_date;
    if (member.refused && binding_.checks()) return binding_.refused(member);
    void* list = member.slot->make(target, member);
    member.shape->container->create(list, 0);
    Binding::Group group;
    for (std::string_view rest = joined; !rest.empty();) {
      CHECK(element(member, *member.shape, next_element(rest, dates), list, group));
    }
    check_list(member, list, group);
    return true;
  }

  bool prefixed_headers(const Member& member, const Headers& headers, void* target) {
    const std::string_view prefix = member.named ? member.wire_name : std::string_view();
    void* map = nullptr;
    for (const auto [name, value] : headers) {
      if (name.size() < prefix.size() ||
          !equal_ignoring_case(name.substr(0, prefix.size()), prefix))
        continue;
      if (!map) {
        map = member.slot->make(target, member);
        member.shape->container->create(map, 0);
      }
      std::string key(name.substr(prefix.size()));
      void* entry = member.shape->container->add(map, *member.shape, key);
      static_cast<std::string*>(entry)->assign(value);
    }
    return map != nullptr;
  }

  Result<bool> query(const Member& member, const FormData& form, void* target) {
    if (member.shape->kind == Kind::map) return query_map(member, form, target);
    if (!member.shape->container) {
      const std::string* text = form.find(member.wire_name);
      if (!text) return false;
      // "?max-keys=" says nothing: S3 and the SDKs' own servers read it so. Strings may be empty.
      if (text->empty() && member.shape->kind != Kind::string &&
          member.shape->kind != Kind::enumeration)
        return false;
      CHECK(scalar(member, *text, target));
      return true;
    }
    void* list = nullptr;
    Binding::Group group;
    for (const FormData::Field& field : form.fields()) {
      if (field.name != member.wire_name) continue;
      if (member.refused && binding_.checks()) return binding_.refused(member);
      if (!list) {
        list = member.slot->make(target, member);
        member.shape->container->create(list, 0);
      }
      CHECK(element(member, *member.shape, field.value, list, group));
    }
    if (list) check_list(member, list, group);
    return list != nullptr;
  }

 private:
  // Every parameter, also those that other members hold (Smithy, httpQueryParams): texts, or lists
  // of texts.
  Result<bool> query_map(const Member& member, const FormData& form, void* target) {
    const Shape& map_shape = *member.shape;
    const Shape& value_shape = *map_shape.element->shape;
    void* map = nullptr;
    std::string_view last;
    void* value = nullptr;
    for (const FormData::Field& field : form.fields()) {
      if (!map) {
        map = member.slot->make(target, member);
        map_shape.container->create(map, 0);
      }
      const bool again = value && last == field.name;
      if (!again) value = map_shape.container->add(map, map_shape, field.name);
      last = field.name;
      if (!value_shape.container) {
        if (!again) static_cast<std::string*>(value)->assign(field.value);
        continue;
      }
      if (!again) value_shape.container->create(value, 0);
      static_cast<std::string*>(value_shape.container->add(value, value_shape, {}))
          ->assign(field.value);
    }
    return map != nullptr;
  }

  Binding& binding_;
};

Result<bool> bind_label(Walk& walk, const Binding& binding, const Operation& operation,
                        const Request& request, const Member& member, void* target) {
  const auto raw = find_label(operation.uri, request.path(), member.wire_name);
  if (!raw || raw->empty()) return false;
  const auto text = percent_decode(*raw);
  if (!text || !valid_utf8(*text))
    return binding.malformed(fmt::format("The path's {} is not encoded right", member.name));
  CHECK(walk.scalar(member, *text, target));
  return true;
}

std::string_view without_query(std::string_view uri) { return uri.substr(0, uri.find('?')); }

// Takes "/segment" off the front.
std::string_view next_segment(std::string_view& path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

std::optional<std::string_view> find_label(std::string_view uri, std::string_view path,
                                           std::string_view label) {
  uri = without_query(uri);
  while (!uri.empty()) {
    const std::string_view wanted = next_segment(uri);
    const bool greedy = wanted.ends_with("+}");
    if (greedy) {
      if (path.starts_with('/')) path.remove_prefix(1);
      // What the template still wants after the greedy label, counted in segments from the end.
      std::size_t end = path.size();
      for (auto slashes = std::ranges::count(uri, '/');
           slashes > 0 && end != std::string_view::npos; --slashes) {
        end = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
      }
      if (end == std::string_view::npos) return std::nullopt;
      if (wanted.substr(1, wanted.size() - 3) == label) return path.substr(0, end);
      path.remove_prefix(end);
      continue;
    }
    const std::string_view segment = next_segment(path);
    if (wanted.starts_with('{') && wanted.ends_with('}') &&
        wanted.substr(1, wanted.size() - 2) == label)
      return segment;
  }
  return std::nullopt;
}

Result<void> bind_rest_request(Binding& binding, const Operation& operation, const Request& request,
                               void* target) {
  Walk walk(binding);
  std::optional<FormData> form;
  for (const Member& member : operation.input->members) {
    bool found = false;
    switch (member.place) {
      case Place::uri: {
        TRY(found, bind_label(walk, binding, operation, request, member, target));
        break;
      }
      case Place::query: {
        if (!form) form = FormData::parse(request.query());
        if (!form) return binding.malformed("The query string is not valid");
        TRY(found, walk.query(member, *form, target));
        break;
      }
      case Place::header: {
        TRY(found, walk.header(member, request.headers, target));
        break;
      }
      case Place::prefixed_headers:
        found = walk.prefixed_headers(member, request.headers, target);
        break;
      default: continue;
    }
    if (!found && member.required) binding.missing(Step().member(member));
  }
  return {};
}

Result<void> bind_rest_answer(Binding& binding, const Shape& structure, const Response& response,
                              void* target) {
  Walk walk(binding);
  for (const Member& member : structure.members) {
    if (member.place == Place::header) CHECK(walk.header(member, response.headers, target));
    if (member.place == Place::prefixed_headers)
      walk.prefixed_headers(member, response.headers, target);
    if (member.place == Place::status)
      assign_integer(member.shape->kind, response.status, member.slot->make(target, member));
  }
  return {};
}

}  // namespace cloudlet::wire
