// The query protocol's requests: "Tags.member.1.Key=a&Tags.member.1.Value=b". Its answers are XML
// (wire/xml.h). https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
#pragma once

#include <string>

#include "wire/bind.h"
#include "wire/form.h"
#include "wire/table.h"

namespace cloudlet::wire {

Result<void> bind_query(Binding& binding, const Shape& structure, const FormData& form,
                        void* target);

// Appends "&Name=value" for every member; the caller starts with Action and Version.
void write_query(std::string& out, const Shape& structure, const void* source);

}  // namespace cloudlet::wire
