// Values of run-time shapes, and the functions that make them look like structs to the walkers.
#include "dynamic.h"

#include <cmath>
#include <cstring>
#include <variant>

#include "base/clock.h"
#include "wire/body.h"

namespace cloudlet::conformance {
namespace {

using wire::Kind;
using wire::Member;
using wire::Shape;

struct Structure;
struct List;
struct Map;
using Cell = std::variant<std::monostate, std::string, std::int32_t, std::int64_t, bool, float,
                          double, Time, json::value, std::unique_ptr<Structure>,
                          std::unique_ptr<List>, std::unique_ptr<Map>>;

struct Structure {
  std::vector<Cell> cells;
};
struct List {
  std::deque<Cell> elements;
};
struct Map {
  std::deque<std::pair<std::string, Cell>> entries;  // in the order they came
};

// A fresh value of the shape, as the walkers expect to find it.
void* prepare(Cell& cell, const Shape& shape) {
  switch (shape.kind) {
    case Kind::string:
    case Kind::blob: return &cell.emplace<std::string>();
    case Kind::enumeration:
    case Kind::byte_number:
    case Kind::short_number:
    case Kind::integer: return &cell.emplace<std::int32_t>();
    case Kind::boolean: return &cell.emplace<bool>();
    case Kind::long_integer: return &cell.emplace<std::int64_t>();
    case Kind::float_number: return &cell.emplace<float>();
    case Kind::double_number: return &cell.emplace<double>();
    case Kind::timestamp: return &cell.emplace<Time>();
    case Kind::document: return &cell.emplace<json::value>();
    case Kind::list: return cell.emplace<std::unique_ptr<List>>(std::make_unique<List>()).get();
    case Kind::map: return cell.emplace<std::unique_ptr<Map>>(std::make_unique<Map>()).get();
    case Kind::structure: {
      auto& made = cell.emplace<std::unique_ptr<Structure>>(std::make_unique<Structure>());
      made->cells.resize(shape.members.size());
      return made.get();
    }
    case Kind::stream: break;
  }
  return nullptr;
}

const void* peek(const Cell& cell) {
  return std::visit(
      [](const auto& held) -> const void* {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return nullptr;
        } else if constexpr (requires { held.get(); } && !std::is_same_v<T, json::value>) {
          return held.get();
        } else {
          return &held;
        }
      },
      cell);
}

const wire::Slot slot = {
    .find = [](const void* structure, const Member& member) -> const void* {
      return peek(static_cast<const Structure*>(structure)->cells.at(member.offset));
    },
    .make = [](void* structure, const Member& member) -> void* {
      return prepare(static_cast<Structure*>(structure)->cells.at(member.offset), *member.shape);
    },
};

const wire::Container list_container = {
    .size = [](const void* list) { return static_cast<const List*>(list)->elements.size(); },
    .create = [](void* list, std::size_t) { static_cast<List*>(list)->elements.clear(); },
    .add = [](void* list, const Shape& shape, std::string_view) -> void* {
      return prepare(static_cast<List*>(list)->elements.emplace_back(), *shape.element->shape);
    },
    .each =
        [](const void* list, void* context, bool (*visit)(void*, std::string_view, const void*)) {
          for (const Cell& cell : static_cast<const List*>(list)->elements) {
            if (!visit(context, {}, peek(cell))) return;
          }
        },
};

const wire::Container map_container = {
    .size = [](const void* map) { return static_cast<const Map*>(map)->entries.size(); },
    .create = [](void* map, std::size_t) { static_cast<Map*>(map)->entries.clear(); },
    .add = [](void* map, const Shape& shape, std::string_view key) -> void* {
      return prepare(static_cast<Map*>(map)->entries.emplace_back(key, Cell()).second,
                     *shape.element->shape);
    },
    .each =
        [](const void* map, void* context, bool (*visit)(void*, std::string_view, const void*)) {
          for (const auto& [key, cell] : static_cast<const Map*>(map)->entries) {
            if (!visit(context, key, peek(cell))) return;
          }
        },
};

const wire::Lifetime lifetime = {
    .create = [](const Shape& shape) -> void* {
      auto made = std::make_unique<Structure>();
      made->cells.resize(shape.members.size());
      return made.release();
    },
    .destroy = [](void* object) { delete static_cast<Structure*>(object); },
};

std::string text(const json::object& raw, std::string_view key, std::string_view otherwise = {}) {
  const auto* found = raw.if_contains(json::string_view(key.data(), key.size()));
  return found && found->is_string()
             ? std::string(found->get_string().c_str(), found->get_string().size())
             : std::string(otherwise);
}

bool flag(const json::object& raw, std::string_view key) {
  const auto* found = raw.if_contains(json::string_view(key.data(), key.size()));
  return found && found->is_bool() && found->get_bool();
}

wire::TimeFormat time_format(const json::object& raw) {
  const std::string format = text(raw, "timestampFormat");
  if (format == "unixTimestamp") return wire::TimeFormat::epoch_seconds;
  if (format == "iso8601") return wire::TimeFormat::iso8601;
  if (format == "rfc822") return wire::TimeFormat::http_date;
  return wire::TimeFormat::by_protocol;
}

Kind kind_of(const json::object& raw) {
  static const std::map<std::string, Kind> kinds = {{"string", Kind::string},
                                                    {"character", Kind::string},
                                                    {"blob", Kind::blob},
                                                    {"boolean", Kind::boolean},
                                                    {"byte", Kind::byte_number},
                                                    {"short", Kind::short_number},
                                                    {"integer", Kind::integer},
                                                    {"long", Kind::long_integer},
                                                    {"float", Kind::float_number},
                                                    {"double", Kind::double_number},
                                                    {"timestamp", Kind::timestamp},
                                                    {"list", Kind::list},
                                                    {"map", Kind::map},
                                                    {"structure", Kind::structure}};
  if (flag(raw, "document")) return Kind::document;
  if (text(raw, "type") == "string" && raw.contains("enum")) return Kind::enumeration;
  return kinds.at(text(raw, "type"));
}

// "xmlNamespace": {"uri": ..., "prefix": ...}, or the URI alone.
std::pair<std::string, std::string> space_of(const json::object& raw) {
  const auto* found = raw.if_contains("xmlNamespace");
  if (!found) return {};
  if (found->is_string()) return {text(raw, "xmlNamespace"), {}};
  return {text(found->as_object(), "uri"), text(found->as_object(), "prefix")};
}

wire::Place place_of(const json::object& raw) {
  static const std::map<std::string, wire::Place> places = {
      {"uri", wire::Place::uri},           {"querystring", wire::Place::query},
      {"header", wire::Place::header},     {"headers", wire::Place::prefixed_headers},
      {"statusCode", wire::Place::status}, {"", wire::Place::body}};
  return places.at(text(raw, "location"));
}

}  // namespace

