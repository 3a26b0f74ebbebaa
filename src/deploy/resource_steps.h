// What the steps of all resource types have in common, so that a type reads as its facts and what
// is special about it: properties as the generated inputs want them, the ends of looks and
// removals, tags, and types that are settings on other things.
//
// All of it works on properties that check_properties has passed.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "deploy/resource_type.h"

namespace cloudlet::deploy {

// What every type's facts and steps are written with: `using namespace deploy::words`.
namespace words {
using deploy::Kind;
using deploy::Made;
using deploy::Need;
using deploy::Property;
using deploy::Request;
using deploy::Update;
}  // namespace words

// Readers. A property that is not there is an empty text, list or map, or nothing.
std::string text_of(const json::object& properties, std::string_view name);
std::optional<std::string> text_if(const json::object& properties, std::string_view name);
// Beyond 32 bits it is the nearest there is, which the service then refuses.
std::optional<std::int32_t> number_if(const json::object& properties, std::string_view name);
std::optional<bool> flag_if(const json::object& properties, std::string_view name);
std::vector<std::string> texts_of(const json::object& properties, std::string_view name);
const json::object* object_if(const json::object& properties, std::string_view name);
const json::array& list_of(const json::object& properties, std::string_view name);
// {"Environment": {"Variables": {...}}}: the map that is the one member of an object.
std::map<std::string, std::string> inner_map(const json::object& properties,
                                             std::string_view object, std::string_view name);
std::map<std::string, std::string> tags_of(const json::object& properties);
// A policy document as the text that services take.
std::string document_text(const json::object& properties, std::string_view name);
// The property with that name, or the name that was generated.
std::string name_or(const json::object& properties, std::string_view name, const Request& request);
bool differs(const json::object& before, const json::object& after, std::string_view name);

// "Value 'x' of property Y is not valid".
Error not_valid(std::string_view property, const std::string& value);

// The enumerator that a text names; `parse` is the generated one. Error: not_valid.
template <class Enum>
Result<std::optional<Enum>> choice_if(const json::object& properties, std::string_view name,
                                      std::optional<Enum> (*parse)(std::string_view)) {
  const auto text = text_if(properties, name);
  const auto choice = text ? parse(*text) : std::nullopt;
  if (text && !choice) return not_valid(name, *text);
  return choice;
}

// Where a creation is an update from nothing.
inline const json::object no_properties;

// Whether an error says that there is no such thing (any more), in any service's words.
bool says_missing(const Error& error);

// The end of a removal: what is not there (any more) is removed.
template <class Answer>
Result<void> gone(const Result<Answer>& answer) {
  if (answer.has_error() && !says_missing(answer.error())) return answer.error();
  return {};
}

// The end of a look: what is there, as `describe` tells it.
template <class Answer, class Describe>
Result<std::optional<Made>> seen(const Result<Answer>& answer, const Describe& describe) {
  if (answer.has_value()) return std::optional<Made>(describe(*answer));
  if (says_missing(answer.error())) return std::optional<Made>();
  return answer.error();
}

// The end of a creation in more than one call: it is there, also if what completes it failed.
Made completed(Made made, const Result<void>& rest);

// What is in `wanted` but not in `had`.
template <class List>
std::vector<typename List::value_type> beyond(const List& wanted, const List& had) {
  std::vector<typename List::value_type> more;
  for (const auto& one : wanted)
    if (std::find(had.begin(), had.end(), one) == had.end()) more.push_back(one);
  return more;
}

// What `after` asks for that `before` had not, and the other way round.
struct TagChanges {
  std::map<std::string, std::string> set;
  std::vector<std::string> removed;
};
TagChanges tag_changes(const json::object& before, const json::object& after);

// Into the `tags` of an input: a map, or a list of {key, value}.
template <class Tags>
void add_tags(Tags& into, const std::map<std::string, std::string>& tags) {
  if constexpr (std::is_same_v<Tags, std::map<std::string, std::string>>)
    into = tags;
  else
    for (const auto& [key, value] : tags) into.push_back({.key = key, .value = value});
}

// Tags and untags as far as `changes` says. `set` and `unset` are inputs that name the resource.
template <class Client, class Set, class SetAnswer, class Unset, class UnsetAnswer>
Task<Result<void>> retag(Client& client, Task<Result<SetAnswer>> (Client::*tag)(Set), Set set,
                         Task<Result<UnsetAnswer>> (Client::*untag)(Unset), Unset unset,
                         TagChanges changes) {
  if (!changes.set.empty()) {
    add_tags(set.tags, changes.set);
    CO_CHECK(co_await (client.*tag)(std::move(set)));
  }
  if (!changes.removed.empty()) {
    unset.tag_keys = std::move(changes.removed);
    CO_CHECK(co_await (client.*untag)(std::move(unset)));
  }
  co_return Result<void>();
}

// A type that is a setting on other things: putting it twice is putting it once, and its properties
// alone say what to put and what to take away.
template <class Client, class Put, class PutAnswer, class Take, class TakeAnswer>
class SettingType final : public DescribedType {
 public:
  struct Calls {
    Task<Result<PutAnswer>> (Client::*put)(Put);
    Put (*put_input)(const json::object& properties);
    Task<Result<TakeAnswer>> (Client::*take)(Take);
    Take (*take_input)(const json::object& properties);
  };
  SettingType(const TypeFacts& facts, Calls calls) : DescribedType(facts), calls_(calls) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    co_return co_await update(request, request.name, no_properties, properties);
  }
  Task<Result<Made>> update(const Request& request, const std::string& id, const json::object&,
                            const json::object& after) const override {
    Client client(request.caller);
    CO_CHECK(co_await (client.*calls_.put)(calls_.put_input(after)));
    co_return Made{.physical_id = id};
  }
  Task<Result<void>> remove(const Request& request, const std::string&,
                            const json::object& properties) const override {
    Client client(request.caller);
    co_return gone(co_await (client.*calls_.take)(calls_.take_input(properties)));
  }

 private:
  Calls calls_;
};

template <class Client, class Put, class PutAnswer, class Take, class TakeAnswer>
std::unique_ptr<ResourceType> setting_type(
    const TypeFacts& facts, Task<Result<PutAnswer>> (Client::*put)(Put),
    std::type_identity_t<Put> (*put_input)(const json::object&),
    Task<Result<TakeAnswer>> (Client::*take)(Take),
    std::type_identity_t<Take> (*take_input)(const json::object&)) {
  using Type = SettingType<Client, Put, PutAnswer, Take, TakeAnswer>;
  return std::make_unique<Type>(facts, typename Type::Calls{put, put_input, take, take_input});
}

// The types of a service, in the order they are given.
template <class... Types>
ResourceTypeList type_list(Types... types) {
  ResourceTypeList list;
  (list.push_back(std::move(types)), ...);
  return list;
}

}  // namespace cloudlet::deploy
