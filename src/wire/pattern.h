// A string's pattern, compiled when it is first needed.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>

namespace re2 {
class RE2;
}

namespace cloudlet::wire {

// Thread-safe.
class Pattern {
 public:
  // `text` is the model's, quoted in messages; `expression` says the same in RE2's syntax.
  Pattern(std::string_view text, std::string_view expression);
  ~Pattern();

  std::string_view text() const { return text_; }
  // The whole of `value`, as AWS does.
  bool matches(std::string_view value) const;

 private:
  std::string_view text_;
  std::string_view expression_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<re2::RE2> compiled_;
};

}  // namespace cloudlet::wire
