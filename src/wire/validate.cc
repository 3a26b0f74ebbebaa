// Constraints and their sentences: "2 validation errors detected: Value 'x' at 'name' failed to
// satisfy constraint: ...". The words are those of AWS's service framework, as dynalite and
// kinesalite recorded them from the real services.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <memory>

#include "wire/bind.h"
#include "wire/pattern.h"

namespace cloudlet::wire {
namespace {

constexpr std::size_t errors_max = 10;          // AWS lists no more
constexpr std::size_t quoted_bytes_max = 4096;  // of a value, in a message

// Unicode scalar values (Smithy: `length` of a string).
std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string number(double value) { return fmt::format("{}", value); }

std::string enum_set(const Shape& shape) {
  return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.values, ", "));
}

bool is_text(const Shape& shape) { return shape.kind == Kind::string || shape.kind == Kind::blob; }

std::string_view measure(const Shape& shape) {
  return is_text(shape) || shape.container ? std::string_view("length") : std::string_view("value");
}

std::string at_least(const Shape& shape) {
  return fmt::format("Member must have {} greater than or equal to {}", measure(shape),
                     number(shape.limits.min));
}

std::string at_most(const Shape& shape) {
  return fmt::format("Member must have {} less than or equal to {}", measure(shape),
                     number(shape.limits.max));
}

std::string by_pattern(const Shape& shape) {
  return fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern->text());
}

// All that a shape asks, in the order in which AWS lists it for the members of a list.
std::string constraints(const Shape& shape) {
  std::vector<std::string> all;
  if (shape.kind == Kind::enumeration) all.push_back(enum_set(shape));
  if (shape.limits.has_max) all.push_back(at_most(shape));
  if (shape.limits.has_min) all.push_back(at_least(shape));
  if (shape.pattern) all.push_back(by_pattern(shape));
  return fmt::format("{}", fmt::join(all, ", "));
}

void render(std::string& out, const Shape& shape, const void* value);

struct Rendering {
  std::string* out;
  const Shape* element;
  bool first = true;
};

bool render_entry(void* context, std::string_view key, const void* value) {
  auto& state = *static_cast<Rendering*>(context);
  if (!std::exchange(state.first, false)) *state.out += ", ";
  if (!key.empty()) state.out->append(key).append("=");
  render(*state.out, *state.element, value);
  return state.out->size() < quoted_bytes_max;
}

// A value as Java prints it.
void render(std::string& out, const Shape& shape, const void* value) {
  if (shape.container) {
    out += shape.key ? '{' : '[';
    Rendering state{&out, shape.element->shape};
    shape.container->each(value, &state, &render_entry);
    out += shape.key ? '}' : ']';
  } else if (shape.kind == Kind::structure) {
    out += shape.name;
  } else if (shape.kind != Kind::document && shape.kind != Kind::stream) {
    append_text(out, shape, TimeFormat::epoch_seconds, value);
  }
}

// The container as it came, with the enumerators that it could not hold.
std::string quoted(const Binding::Group& group, const Shape& shape, const void* container) {
  std::string text;
  if (group.unknown.empty() || shape.key) {
    render(text, shape, container);
    return text;
  }
  struct Context {
    const Shape* element;
    std::vector<std::string> texts;
  } context{shape.element->shape, {}};
  shape.container->each(container, &context, [](void* into, std::string_view, const void* value) {
    auto& list = *static_cast<Context*>(into);
    render(list.texts.emplace_back(), *list.element, value);
    return true;
  });
  for (const auto& [place, unknown] : group.unknown) {
    const auto at = std::min(place, context.texts.size());
    context.texts.insert(context.texts.begin() + static_cast<std::ptrdiff_t>(at), unknown);
  }
  return fmt::format("[{}]", fmt::join(context.texts, ", "));
}

}  // namespace

std::string Step::str() const {
  if (!parent) return {};
  std::string path = parent->str();
  if (!path.empty()) path += '.';
  if (name.empty() || index == static_cast<std::size_t>(-1)) {
    return path + (name.empty() ? std::to_string(index) : std::string(name)) + ".member";
  }
  return path.append(name);
}

void Binding::add(bool null, const Shape* shape, std::string_view value, const Step& step,
                  std::string_view constraint) {
  if (nulls_.size() + broken_.size() >= errors_max) return;
  std::string sentence = "Value ";
  if (null) {
    sentence += "null ";
  } else if (!shape || !shape->sensitive) {
    fmt::format_to(std::back_inserter(sentence), "'{}' ", value.substr(0, quoted_bytes_max));
  }
  fmt::format_to(std::back_inserter(sentence), "at '{}' failed to satisfy constraint: {}",
                 step.str(), constraint);
  (null ? nulls_ : broken_).push_back(std::move(sentence));
}