Model::Model(const json::object& suite, const std::vector<json::object>& operations) {
  const json::object& shapes = suite.at("shapes").as_object();
  const json::object& metadata = suite.at("metadata").as_object();
  for (const auto& [name, raw] : shapes) declare(std::string(name.data(), name.size()), shapes);
  std::size_t index = 0;
  for (const json::object& raw : operations) add_operation(raw, shapes, index++);
  static const std::map<std::string, wire::Protocol> protocols = {
      {"json", wire::Protocol::json},
      {"query", wire::Protocol::query},
      {"rest-json", wire::Protocol::rest_json},
      {"rest-xml", wire::Protocol::rest_xml}};
  protocols_.push_back(protocols.at(text(metadata, "protocol")));
  static const ErrorKind broken = {"BrokenConstraint", "BrokenConstraint", 400, Fault::client};
  static const ErrorKind malformed = {"Malformed", "Malformed", 400, Fault::client};
  service_.name = "conformance";
  service_.target_prefix = keep(text(metadata, "targetPrefix"));
  service_.json_version = keep(text(metadata, "jsonVersion", "1.0"));
  service_.api_version = keep(text(metadata, "apiVersion"));
  service_.xml_namespace = keep_space(metadata);
  service_.protocols = protocols_;
  service_.query_compatible = metadata.contains("awsQueryCompatible");
  service_.operations = operations_;
  service_.errors = kind_list_;
  service_.validation_error = &broken;
  service_.malformed_error = &malformed;
  service_.unsupported_error = &broken;
}

wire::XmlNamespace Model::keep_space(const json::object& raw) {
  const auto [uri, prefix] = space_of(raw);
  return {keep(uri), keep(prefix)};
}

const Shape* Model::declare(const std::string& name, const json::object& shapes) {
  const auto found = shapes_.find(name);
  if (found != shapes_.end()) return found->second;
  Shape& shape = shape_rows_.emplace_back();
  shapes_[name] = &shape;
  shape.name = keep(name);
  describe(shape, shapes.at(name).as_object(), shapes);
  return &shape;
}

