#include "store/model_workload.h"

namespace cloudlet::store {
namespace {

const Key& last_key() {
  static const Key key = make_key("test", "last");
  return key;
}

Key row_key(Random& random) { return make_key("test", "row", random.below(8), random.hex(1)); }

}  // namespace

Rows rows(const ReadTxn& state) {
  Rows rows;
  state.scan(prefix(make_key("test")), [&](std::string_view key, std::string_view value) {
    return rows.emplace(key, value), true;
  });
  return rows;
}

std::uint64_t last_number(const ReadTxn& state) {
  const auto last = state.get(last_key());
  return last ? std::stoull(*last) : 0;
}

Result<void> run_number(Txn& tx, std::uint64_t seed, std::uint64_t number) {
  const auto random = seeded_random(seed * 1'000'003 + number);
  const std::uint64_t changes = 1 + random->below(6);
  for (std::uint64_t i = 0; i < changes; ++i) {
    const std::uint64_t what = random->below(12);
    if (what == 0) {
      tx.erase(prefix(make_key("test", "row", random->below(8))));
    } else if (what < 4) {
      tx.erase(row_key(*random));
    } else {
      std::string read = tx.get(row_key(*random)).value_or("none");
      std::size_t seen = 0;
      const auto look = [&](std::string_view key, std::string_view value) {
        read.append(key).append(value.substr(0, 20));
        return ++seen < 5;
      };
      tx.scan(prefix(make_key("test", "row", random->below(8))), look,
              random->below(2) == 0 ? Direction::forward : Direction::backward);
      std::string value =
          std::to_string(number) + ":" + std::to_string(std::hash<std::string>()(read)) + ":";
      value.resize(value.size() + random->below(random->below(20) == 0 ? 30'000 : 200), 'x');
      tx.put(row_key(*random), value);
    }
  }
  tx.put(last_key(), std::to_string(number));
  if (random->below(10) == 0) return invalid("this one refuses");
  assert_that(random->below(100) != 0, "this one throws");
  return {};
}

void ModelTxn::run(std::uint64_t seed, std::uint64_t number) {
  Rows before = rows_;
  try {
    if (run_number(*this, seed, number).has_error()) rows_ = std::move(before);
  } catch (const BrokenInvariant&) {
    rows_ = std::move(before);
  }
}

std::optional<std::string> ModelTxn::get(const Key& key) const {
  const auto place = rows_.find(key.bytes());
  return place == rows_.end() ? std::nullopt : std::optional(place->second);
}

void ModelTxn::scan(const Range& range, const Visitor& visit, Direction direction) const {
  const auto from = rows_.lower_bound(range.from);
  const auto to = rows_.lower_bound(range.to);
  if (direction == Direction::forward) {
    for (auto at = from; at != to; ++at)
      if (!visit(at->first, at->second)) return;
  } else {
    for (auto at = to; at != from;)
      if (--at; !visit(at->first, at->second)) return;
  }
}

void ModelTxn::erase(const Range& range) {
  rows_.erase(rows_.lower_bound(range.from), rows_.lower_bound(range.to));
}

}  // namespace cloudlet::store
