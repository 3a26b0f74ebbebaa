// Spans on disk, so that `trace` still answers after a restart: a few append-only files, the oldest
// removed.
//
// Written beside the commit path and never synced: a kill of the process loses the last moments, a
// power cut what the system had not written. A file is a sequence of frames: u32 length, u32
// CRC-32, u64 first and u64 last sequence, then that many bytes of encoded spans. What does not
// check ends that file.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "journal/span_codec.h"

namespace cloudlet::journal {

class SpanFiles {
 public:
  // `bytes_max`: bound of all files together.
  SpanFiles(std::filesystem::path folder, std::uint64_t bytes_max);
  ~SpanFiles();
  SpanFiles(const SpanFiles&) = delete;
  SpanFiles& operator=(const SpanFiles&) = delete;

  // The highest sequence found when opened; 0: nothing there.
  std::uint64_t last_sequence() const { return last_sequence_; }
  // A disk that refuses loses the spans; said once in the log.
  void append(const std::string& spans);
  // Each span on disk, newest file first.
  void visit(const std::function<void(const SpanView&)>& visitor) const;

 private:
  static constexpr int files = 4;

  std::vector<std::filesystem::path> newest_first() const;
  void open_next();

  const std::filesystem::path folder_;
  const std::uint64_t file_bytes_max_;
  std::uint64_t last_sequence_ = 0;
  std::mutex mutex_;
  std::FILE* file_ = nullptr;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t number_ = 0;
  bool complained_ = false;
};

}  // namespace cloudlet::journal
