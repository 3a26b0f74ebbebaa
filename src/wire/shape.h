// The functions behind wire/table.h for generated structs: how members, lists and maps of C++ types
// are reached.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wire/table.h"

namespace cloudlet::wire {

// A member held plainly: required ones, lists, maps.
inline constexpr Slot plain_slot = {
    .find = [](const void* structure, const Member& member) -> const void* {
      return static_cast<const std::byte*>(structure) + member.offset;
    },
    .make = [](void* structure, const Member& member) -> void* {
      return static_cast<std::byte*>(structure) + member.offset;
    },
};

// A list or map that is not required: empty means absent.
inline constexpr Slot container_slot = {
    .find = [](const void* structure, const Member& member) -> const void* {
      const void* container = plain_slot.find(structure, member);
      return member.shape->container->size(container) == 0 ? nullptr : container;
    },
    .make = plain_slot.make,
};

template <class T>
inline constexpr Slot optional_slot = {
    .find = [](const void* structure, const Member& member) -> const void* {
      const auto& value = *static_cast<const std::optional<T>*>(plain_slot.find(structure, member));
      return value ? &*value : nullptr;
    },
    .make = [](void* structure, const Member& member) -> void* {
      return &static_cast<std::optional<T>*>(plain_slot.make(structure, member))->emplace();
    },
};

template <class T>
inline constexpr Container list_container = {
    .size = [](const void* list) { return static_cast<const std::vector<T>*>(list)->size(); },
    .create =
        [](void* list, std::size_t expected) {
          auto& vector = *static_cast<std::vector<T>*>(list);
          vector.clear();
          vector.reserve(expected);
        },
    .add = [](void* list, const Shape&, std::string_view) -> void* {
      return &static_cast<std::vector<T>*>(list)->emplace_back();
    },
    .each =
        [](const void* list, void* context, bool (*visit)(void*, std::string_view, const void*)) {
          for (const T& element : *static_cast<const std::vector<T>*>(list)) {
            if (!visit(context, {}, &element)) return;
          }
        },
};

template <class T>
inline constexpr Container map_container = {
    .size =
        [](const void* map) { return static_cast<const std::map<std::string, T>*>(map)->size(); },
    .create = [](void* map, std::size_t) { static_cast<std::map<std::string, T>*>(map)->clear(); },
    .add = [](void* map, const Shape&, std::string_view key) -> void* {
      return &(*static_cast<std::map<std::string, T>*>(map))[std::string(key)];
    },
    .each =
        [](const void* map, void* context, bool (*visit)(void*, std::string_view, const void*)) {
          for (const auto& [key, value] : *static_cast<const std::map<std::string, T>*>(map)) {
            if (!visit(context, key, &value)) return;
          }
        },
};

template <class T>
inline constexpr Lifetime lifetime = {
    .create = [](const Shape&) -> void* { return new T(); },
    .destroy = [](void* object) { delete static_cast<T*>(object); },
    .assign = [](void* to,
                 void* from) { *static_cast<T*>(to) = std::move(*static_cast<T*>(from)); },
};

}  // namespace cloudlet::wire
