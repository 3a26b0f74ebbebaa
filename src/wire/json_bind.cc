// From a JSON tree into a structure. The words of type errors are the service framework's own.
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <cmath>
#include <cstring>

#include "base/encoding.h"
#include "wire/json.h"
#include "wire/times.h"

namespace cloudlet::wire {
namespace {

namespace json = boost::json;

std::string_view java_type(Kind kind) {
  switch (kind) {
    case Kind::boolean: return "Boolean";
    case Kind::byte_number: return "Byte";
    case Kind::short_number: return "Short";
    case Kind::integer: return "Integer";
    case Kind::long_integer: return "Long";
    case Kind::float_number: return "Float";
    case Kind::double_number: return "Double";
    case Kind::timestamp: return "Timestamp";
    case Kind::blob: return "Blob";
    default: return "String";
  }
}

Error wrong_type(const Binding& binding, const Shape& shape, const json::value& tree) {
  if (shape.container || shape.kind == Kind::structure) {
    if (tree.is_array()) return binding.malformed("Start of list found where not expected");
    if (tree.is_object())
      return binding.malformed("Start of structure or map found where not expected.");
    return binding.malformed("Unexpected field type");
  }
  std::string_view found = "NUMBER_VALUE";
  if (tree.is_object())
    return binding.malformed("Start of structure or map found where not expected.");
  if (tree.is_array()) return binding.malformed("Start of list found where not expected");
  if (tree.is_string()) found = "STRING_VALUE";
  if (tree.is_bool()) found = tree.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
  return binding.malformed(
      fmt::format("{} cannot be converted to {}", found, java_type(shape.kind)));
}

std::string_view text_of(const json::value& tree) {
  return tree.is_string() ? std::string_view(tree.get_string().data(), tree.get_string().size())
                          : std::string_view();
}

// A number, whole or not, into what the shape holds.
bool assign_number(const Shape& shape, const json::value& tree, void* target) {
  if (tree.is_int64()) return assign_integer(shape.kind, tree.get_int64(), target);
  if (tree.is_uint64())
    return assign_double(shape.kind, static_cast<double>(tree.get_uint64()), target);
  return tree.is_double() && assign_double(shape.kind, tree.get_double(), target);
}

bool assign_timestamp(const json::value& tree, void* target) {
  const auto time = tree.is_string()   ? parse_time(text_of(tree))
                    : tree.is_number() ? time_from_seconds(tree.to_number<double>())
                                       : std::nullopt;
  if (time) *static_cast<Time*>(target) = *time;
  return time.has_value();
}

bool assign_scalar(const Shape& shape, const json::value& tree, void* target) {
  switch (shape.kind) {
    case Kind::string:
    case Kind::enumeration:
    case Kind::blob:
      return tree.is_string() &&
             assign_text(shape, TimeFormat::epoch_seconds, text_of(tree), target);
    case Kind::boolean:
      if (!tree.is_bool()) return false;
      *static_cast<bool*>(target) = tree.get_bool();
      return true;
    case Kind::timestamp: return assign_timestamp(tree, target);
    case Kind::float_number:
    case Kind::double_number:
      // NaN and the infinities are texts (awsJson1_1, shape serialization).
      if (tree.is_string())
        return assign_text(shape, TimeFormat::epoch_seconds, text_of(tree), target);
      return assign_number(shape, tree, target);
    default: return assign_number(shape, tree, target);
  }
}

bool conforms(const Shape& shape, const json::value& tree, const void* value) {
  if (shape.kind == Kind::blob) {
    return Binding::conforms(shape,
                             static_cast<double>(static_cast<const std::string*>(value)->size()));
  }
  if (tree.is_string()) return Binding::conforms(shape, text_of(tree));
  return !tree.is_number() || shape.kind == Kind::timestamp ||
         Binding::conforms(shape, tree.to_number<double>());
}

void check(Binding& binding, const Shape& shape, const json::value& tree, const void* value,
           const Step& step) {
  if (shape.kind == Kind::blob) {
    binding.check_bytes(shape, static_cast<const std::string*>(value)->size(), text_of(tree), step);
  } else if (shape.kind == Kind::string) {
    binding.check_text(shape, text_of(tree), step);
  } else if (tree.is_number() && shape.kind != Kind::timestamp &&
             (shape.limits.has_min || shape.limits.has_max)) {
    std::string text;
    append_text(text, shape, TimeFormat::epoch_seconds, value);
    binding.check_number(shape, tree.to_number<double>(), text, step);
  }
}

class Walk {
 public:
  explicit Walk(Binding& binding) : binding_(binding) {}

