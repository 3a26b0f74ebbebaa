// The writes of a group of transactions that are not in the engine yet: an ordered map over an
// arena, with a log of every write in order. The log feeds the views and undoes a refused
// transaction.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

namespace cloudlet::store {

class Overlay {
 public:
  using Value = std::optional<std::string_view>;  // nullopt: erased
  using Map = std::pmr::map<std::string_view, Value>;

  struct Change {
    Map::iterator place;
    Value value;
    Value before;     // what `place` held
    bool was_absent;  // `place` was made by this change
  };

  Overlay();
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  void write(std::string_view key, Value value);
  const Map& map() const { return map_; }
  const std::vector<Change>& log() const { return log_; }
  std::size_t bytes() const { return bytes_; }  // of keys and values written

  std::size_t mark() const { return log_.size(); }
  void undo(std::size_t mark);
  void clear();

 private:
  std::string_view keep(std::string_view bytes);

  static constexpr std::size_t first_block = 256 * 1024;
  std::unique_ptr<std::byte[]> block_;
  std::pmr::monotonic_buffer_resource arena_;
  Map map_;
  std::vector<Change> log_;
  std::size_t bytes_ = 0;
};

}  // namespace cloudlet::store
