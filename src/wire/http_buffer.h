// Bytes received and not yet used. Grows to what one head may need and shrinks when idle.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

namespace cloudlet::wire {

class InBuffer {
 public:
  static constexpr std::size_t usual = 8 * 1024;

  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Room for at least a few hundred bytes after what is there.
  char* prepare() {
    if (capacity_ - end_ >= 512) return data_.get() + end_;
    const std::size_t held = size();
    if (begin_ >= capacity_ / 2 && capacity_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, held);
    } else {
      const std::size_t bigger = capacity_ == 0 ? usual : capacity_ * 2;
      std::unique_ptr<char[]> data(new char[bigger]);
      if (held > 0) std::memcpy(data.get(), data_.get() + begin_, held);
      data_ = std::move(data);
      capacity_ = bigger;
    }
    begin_ = 0;
    end_ = held;
    return data_.get() + end_;
  }
  std::size_t room() const { return capacity_ - end_; }
  void received(std::size_t count) { end_ += count; }

  void shrink() {
    if (!empty() || capacity_ <= usual) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

}  // namespace cloudlet::wire
