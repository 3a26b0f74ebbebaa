// The public protocol vectors, read from CONFORMANCE_DIR, and how their bodies are compared.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace cloudlet::conformance {

namespace json = boost::json;

// One case: its suite's tables and what it gives.
struct Case {
  std::string protocol;  // the file: "json", "rest-xml"
  std::string id;
  json::object suite;
  json::object given;
  json::object whole;
};

inline void PrintTo(const Case& c, std::ostream* out) { *out << c.protocol << " " << c.id; }

// Where the vectors are: CONFORMANCE_DIR, or ../shared/conformance beside the project.
std::string folder();
// The cases of one kind that concern us, for the protocols that are built. Empty if there are no
// vectors.
enum class Kind { input, answer, error };
std::vector<Case> load(Kind kind);
// A name GoogleTest accepts.
std::string test_name(const Case& c);

// Why a case is no business of a server (or of our client); nothing if it is.
std::optional<std::string> skipped(const Case& c, std::string_view direction);

std::string text(const json::object& object, std::string_view key);

// Equal trees, whatever the order of object members and the spelling of numbers.
bool same_json(const json::value& a, const json::value& b);
// One spelling for equal documents: members sorted by name, white space between elements dropped.
// Empty: not well-formed.
std::string canonical_xml(std::string_view xml);

}  // namespace cloudlet::conformance