void Binding::missing(const Step& step) {
  if (checks()) add(true, nullptr, {}, step, "Member must not be null");
}

void Binding::check_text(const Shape& shape, std::string_view text, const Step& step) {
  if (!checks()) return;
  if (shape.kind == Kind::enumeration) {
    if (!find_value(shape, text)) add(false, &shape, text, step, enum_set(shape));
    return;
  }
  if (shape.pattern && !shape.pattern->matches(text))
    add(false, &shape, text, step, by_pattern(shape));
  if (!shape.limits.has_min && !shape.limits.has_max) return;
  const auto size = static_cast<double>(length(text));
  if (shape.limits.has_max && size > shape.limits.max)
    add(false, &shape, text, step, at_most(shape));
  if (shape.limits.has_min && size < shape.limits.min)
    add(false, &shape, text, step, at_least(shape));
}

void Binding::check_number(const Shape& shape, double value, std::string_view text,
                           const Step& step) {
  if (!checks()) return;
  if (shape.limits.has_max && value > shape.limits.max)
    add(false, &shape, text, step, at_most(shape));
  if (shape.limits.has_min && value < shape.limits.min)
    add(false, &shape, text, step, at_least(shape));
}

void Binding::check_bytes(const Shape& shape, std::size_t size, std::string_view text,
                          const Step& step) {
  check_number(shape, static_cast<double>(size), text, step);
}

void Binding::check_count(const Shape& shape, const void* container, const Step& step) {
  if (!checks() || (!shape.limits.has_min && !shape.limits.has_max)) return;
  const auto size = static_cast<double>(shape.container->size(container));
  const bool many = shape.limits.has_max && size > shape.limits.max;
  const bool few = shape.limits.has_min && size < shape.limits.min;
  if (!many && !few) return;
  std::string text;
  render(text, shape, container);
  add(false, &shape, text, step, many ? at_most(shape) : at_least(shape));
}

bool Binding::conforms(const Shape& shape, std::string_view text) {
  if (shape.kind == Kind::enumeration) return find_value(shape, text).has_value();
  if (shape.pattern && !shape.pattern->matches(text)) return false;
  return conforms(shape,
                  static_cast<double>(shape.kind == Kind::blob ? text.size() : length(text)));
}

bool Binding::conforms(const Shape& shape, double value) {
  return !(shape.limits.has_max && value > shape.limits.max) &&
         !(shape.limits.has_min && value < shape.limits.min);
}

void Binding::check_group(const Group& group, Part part, const Shape& shape, const void* container,
                          const Shape& container_shape, const Step& step) {
  if (!checks() || !group.broken) return;
  const std::string text = quoted(group, container_shape, container);
  const std::string_view who = part == Part::element ? "Member"
                               : part == Part::key   ? "Map keys"
                                                     : "Map value";
  add(false, &shape, text, step,
      fmt::format("{} must satisfy constraint: [{}]", who, constraints(shape)));
}

Error Binding::malformed(std::string message) const {
  return Error(service_.malformed_error ? *service_.malformed_error : errors::invalid_argument,
               std::move(message));
}

Error Binding::unreadable(const Member& member, std::string_view text) const {
  const std::string value(text.substr(0, 256));
  std::string message = fmt::format("The value '{}' of {} is not valid", value, member.wire_name);
  if (service_.dialect != Dialect::s3) return malformed(std::move(message));
  auto members = std::make_shared<boost::json::object>();
  members->emplace("ArgumentName", member.wire_name);
  members->emplace("ArgumentValue", value);
  return Error(errors::invalid_argument, std::move(message)).with(std::move(members));
}

Error Binding::refused(const Member& member) const {
  return Error(service_.unsupported_error ? *service_.unsupported_error : errors::invalid_argument,
               fmt::format("The parameter {} is not supported.", member.name));
}

Result<void> Binding::finish() {
  if (nulls_.empty() && broken_.empty()) return {};
  nulls_.insert(nulls_.end(), std::make_move_iterator(broken_.begin()),
                std::make_move_iterator(broken_.end()));
  std::string message = fmt::format("{} validation error{} detected: {}", nulls_.size(),
                                    nulls_.size() == 1 ? "" : "s", fmt::join(nulls_, "; "));
  return Error(service_.validation_error ? *service_.validation_error : errors::invalid_argument,
               std::move(message));
}

}  // namespace cloudlet::wire
