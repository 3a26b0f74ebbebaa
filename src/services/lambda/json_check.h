// Is it JSON? Without building it.
#pragma once

#include <string>
#include <string_view>

namespace cloudlet::lambda {

// Empty if `text` is one JSON value, else what is wrong and where.
std::string json_error(std::string_view text);

}  // namespace cloudlet::lambda
