#include "console/door_html.h"

#include <fmt/format.h>

namespace cloudlet::console {
namespace {

constexpr std::string_view style = R"css(
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;
  font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
  background:#f3f5f8;color:#18212c}
main{max-width:34rem;width:100%;background:#fff;border:1px solid #e2e7ee;border-radius:14px;
  padding:2.2rem;box-shadow:0 10px 34px rgba(16,32,56,.06)}
h1{font-size:1.35rem;margin:0 0 .6rem}
p{margin:.5rem 0}
pre{margin:1rem 0;padding:.8rem 1rem;background:#f3f5f8;border:1px solid #e2e7ee;border-radius:10px;
  font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace;overflow-x:auto}
a{color:#1f66d6}
small{color:#5b6978}
@media(prefers-color-scheme:dark){body{background:#0e1319;color:#e5ebf2}
  main{background:#161d26;border-color:#27313d;box-shadow:none}
  pre{background:#0f151c;border-color:#27313d}a{color:#6aa5ff}small{color:#a2b0bf}}
)css";

std::string whole(std::string_view title, std::string_view inner, std::string_view head = {}) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<link rel=\"icon\" href=\"data:,\">{2}<title>{0} - cloudlet</title><style>{1}</style></head>"
      "<body><main><h1>{0}</h1>{3}</main></body></html>",
      title, style, head, inner);
}

constexpr std::string_view how =
    "<pre>cloudlet mail open</pre><p>It prints a link that signs this browser in for twelve hours."
    "</p><p><small>Whoever may read the server's data folder may do that, and whoever has the keys "
    "of a user (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).</small></p>";

}  // namespace

std::string keys_needed_html() {
  return whole("Sign in first",
               fmt::format("<p>This cloudlet lets in only who has keys (<code>--auth enforce</code>"
                           "). On its machine, type</p>{}",
                           how));
}

std::string link_spent_html() {
  return whole(
      "This link has done its work",
      fmt::format("<p>A sign-in link is good once, for five minutes. For another:</p>{}", how));
}

std::string signed_in_html(std::string_view place) {
  return whole("Signed in", fmt::format("<p><a href=\"{}\">To the mailbox</a></p>", place),
               fmt::format("<meta http-equiv=\"refresh\" content=\"0;url={}\">", place));
}

}  // namespace cloudlet::console
