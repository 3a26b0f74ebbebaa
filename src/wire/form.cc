// Forms: parsed once into sorted fields, so that a walker finds each member by bisection.
#include "wire/form.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace cloudlet::wire {
namespace {

// Most names and values have nothing to decode.
bool decode(std::string_view text, std::string& out) {
  if (text.find_first_of("%+") == std::string_view::npos) {
    out.assign(text);
    return true;
  }
  auto decoded = percent_decode(text, Plus::space);
  if (!decoded) return false;
  out = std::move(*decoded);
  return true;
}

}  // namespace

std::optional<FormData> FormData::parse(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  FormData form;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) continue;
    if (form.fields_.size() == fields_max) return std::nullopt;
    const std::size_t equals = part.find('=');
    Field& field = form.fields_.emplace_back();
    field.place = static_cast<std::uint32_t>(form.fields_.size());
    if (!decode(part.substr(0, equals), field.name)) return std::nullopt;
    if (equals != std::string_view::npos && !decode(part.substr(equals + 1), field.value))
      return std::nullopt;
    if (!valid_utf8(field.name) || !valid_utf8(field.value)) return std::nullopt;
  }
  std::ranges::sort(form.fields_, [](const Field& a, const Field& b) {
    const int order = a.name.compare(b.name);
    return order != 0 ? order < 0 : a.place < b.place;
  });
  return form;
}

const std::string* FormData::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(fields_, name, {}, &Field::name);
  return found != fields_.end() && found->name == name ? &found->value : nullptr;
}

std::vector<FormData::Field>::const_iterator FormData::first_below(std::string_view prefix) const {
  return std::ranges::partition_point(fields_, [&](const Field& field) {
    const int order = std::string_view(field.name).substr(0, prefix.size()).compare(prefix);
    return order < 0 ||
           (order == 0 && (field.name.size() == prefix.size() || field.name[prefix.size()] < '.'));
  });
}

bool FormData::has_below(std::string_view prefix) const {
  const auto at = first_below(prefix);
  return at != fields_.end() && at->name.size() > prefix.size() && at->name.starts_with(prefix) &&
         at->name[prefix.size()] == '.';
}

std::vector<std::size_t> FormData::indexes(std::string_view prefix) const {
  std::vector<std::size_t> found;
  for (auto at = first_below(prefix); at != fields_.end(); ++at) {
    const std::string_view name = at->name;
    if (!name.starts_with(prefix) || name.size() <= prefix.size() || name[prefix.size()] != '.')
      break;
    const std::string_view rest = name.substr(prefix.size() + 1);
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
    if (error != std::errc() || (end != rest.data() + rest.size() && *end != '.')) continue;
    if (found.empty() || found.back() != index) found.push_back(index);
  }
  std::ranges::sort(found);
  const auto twice = std::ranges::unique(found);
  found.erase(twice.begin(), twice.end());
  return found;
}

}  // namespace cloudlet::wire
