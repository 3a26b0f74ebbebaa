#include "wire/body.h"

namespace cloudlet::wire {
namespace {

class WholeBody : public BodySource {
 public:
  explicit WholeBody(std::string bytes) : bytes_(std::move(bytes)) {}
  Task<Result<std::string>> read() override { co_return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

}  // namespace

Body::Body(std::string bytes) : size_(bytes.size()) {
  source_ = std::make_unique<WholeBody>(std::move(bytes));
}

Task<Result<std::string>> Body::read() {
  if (!source_) co_return std::string();
  co_return co_await source_->read();
}

Task<Result<std::string>> Body::read_all(std::size_t limit) {
  std::string all;
  for (;;) {
    CO_TRY(std::string piece, co_await read());
    if (piece.empty()) co_return all;
    if (all.size() + piece.size() > limit)
      co_return invalid("the body is larger than " + std::to_string(limit) + " bytes");
    all += piece;
  }
}

}  // namespace cloudlet::wire
