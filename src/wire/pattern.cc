// Patterns through RE2: linear in the value, whatever the client sends.
#include "wire/pattern.h"

#include <re2/re2.h>

#include "base/result.h"

namespace cloudlet::wire {

Pattern::Pattern(std::string_view text, std::string_view expression)
    : text_(text), expression_(expression) {}
Pattern::~Pattern() = default;

bool Pattern::matches(std::string_view value) const {
  std::call_once(once_, [this] {
    re2::RE2::Options options;
    options.set_log_errors(false);
    compiled_ = std::make_unique<re2::RE2>(re2::StringPiece(expression_.data(), expression_.size()),
                                           options);
  });
  assert_that(compiled_->ok(), "a pattern in a service's tables does not compile");
  return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *compiled_);
}

}  // namespace cloudlet::wire
