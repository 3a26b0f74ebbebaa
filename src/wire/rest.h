// What REST protocols carry outside the body: labels of the path, query strings, headers, the
// status. https://smithy.io/2.0/spec/http-bindings.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/bind.h"
#include "wire/http.h"
#include "wire/table.h"

namespace cloudlet::wire {

// Fills the members of operation.input that the path, the query string and the headers hold.
Result<void> bind_rest_request(Binding& binding, const Operation& operation, const Request& request,
                               void* target);
// Fills the members of `structure` that headers and the status hold (the client's side).
Result<void> bind_rest_answer(Binding& binding, const Shape& structure, const Response& response,
                              void* target);

// Writes the members that headers and the status hold.
void write_rest_answer(Response& response, const Shape& structure, const void* source);
// Writes target and headers (the client's side). A label without a value is the caller's mistake:
// an error.
Result<void> write_rest_request(Request& request, const Operation& operation, const void* source);

// The value of a label in a path that fits the template; still encoded. "/{Bucket}/{Key+}?uploads":
// what follows '?' is not the path's.
std::optional<std::string_view> find_label(std::string_view uri, std::string_view path,
                                           std::string_view label);

}  // namespace cloudlet::wire
