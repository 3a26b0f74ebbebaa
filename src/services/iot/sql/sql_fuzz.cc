// Any bytes as statement, template and payload: compiles or is refused, and never runs away.
#include <cstddef>
#include <cstdint>

#include "services/iot/sql/statement.h"
#include "services/iot/sql/template.h"

using namespace cloudlet;

// The first line is the statement, the rest the payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Random> random = seeded_random(1);
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(all.find('\n'), all.size());
  const std::string_view sql = all.substr(0, line);
  const iot::sql::Message message{
      .topic = "device/soil1/devicePayload",
      .payload = line < all.size() ? all.substr(line + 1) : std::string_view(),
      .client_id = "c",
      .principal = "p",
      .account = "000000000000",
      .trace = "t",
      .now = from_millis(1),
      .random = random.get()};
  for (const auto version : {iot::sql::Version::v2015_10_08, iot::sql::Version::v2016_03_23}) {
    iot::sql::Input input(message);
    if (const auto statement = iot::sql::Statement::compile(sql, version); statement.has_value()) {
      if (statement->matches(input)) (void)statement->select(input);
      (void)statement->explain(input);
    }
    if (const auto made = iot::sql::Template::compile(sql, version); made.has_value())
      (void)made->expand(input);
  }
  return 0;
}
