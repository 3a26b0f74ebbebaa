// From a form into a structure.
#include <fmt/format.h>

#include "wire/query.h"

namespace cloudlet::wire {
namespace {

// Grows the field's name for a while.
class Name {
 public:
  Name(std::string& text, std::string_view part) : text_(text), before_(text.size()) {
    if (!text_.empty()) text_ += '.';
    text_ += part;
  }
  Name(std::string& text, std::size_t number)
      : Name(text, std::string_view(fmt::format_int(number).c_str())) {}
  ~Name() { text_.resize(before_); }
  Name(const Name&) = delete;
  Name& operator=(const Name&) = delete;

 private:
  std::string& text_;
  std::size_t before_;
};

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::boolean: return "Boolean";
    case Kind::byte_number: return "Byte";
    case Kind::short_number: return "Short";
    case Kind::integer: return "Integer";
    case Kind::long_integer: return "Long";
    case Kind::float_number: return "Float";
    case Kind::double_number: return "Double";
    case Kind::timestamp: return "Timestamp";
    default: return "Blob";
  }
}

class Walk {
 public:
  Walk(Binding& binding, const FormData& form) : binding_(binding), form_(form) {}

  Result<void> structure(const Shape& shape, void* target, const Step& step) {
    if (step.depth > depth_max) return binding_.malformed("The request is nested too deeply.");
    for (const Member& member : shape.members) {
      const Name part(name_, member.wire_name);
      const Step at = step.member(member);
      if (!present(*member.shape)) {
        if (member.required) binding_.missing(at);
        continue;
      }
      if (member.refused && binding_.checks()) return binding_.refused(member);
      const Shape& wanted = *member.shape;
      if (wanted.container) {
        CHECK(container(wanted, member.flattened || wanted.flattened,
                        member.slot->make(target, member), at));
      } else if (wanted.kind == Kind::structure) {
        CHECK(structure(wanted, member.slot->make(target, member), at));
      } else {
        CHECK(scalar(member, target, at));
      }
    }
    return {};
  }

 private:
  bool present(const Shape& shape) const {
    if (!shape.container && shape.kind != Kind::structure) return form_.find(name_) != nullptr;
    // "Tags=" is the empty list.
    return form_.has_below(name_) || (shape.container && form_.find(name_) != nullptr);
  }

  Result<void> scalar(const Member& member, void* target, const Step& step) {
    const std::string& text = *form_.find(name_);
    if (member.shape->kind == Kind::enumeration && !find_value(*member.shape, text)) {
      binding_.check_text(*member.shape, text, step);
      return {};
    }
    void* value = member.slot->make(target, member);
    CHECK(assign(*member.shape, text, value));
    check(*member.shape, text, value, step);
    return {};
  }

  Result<void> assign(const Shape& shape, const std::string& text, void* value) {
    if (assign_text(shape, TimeFormat::iso8601, text, value)) return {};
    return binding_.malformed(
        fmt::format("'{}' can not be converted to {}", text.substr(0, 256), type_name(shape.kind)));
  }

  void check(const Shape& shape, const std::string& text, const void* value, const Step& step) {
    if (shape.kind == Kind::string) {
      binding_.check_text(shape, text, step);
    } else if (shape.kind == Kind::blob) {
      binding_.check_bytes(shape, static_cast<const std::string*>(value)->size(), text, step);
    } else if (shape.limits.has_min || shape.limits.has_max) {
      binding_.check_number(shape, std::strtod(text.c_str(), nullptr), text, step);
    }
  }

  Result<void> container(const Shape& shape, bool flattened, void* target, const Step& step) {
    if (shape.key) {
      if (flattened) return map(shape, target, step);
      const Name part(name_, "entry");
      return map(shape, target, step);
    }
    if (flattened) return list(shape, target, step);
    const Name part(name_, shape.element->wire_name);
    return list(shape, target, step);
  }

  Result<void> list(const Shape& shape, void* target, const Step& step) {
    const std::vector<std::size_t> indexes = form_.indexes(name_);
    shape.container->create(target, indexes.size());
    Binding::Group group;
    std::size_t count = 0;
    for (const std::size_t index : indexes) {
      const Name part(name_, index);
      CHECK(element(shape, {}, target, step.element(++count), group));
    }
    binding_.check_group(group, Binding::Part::element, *shape.element->shape, target, shape, step);
    binding_.check_count(shape, target, step);
    return {};
  }

  Result<void> map(const Shape& shape, void* target, const Step& step) {
    const std::vector<std::size_t> indexes = form_.indexes(name_);
    shape.container->create(target, indexes.size());
    Binding::Group keys, values;
    for (const std::size_t index : indexes) {
      const Name part(name_, index);
      const std::string* key = nullptr;
      {
        const Name key_name(name_, shape.key->wire_name);
        key = form_.find(name_);
      }
      if (!key) return binding_.malformed(fmt::format("{} has no {}", name_, shape.key->wire_name));
      if (binding_.checks() && !Binding::conforms(*shape.key->shape, *key)) keys.broken = true;
      const Name value_name(name_, shape.element->wire_name);
      CHECK(element(shape, *key, target, step.entry(*key), values));
    }
    binding_.check_group(keys, Binding::Part::key, *shape.key->shape, target, shape, step);
    binding_.check_group(values, Binding::Part::value, *shape.element->shape, target, shape, step);
    binding_.check_count(shape, target, step);
    return {};
  }

  // One element of a list or one value of a map, called as `name_` says.
  Result<void> element(const Shape& container_shape, std::string_view key, void* target,
                       const Step& step, Binding::Group& group) {
    const Shape& shape = *container_shape.element->shape;
    const auto add = [&] { return container_shape.container->add(target, container_shape, key); };
    if (shape.container) return container(shape, shape.flattened, add(), step);
    if (shape.kind == Kind::structure) return structure(shape, add(), step);
    const std::string* text = form_.find(name_);
    if (!text) return {};
    if (shape.kind == Kind::enumeration && !find_value(shape, *text)) {
      group.add_unknown(step.index - 1, *text);
      return {};
    }
    void* value = add();
    CHECK(assign(shape, *text, value));
    if (binding_.checks() && shape.kind == Kind::string && !Binding::conforms(shape, *text))
      group.broken = true;
    return {};
  }

  Binding& binding_;
  const FormData& form_;
  std::string name_;
};

}  // namespace

Result<void> bind_query(Binding& binding, const Shape& structure, const FormData& form,
                        void* target) {
  return Walk(binding, form).structure(structure, target, Step());
}

}  // namespace cloudlet::wire
