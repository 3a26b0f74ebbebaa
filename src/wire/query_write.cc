// From a structure to the fields of a form: the client's side of the query protocol.
#include <fmt/format.h>

#include "base/encoding.h"
#include "wire/query.h"

namespace cloudlet::wire {
namespace {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void structure(const Shape& shape, const void* source, const std::string& prefix) {
    for (const Member& member : shape.members) {
      const void* found = member.slot->find(source, member);
      if (found)
        value(member, member.flattened || member.shape->flattened, found,
              join(prefix, member.wire_name));
    }
  }

 private:
  static std::string join(const std::string& prefix, std::string_view part) {
    return prefix.empty() ? std::string(part) : fmt::format("{}.{}", prefix, part);
  }

  void field(const std::string& name, std::string_view text) {
    out_.append("&").append(percent_encode(name)).append("=").append(percent_encode(text));
  }

  struct Entries {
    Writer* writer;
    const Shape* shape;
    std::string prefix;
    std::size_t count = 0;
  };

  static bool entry(void* context, std::string_view key, const void* value) {
    auto& entries = *static_cast<Entries*>(context);
    const Member& element = *entries.shape->element;
    const std::string name = fmt::format("{}.{}", entries.prefix, ++entries.count);
    if (!entries.shape->key) {
      entries.writer->value(element, element.shape->flattened, value, name);
      return true;
    }
    entries.writer->field(join(name, entries.shape->key->wire_name), key);
    entries.writer->value(element, element.shape->flattened, value, join(name, element.wire_name));
    return true;
  }

  void value(const Member& member, bool flattened, const void* value, const std::string& name) {
    const Shape& shape = *member.shape;
    if (shape.kind == Kind::structure) return structure(shape, value, name);
    if (shape.container) {
      if (shape.container->size(value) == 0) return shape.key ? void() : field(name, {});
      const std::string_view level =
          shape.key ? std::string_view("entry") : shape.element->wire_name;
      Entries entries{this, &shape, flattened ? name : join(name, level)};
      return shape.container->each(value, &entries, &entry);
    }
    std::string text;
    append_text(text, shape, time_format(member, TimeFormat::iso8601), value);
    field(name, text);
  }

  std::string& out_;
};

}  // namespace

void write_query(std::string& out, const Shape& structure, const void* source) {
  Writer(out).structure(structure, source, {});
}

}  // namespace cloudlet::wire
