// A structure of a type that its holder does not know: the inputs and outputs of operations on
// their way between the wire and a service.
#pragma once

#include <type_traits>
#include <utility>

#include "wire/table.h"

namespace cloudlet::wire {

// Owns one structure. Moves, does not copy; empty after it was moved from.
class Object {
 public:
  explicit Object(const Shape& shape) : shape_(&shape), data_(shape.lifetime->create(shape)) {}
  // Takes over `value`, whose type is the one that `shape` describes.
  template <class T>
    requires(!std::is_lvalue_reference_v<T>)
  Object(const Shape& shape, T&& value) : shape_(&shape), data_(new T(std::move(value))) {}
  Object(Object&& other) noexcept
      : shape_(other.shape_), data_(std::exchange(other.data_, nullptr)) {}
  Object& operator=(Object&& other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Object() {
    if (data_) shape_->lifetime->destroy(data_);
  }

  const Shape& shape() const { return *shape_; }
  void* data() { return data_; }
  const void* data() const { return data_; }
  template <class T>
  T& as() {
    return *static_cast<T*>(data_);
  }
  template <class T>
  const T& as() const {
    return *static_cast<const T*>(data_);
  }

 private:
  const Shape* shape_;
  void* data_;
};

}  // namespace cloudlet::wire
