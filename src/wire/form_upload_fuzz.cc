// A browser's form: however its bytes are cut, the same fields and file or a refusal; and a policy
// made of any bytes.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "wire/form_upload.h"
#include "wire/post_policy.h"

using namespace cloudlet;
using namespace cloudlet::wire;

namespace {

class Pieces : public BodySource {
 public:
  Pieces(std::string_view bytes, std::size_t step) : rest_(bytes), step_(step) {}
  Task<Result<std::string>> read() override {
    std::string piece(rest_.substr(0, step_));
    rest_.remove_prefix(piece.size());
    co_return piece;
  }

 private:
  std::string_view rest_;
  std::size_t step_;
};

struct Outcome {
  bool taken = false;
  FormFields fields;
  std::string target, file;
};

Task<void> open(std::string_view bytes, std::size_t step, Outcome& outcome) {
  Request request{.method = "POST", .target = "/bucket"};
  request.headers.add("Content-Type", "multipart/form-data; boundary=x");
  request.body = Body(std::make_unique<Pieces>(bytes, step), std::nullopt);
  const Result<FormUpload> upload = co_await FormUpload::open(request);
  if (upload.has_error()) co_return;
  outcome.fields = upload->fields();
  outcome.target = request.target;
  for (;;) {
    const Result<std::string> piece = co_await request.body.read();
    if (piece.has_error()) co_return;
    if (piece->empty()) break;
    outcome.file += *piece;
  }
  outcome.taken = true;
}

Outcome run(std::string_view bytes, std::size_t step) {
  Outcome outcome;
  boost::asio::io_context io;
  auto done = boost::asio::co_spawn(io, open(bytes, step, outcome), boost::asio::use_future);
  io.run();
  done.get();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = run(bytes, bytes.size() + 1), pieces = run(bytes, 1 + data[0] % 9);
  if (whole.taken != pieces.taken || whole.file.size() > bytes.size()) std::abort();
  if (whole.taken &&
      (whole.fields != pieces.fields || whole.file != pieces.file || whole.target != pieces.target))
    std::abort();
  (void)check_post_policy(to_base64(bytes), whole.fields, from_millis(1));
  return 0;
}