void Model::describe(Shape& shape, const json::object& raw, const json::object& shapes) {
  shape.kind = kind_of(raw);
  shape.flattened = flag(raw, "flattened");
  shape.time_format = time_format(raw);
  shape.wire_name = keep(text(raw, "locationName"));
  shape.union_ = flag(raw, "union");
  shape.xml_namespace = keep_space(raw);
  if (shape.kind == Kind::enumeration) {
    auto& values = value_rows_.emplace_back();
    for (const json::value& value : raw.at("enum").as_array())
      values.push_back(keep(value.as_string().c_str()));
    shape.values = values;
  } else if (shape.kind == Kind::list) {
    auto& row = member_rows_.emplace_back();
    row.push_back(member("member", raw.at("member").as_object(), shapes));
    shape.element = &row[0];
    shape.container = &list_container;
  } else if (shape.kind == Kind::map) {
    auto& row = member_rows_.emplace_back();
    row.push_back(member("key", raw.at("key").as_object(), shapes));
    row.push_back(member("value", raw.at("value").as_object(), shapes));
    shape.key = &row[0];
    shape.element = &row[1];
    shape.container = &map_container;
  } else if (shape.kind == Kind::structure) {
    auto& row = member_rows_.emplace_back();
    const std::string payload = text(raw, "payload");
    for (const auto& [name, member_raw] : raw.at("members").as_object()) {
      Member made = member({name.data(), name.size()}, member_raw.as_object(), shapes);
      made.offset = static_cast<std::uint32_t>(row.size());
      made.payload = made.name == payload;
      row.push_back(made);
    }
    if (raw.contains("required")) {
      for (const json::value& name : raw.at("required").as_array()) {
        for (Member& candidate : row)
          candidate.required |= candidate.name == name.as_string().c_str();
      }
    }
    shape.members = row;
    for (const Member& candidate : row) {
      if (candidate.payload) shape.payload = &candidate;
    }
    shape.lifetime = &lifetime;
    if (flag(raw, "exception")) {
      json::object error;
      if (const auto* given = raw.if_contains("error")) error = given->as_object();
      const bool fault = flag(raw, "fault");
      const std::int64_t status = error.contains("httpStatusCode")
                                      ? error.at("httpStatusCode").as_int64()
                                  : fault ? 500
                                          : 400;
      kinds_.push_back({shape.name, keep(text(error, "code", shape.name)), static_cast<int>(status),
                        status >= 500 ? Fault::server : Fault::client});
      shape.error = &kinds_.back();
      kind_list_.push_back(shape.error);
    }
  }
}

Member Model::member(std::string_view name, const json::object& raw, const json::object& shapes) {
  Member made;
  made.name = keep(name);
  made.wire_name = keep(text(raw, "locationName", name));
  made.path = made.name;
  made.shape = declare(text(raw, "shape"), shapes);
  made.slot = &slot;
  made.place = place_of(raw);
  made.time_format = time_format(raw);
  made.flattened = flag(raw, "flattened");
  made.attribute = flag(raw, "xmlAttribute");
  made.json_text = flag(raw, "jsonvalue");
  made.named = raw.contains("locationName");
  made.xml_namespace = keep_space(raw);
  return made;
}

const Shape* Model::empty_shape(std::string_view name) {
  Shape& shape = shape_rows_.emplace_back();
  shape.name = keep(name);
  shape.kind = Kind::structure;
  shape.lifetime = &lifetime;
  return &shape;
}

void Model::add_operation(const json::object& raw, const json::object& shapes, std::size_t index) {
  wire::Operation made;
  const json::object& http = raw.at("http").as_object();
  made.name = keep(text(raw, "name"));
  made.index = static_cast<std::uint16_t>(index);
  made.method = keep(text(http, "method", "POST"));
  made.uri = keep(text(http, "requestUri", "/"));
  made.status =
      http.contains("responseCode") ? static_cast<int>(http.at("responseCode").as_int64()) : 200;
  made.has_input = raw.contains("input");
  made.has_output = raw.contains("output");
  made.input = made.has_input ? declare(text(raw.at("input").as_object(), "shape"), shapes)
                              : empty_shape("Input");
  made.output = made.has_output ? declare(text(raw.at("output").as_object(), "shape"), shapes)
                                : empty_shape("Output");
  if (made.has_output)
    made.result_wrapper = keep(text(raw.at("output").as_object(), "resultWrapper"));
  if (made.has_input) {
    const json::object& input = raw.at("input").as_object();
    made.input_root = keep(text(input, "locationName"));
    made.input_namespace = keep_space(input);
  }
  if (const auto* errors = raw.if_contains("errors")) {
    auto& row = error_rows_.emplace_back();
    for (const json::value& error : errors->as_array())
      row.push_back(declare(text(error.as_object(), "shape"), shapes));
    made.errors = row;
  }
  operations_.push_back(made);
}

