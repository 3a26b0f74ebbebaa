// HTTP messages: what a server hands to its handler and gets back, and what a client sends and
// receives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "wire/body.h"

namespace cloudlet::wire {

bool equal_ignoring_case(std::string_view a, std::string_view b);

// What may be a header's name (a token) and its value: no control characters but tabs (RFC 9110,
// 5.1 and 5.5).
bool is_header_name(std::string_view text);
bool is_header_value(std::string_view text);

// Header fields in the order they came, duplicates and spelling kept; names are found without
// regard to case (RFC 9110, 5.1). All text lies in one string: a message costs two allocations, not
// two a field.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void remove(std::string_view name);

  // The first of that name. Views live until the next change of these headers.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name, std::string_view otherwise = {}) const;
  bool has(std::string_view name) const { return find(name).has_value(); }
  // All of that name, joined with ", " (RFC 9110, 5.2).
  std::string joined(std::string_view name) const;

  std::size_t size() const { return spots_.size(); }
  bool empty() const { return spots_.empty(); }
  Field operator[](std::size_t index) const;

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Field;
    Iterator() = default;
    Iterator(const Headers& headers, std::size_t index) : headers_(&headers), index_(index) {}
    Field operator*() const { return (*headers_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) { return {*headers_, index_++}; }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Headers* headers_ = nullptr;
    std::size_t index_ = 0;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, spots_.size()}; }

  // For parsers: takes the whole text once, then fields as places in it.
  void assign_text(std::string_view text);
  std::string_view text() const { return text_; }
  void add_in_text(std::string_view name,
                   std::string_view value);  // both are views of the text given before

 private:
  struct Spot {
    std::uint32_t name, name_size, value, value_size;
  };
  std::string text_;
  std::vector<Spot> spots_;
};

struct Request {
  std::string method;  // "GET", as sent
  std::string target;  // origin form, not decoded: "/bucket/a%20b?list-type=2"
  Headers headers;
  std::string peer;     // the client's address without its port; "unix" for a local socket
  bool secure = false;  // came over TLS
  Body body;  // read it on the executor that called the handler, before the response is out
  std::string sent_target;  // what was signed, if the router gave `target` another form; else empty

  // Both raw. The query is without its '?'; empty if there is none.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const;
};

struct Response {
  int status = 200;
  Headers headers;  // spelling and order are kept. Date, Server, Connection and the length are
                    // added by the server
  Body body;  // a size known: Content-Length; unknown: chunked. Not sent for HEAD, 204 and 304

  // What HEAD answers about a body it does not send: put Content-Length among `headers`.
};

// The reason phrase: "Not Found" for 404; empty for codes that have none.
std::string_view reason_phrase(int status);

// What a server does with a request. Runs on the connection's I/O thread: never block there. When
// the client goes away, or the request takes too long, the task is cancelled (asio terminal
// cancellation).
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual Task<Response> handle(Request request) = 0;
};

}  // namespace cloudlet::wire
