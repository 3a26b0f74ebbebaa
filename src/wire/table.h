// The tables: what a service's model says, as constants. tools/codegen writes them; the protocol
// walkers read them.
//
// A walker never sees a C++ type. It reaches members, elements and entries through the functions a
// table carries, so generated structs and values that were described at run time (wire/dynamic.h)
// are the same to it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloudlet::wire {

struct Shape;
struct Member;
class Pattern;

// How a value is held. `stream` is a wire::Body; blobs and strings are std::string, enumerations
// std::int32_t sized enum classes, timestamps Time, documents boost::json::value.
enum class Kind : std::uint8_t {
  string,
  enumeration,
  blob,
  boolean,
  byte_number,
  short_number,
  integer,
  long_integer,
  float_number,
  double_number,
  timestamp,
  document,
  list,
  map,
  structure,
  stream,
};

// Where HTTP carries a member (REST protocols).
enum class Place : std::uint8_t { body, uri, query, header, prefixed_headers, status };

enum class TimeFormat : std::uint8_t { by_protocol, epoch_seconds, iso8601, http_date };

struct XmlNamespace {
  std::string_view uri;
  std::string_view prefix;
};

// How to reach one member of a structure.
struct Slot {
  const void* (*find)(const void* structure, const Member& member);  // null: absent
  void* (*make)(void* structure, const Member& member);              // present afterwards
};

struct Member {
  std::string_view name;       // "QueueUrl"
  std::string_view wire_name;  // locationName, else `name`
  std::string_view path;       // "queueUrl": how validation messages call it
  const Shape* shape = nullptr;
  std::uint32_t offset = 0;  // bytes; an index for values described at run time
  const Slot* slot = nullptr;
  Place place = Place::body;
  TimeFormat time_format = TimeFormat::by_protocol;
  bool required = false;
  bool flattened = false;
  bool attribute = false;  // XML attribute
  bool text = false;       // the text of the XML element itself (S3 GetBucketLocation)
  bool payload = false;    // the whole HTTP body
  bool json_text = false;  // `jsonvalue`: a header holds it in base64
  bool idempotency_token = false;
  bool refused = false;  // present means: answer with the service's unsupported-parameter error
  bool named = false;    // has a locationName of its own
  XmlNamespace xml_namespace;
};

struct Limits {
  bool has_min = false;
  bool has_max = false;
  double min = 0;  // of a number, a length or a count
  double max = 0;
};

// Lists and maps are reached through these.
struct Container {
  std::size_t (*size)(const void* container);
  void (*create)(void* container, std::size_t expected);                    // empty, but present
  void* (*add)(void* container, const Shape& shape, std::string_view key);  // lists ignore the key
  // Calls `visit` for each entry (`key` is empty in lists) until it returns false.
  void (*each)(const void* container, void* context,
               bool (*visit)(void* context, std::string_view key, const void*));
};

// Makes and destroys structures for who does not know their type (wire/object.h).
struct Lifetime {
  void* (*create)(const Shape& shape);
  void (*destroy)(void* object);
  void (*assign)(void* to, void* from) = nullptr;  // moves; null for values described at run time
};

struct Shape {
  std::string_view name;
  Kind kind = Kind::string;
  bool union_ = false;
  bool flattened = false;
  bool sensitive = false;
  TimeFormat time_format = TimeFormat::by_protocol;
  Limits limits;
  const Pattern* pattern = nullptr;
  std::span<const Member> members;           // structure, in the model's order
  const Member* payload = nullptr;           // structure: the member that is the whole body
  const Member* element = nullptr;           // list; map: the value
  const Member* key = nullptr;               // map
  std::span<const std::string_view> values;  // enumeration: the wire's texts, by number
  const Container* container = nullptr;      // list, map
  const Lifetime* lifetime = nullptr;        // structure
  const ErrorKind* error = nullptr;          // structure: this is an error
  std::string_view wire_name;                // locationName of the structure: an XML root
  XmlNamespace xml_namespace;
};

// Which of the three signatures of `Operations` answers (wire.md, 4.4).
enum class Form : std::uint8_t { writes, reads, waits };

struct Operation {
  std::string_view name;    // "CreateTopic"
  std::uint16_t index = 0;  // in Service::operations
  std::string_view method = "POST";
  std::string_view uri = "/";    // "/{Bucket}/{Key+}?uploads"
  int status = 200;              // of a success
  const Shape* input = nullptr;  // never null in a finished table
  const Shape* output = nullptr;
  bool has_input = true;  // the model names an input shape
  bool has_output = true;
  std::span<const Shape* const> errors;
  Form form = Form::writes;
  bool idempotent = false;
  std::string_view result_wrapper;  // query: "CreateTopicResult"
  std::string_view input_root;      // REST-XML: the root element of a request body
  XmlNamespace input_namespace;
};

enum class Protocol : std::uint8_t { json, query, rest_json, rest_xml, cbor };

// In which words a service refuses what its model forbids.
enum class Dialect : std::uint8_t { json, query, rest_json, s3 };

struct Service {
  std::string_view name;             // "iot-data": the model's file
  std::string_view id;               // "IoT Data Plane"
  std::string_view signing_name;     // "iotdata"
  std::string_view endpoint_prefix;  // "data-ats.iot"
  std::string_view target_prefix;    // "Logs_20140328"
  std::string_view json_version;     // "1.1"
  std::string_view api_version;      // "2010-03-31"
  // "com.amazonaws.dynamodb.v20120810": what stands before the # in the type of a JSON error, if
  // anything does.
  std::string_view error_namespace;
  XmlNamespace xml_namespace;
  std::span<const Protocol> protocols;  // the first is the client's choice
  bool query_compatible = false;
  Dialect dialect = Dialect::json;
  std::span<const Operation> operations;         // by name, ascending
  std::span<const ErrorKind* const> errors;      // every error this service can answer
  const ErrorKind* validation_error = nullptr;   // constraints
  const ErrorKind* malformed_error = nullptr;    // what cannot be read, types that do not fit
  const ErrorKind* unsupported_error = nullptr;  // refused members

  const Operation* find(std::string_view operation_name) const;
};

}  // namespace cloudlet::wire
