#include "wire/body.h"

#include <utility>

namespace cloudlet::wire {

Task<Result<std::string>> Body::read() {
  if (!source_) co_return std::exchange(bytes_, {});
  co_return co_await source_->read();
}

Task<Result<std::string>> Body::read_all(std::size_t limit) {
  std::string all;
  for (;;) {
    CO_TRY(std::string piece, co_await read());
    if (piece.empty()) co_return all;
    if (all.size() + piece.size() > limit)
      co_return invalid("the body is larger than " + std::to_string(limit) + " bytes");
    if (all.empty())
      all = std::move(piece);
    else
      all += piece;
  }
}

Task<Result<void>> Body::make_whole(std::size_t limit) {
  if (!source_ && bytes_.size() <= limit) co_return Result<void>();
  CO_TRY(std::string all, co_await read_all(limit));
  *this = Body(std::move(all));
  co_return Result<void>();
}

}  // namespace cloudlet::wire