  Result<void> structure(const Shape& shape, const json::value& tree, void* target,
                         const Step& step, Members members) {
    if (!tree.is_object()) return wrong_type(binding_, shape, tree);
    if (step.depth > depth_max) return binding_.malformed("The request is nested too deeply.");
    const json::object& object = tree.get_object();
    for (const Member& member : shape.members) {
      if (!in_body(member, members)) continue;
      const json::value* found = object.if_contains(member.wire_name);
      const Step at = step.member(member);
      if (!found || found->is_null()) {
        if (member.required) binding_.missing(at);
        continue;
      }
      if (member.refused && binding_.checks()) return binding_.refused(member);
      CHECK(this->member(member, *found, target, at));
    }
    return {};
  }

  // Any shape into a place that was made for it. Elements of containers report to their container.
  Result<void> value(const Member& member, const json::value& tree, void* target,
                     const Step& step) {
    const Shape& shape = *member.shape;
    switch (shape.kind) {
      case Kind::structure: return structure(shape, tree, target, step, Members::all);
      case Kind::list: return list(shape, tree, target, step);
      case Kind::map: return map(shape, tree, target, step);
      case Kind::document:
        *static_cast<json::value*>(target) = json::value(tree, json::storage_ptr());
        return {};
      default: break;
    }
    if (member.json_text && !tree.is_string()) return wrong_type(binding_, shape, tree);
    if (!assign_scalar(shape, tree, target)) return wrong_type(binding_, shape, tree);
    return {};
  }

 private:
  Result<void> member(const Member& member, const json::value& tree, void* target,
                      const Step& step) {
    const Shape& shape = *member.shape;
    if (shape.kind == Kind::enumeration && tree.is_string() && !find_value(shape, text_of(tree))) {
      binding_.check_text(shape, text_of(tree), step);
      return {};
    }
    void* value = member.slot->make(target, member);
    CHECK(this->value(member, tree, value, step));
    check(binding_, shape, tree, value, step);
    return {};
  }

  // Whether the element's text is an enumerator we know; if not, AWS names the whole list.
  static bool unknown(const Shape& shape, const json::value& tree) {
    return shape.kind == Kind::enumeration && tree.is_string() && !find_value(shape, text_of(tree));
  }

  Result<void> list(const Shape& shape, const json::value& tree, void* target, const Step& step) {
    if (!tree.is_array() || step.depth > depth_max) return wrong_type(binding_, shape, tree);
    const json::array& array = tree.get_array();
    const Member& element = *shape.element;
    shape.container->create(target, array.size());
    Binding::Group group;
    std::size_t index = 0;
    for (const json::value& item : array) {
      ++index;
      if (item.is_null()) continue;
      if (unknown(*element.shape, item)) {
        group.add_unknown(index - 1, text_of(item));
        continue;
      }
      void* value = shape.container->add(target, shape, {});
      CHECK(this->value(element, item, value, step.element(index)));
      if (binding_.checks() && !conforms(*element.shape, item, value)) group.broken = true;
    }
    binding_.check_group(group, Binding::Part::element, *element.shape, target, shape, step);
    binding_.check_count(shape, target, step);
    return {};
  }

  Result<void> map(const Shape& shape, const json::value& tree, void* target, const Step& step) {
    if (!tree.is_object() || step.depth > depth_max) return wrong_type(binding_, shape, tree);
    const Member& element = *shape.element;
    shape.container->create(target, tree.get_object().size());
    Binding::Group keys, values;
    for (const auto& [key, item] : tree.get_object()) {
      if (item.is_null()) continue;
      const std::string_view name(key.data(), key.size());
      if (binding_.checks() && !Binding::conforms(*shape.key->shape, name)) keys.broken = true;
      if (unknown(*element.shape, item)) {
        values.add_unknown(0, text_of(item));
        continue;
      }
      void* value = shape.container->add(target, shape, name);
      CHECK(this->value(element, item, value, step.entry(name)));
      if (binding_.checks() && !conforms(*element.shape, item, value)) values.broken = true;
    }
    binding_.check_group(keys, Binding::Part::key, *shape.key->shape, target, shape, step);
    binding_.check_group(values, Binding::Part::value, *element.shape, target, shape, step);
    binding_.check_count(shape, target, step);
    return {};
  }

  Binding& binding_;
};

}  // namespace

Result<void> bind_json(Binding& binding, const Shape& structure, const json::value& tree,
                       void* target, const Step& step, Members members) {
  return Walk(binding).structure(structure, tree, target, step, members);
}

Result<void> bind_json_value(Binding& binding, const Member& member, const json::value& tree,
                             void* target, const Step& step) {
  return Walk(binding).value(member, tree, target, step);
}

Result<json::value> parse_json(const Binding& binding, std::string_view text,
                               json::storage_ptr memory) {
  if (text.empty()) return json::value(json::object_kind, memory);
  json::parse_options options;
  options.max_depth = depth_max;
  json::error_code error;
  json::value tree =
      json::parse(json::string_view(text.data(), text.size()), error, std::move(memory), options);
  if (error)
    return binding.malformed(
        fmt::format("Could not parse request body into json: {}", error.message()));
  return tree;
}

}  // namespace cloudlet::wire
