// Shapes described at run time and values of them: the same tables that tools/codegen writes, made
// from a model's JSON, so that the walkers can be held against the public protocol vectors, which
// bring shapes of their own.
#pragma once

#include <boost/json/value.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wire/object.h"
#include "wire/table.h"

namespace cloudlet::conformance {

namespace json = boost::json;

// A service made of one vector suite. Owns its tables.
class Model {
 public:
  // `suite` has metadata and shapes; `operations` are their `given`s.
  Model(const json::object& suite, const std::vector<json::object>& operations);
  Model(const Model&) = delete;

  const wire::Service& service() const { return service_; }
  const wire::Shape& shape(const std::string& name) const { return *shapes_.at(name); }

 private:
  const wire::Shape* declare(const std::string& name, const json::object& shapes);
  void describe(wire::Shape& shape, const json::object& raw, const json::object& shapes);
  wire::Member member(std::string_view name, const json::object& raw, const json::object& shapes);
  void add_operation(const json::object& raw, const json::object& shapes, std::size_t index);
  const wire::Shape* empty_shape(std::string_view name);
  wire::XmlNamespace keep_space(const json::object& raw);
  std::string_view keep(std::string_view text) { return texts_.emplace_back(text); }

  std::deque<std::string> texts_;
  std::deque<wire::Shape> shape_rows_;
  std::deque<std::vector<wire::Member>> member_rows_;
  std::deque<std::vector<std::string_view>> value_rows_;
  std::deque<std::vector<const wire::Shape*>> error_rows_;
  std::deque<ErrorKind> kinds_;
  std::vector<const ErrorKind*> kind_list_;
  std::map<std::string, wire::Shape*> shapes_;
  std::vector<wire::Operation> operations_;
  std::vector<wire::Protocol> protocols_;
  wire::Service service_;
};

// Fills a value from the vectors' notation: blobs as text, timestamps as seconds, null as absent.
void fill(const wire::Shape& shape, const json::value& from, void* target);
// The value in the vectors' notation.
json::value show(const wire::Shape& shape, const void* value);
// A notation without nulls and with numbers alike: what `show` would give.
json::value tidy(const wire::Shape& shape, const json::value& from);

}  // namespace cloudlet::conformance