namespace {

double number_of(const json::value& from) {
  if (from.is_string()) {
    const std::string_view text(from.get_string().data(), from.get_string().size());
    if (text == "NaN") return std::nan("");
    return text.starts_with('-') ? -INFINITY : INFINITY;
  }
  return from.to_number<double>();
}

json::value number_shown(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  return number;
}

void fill_scalar(const Shape& shape, const json::value& from, void* target) {
  switch (shape.kind) {
    case Kind::string:
    case Kind::blob:
      static_cast<std::string*>(target)->assign(from.as_string().data(), from.as_string().size());
      break;
    case Kind::enumeration:
      for (std::size_t i = 0; i < shape.values.size(); ++i) {
        if (shape.values[i] == from.as_string().c_str())
          *static_cast<std::int32_t*>(target) = static_cast<std::int32_t>(i);
      }
      break;
    case Kind::boolean: *static_cast<bool*>(target) = from.as_bool(); break;
    case Kind::long_integer:
      *static_cast<std::int64_t*>(target) = from.to_number<std::int64_t>();
      break;
    case Kind::float_number:
      *static_cast<float*>(target) = static_cast<float>(number_of(from));
      break;
    case Kind::double_number: *static_cast<double*>(target) = number_of(from); break;
    case Kind::timestamp:
      *static_cast<Time*>(target) = from_millis(std::llround(from.to_number<double>() * 1000));
      break;
    case Kind::document: *static_cast<json::value*>(target) = from; break;
    default: *static_cast<std::int32_t*>(target) = from.to_number<std::int32_t>(); break;
  }
}

struct Shown {
  const Shape* element;
  json::array list;
  json::object map;
};

bool show_entry(void* context, std::string_view key, const void* value) {
  auto& shown = *static_cast<Shown*>(context);
  json::value made = show(*shown.element, value);
  shown.map[json::string_view(key.data(), key.size())] = made;
  shown.list.push_back(std::move(made));
  return true;
}

}  // namespace

void fill(const Shape& shape, const json::value& from, void* target) {
  if (shape.kind == Kind::list) {
    shape.container->create(target, 0);
    for (const json::value& item : from.as_array()) {
      if (!item.is_null())
        fill(*shape.element->shape, item, shape.container->add(target, shape, {}));
    }
  } else if (shape.kind == Kind::map) {
    shape.container->create(target, 0);
    for (const auto& [key, item] : from.as_object()) {
      if (!item.is_null())
        fill(*shape.element->shape, item,
             shape.container->add(target, shape, {key.data(), key.size()}));
    }
  } else if (shape.kind == Kind::structure) {
    for (const Member& member : shape.members) {
      const auto* found =
          from.as_object().if_contains(json::string_view(member.name.data(), member.name.size()));
      if (found && !found->is_null())
        fill(*member.shape, *found, member.slot->make(target, member));
    }
  } else {
    fill_scalar(shape, from, target);
  }
}

json::value show(const Shape& shape, const void* value) {
  if (shape.container) {
    Shown shown{shape.element->shape, {}, {}};
    shape.container->each(value, &shown, &show_entry);
    return shape.key ? json::value(shown.map) : json::value(shown.list);
  }
  switch (shape.kind) {
    case Kind::structure: {
      json::object out;
      for (const Member& member : shape.members) {
        if (const void* found = member.slot->find(value, member)) {
          out[json::string_view(member.name.data(), member.name.size())] =
              show(*member.shape, found);
        }
      }
      return out;
    }
    case Kind::string:
    case Kind::blob: return json::string(*static_cast<const std::string*>(value));
    case Kind::enumeration: {
      const std::string_view name =
          shape.values[static_cast<std::size_t>(*static_cast<const std::int32_t*>(value))];
      return json::string(name.data(), name.size());
    }
    case Kind::boolean: return *static_cast<const bool*>(value);
    case Kind::long_integer:
      return number_shown(static_cast<double>(*static_cast<const std::int64_t*>(value)));
    case Kind::float_number:
      return number_shown(static_cast<double>(*static_cast<const float*>(value)));
    case Kind::double_number: return number_shown(*static_cast<const double*>(value));
    case Kind::timestamp:
      return number_shown(static_cast<double>(to_millis(*static_cast<const Time*>(value))) / 1000);
    case Kind::document: return *static_cast<const json::value*>(value);
    default: return number_shown(*static_cast<const std::int32_t*>(value));
  }
}

json::value tidy(const Shape& shape, const json::value& from) {
  wire::Object object(shape);
  fill(shape, from, object.data());
  return show(shape, object.data());
}

}  // namespace cloudlet::conformance
