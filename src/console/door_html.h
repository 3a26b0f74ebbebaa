// The pages at the door: what a person sees who has no cookie yet, and who just got one.
#pragma once

#include <string>
#include <string_view>

namespace cloudlet::console {

std::string keys_needed_html();  // how to get in
std::string link_spent_html();   // the sign-in link was used already, or is too old
std::string signed_in_html(std::string_view place);  // goes on to `place` by itself

}  // namespace cloudlet::console
