// Hostile templates: from text through transform, checks and parameters to what an operation would
// work from.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "deploy/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet;
  using namespace cloudlet::deploy;
  static const ResourceTypes types;
  const Scope scope{.account = "000000000000", .region = "eu-west-1"};
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)parse_document(text, Aliases::expand);
  const Wish wish{.body = text};
  const auto prepared = prepare(wish, scope, types, Strict::no);
  if (prepared.has_error()) return 0;
  const Stack stack{.scope = scope, .uuid = "1", .name = "fuzz"};
  (void)make_plan(stack, prepared->deployment);
  (void)compare(stack, {}, nullptr, prepared->deployment, types);
  return 0;
}
