// What CloudWatch Logs stores: groups, streams, events.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "store/txn.h"

namespace cloudlet::logs {

struct StoredGroup {
  std::string name;
  Time created;
  int retention_days = 0;   // 0: for ever
  std::uint64_t timer = 0;  // of the retention; 0: none
  Time wakes{};             // when that timer is due
  std::uint64_t bytes = 0;  // of messages, each with 26 bytes of overhead, as AWS counts
  bool infrequent = false;  // class INFREQUENT_ACCESS
  bool protect = false;     // against deletion
  std::map<std::string, std::string> tags;

  std::string arn(const Scope& scope) const;  // without the ":*" that older answers carry
};

struct StoredStream {
  std::string name;
  Time created;
  std::optional<Time> first, last;  // of its events' times
  Time ingested{};                  // when the newest came
  std::uint64_t sequence = 0;       // of the newest event
};

struct StoredEvent {
  Time at;
  std::uint64_t sequence = 0;
  Time ingested;
  std::string message;
};

std::string encode(const StoredGroup& group);
StoredGroup decode_group(std::string_view bytes);
std::string encode(const StoredStream& stream);
StoredStream decode_stream(std::string_view bytes);
std::string encode(const StoredEvent& event);
StoredEvent decode_event(std::string_view key, std::string_view bytes);

std::optional<StoredGroup> find_group(const store::ReadTxn& tx, const Scope& scope,
                                      const std::string& name);
std::optional<StoredStream> find_stream(const store::ReadTxn& tx, const Scope& scope,
                                        const std::string& group, const std::string& name);

// Writes events, at least one and in order of time, and counts them. Group and stream are the
// current ones and are written back.
struct NewEvent {
  Time at;
  std::string message;
};
void append_events(store::Txn& tx, const Scope& scope, StoredGroup& group, StoredStream& stream,
                   const std::vector<NewEvent>& events, Time now);

}  // namespace cloudlet::logs
