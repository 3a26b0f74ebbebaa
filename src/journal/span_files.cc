#include "journal/span_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "base/log.h"

namespace cloudlet::journal {
namespace fs = std::filesystem;
namespace {

struct FrameHead {
  std::uint32_t size = 0;
  std::uint32_t crc = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
static_assert(sizeof(FrameHead) == 24);

std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, digest(Algorithm::crc32, bytes).data(), sizeof value);
  return value;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return std::move(bytes).str();
}

// Calls `visitor` with the head and the bytes of each whole frame.
void visit_frames(const std::string& file,
                  const std::function<void(const FrameHead&, std::string_view)>& visitor) {
  std::string_view rest = file;
  FrameHead head;
  while (rest.size() >= sizeof head) {
    std::memcpy(&head, rest.data(), sizeof head);
    rest.remove_prefix(sizeof head);
    if (rest.size() < head.size) return;
    const std::string_view bytes = rest.substr(0, head.size);
    if (checksum(bytes) != head.crc) return;
    visitor(head, bytes);
    rest.remove_prefix(head.size);
  }
}

std::uint64_t number_of(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::uint64_t number = 0;
  std::from_chars(stem.data(), stem.data() + stem.size(), number);
  return number;
}

}  // namespace

SpanFiles::SpanFiles(fs::path folder, std::uint64_t bytes_max)
    : folder_(std::move(folder)), file_bytes_max_(bytes_max / files) {
  std::error_code ignored;  // a folder that cannot be made shows when the first file is opened
  fs::create_directories(folder_, ignored);
  const auto found = newest_first();
  if (found.empty()) return;
  number_ = number_of(found.front());
  for (const auto& path : found) {
    visit_frames(read_file(path), [&](const FrameHead& head, std::string_view) {
      last_sequence_ = std::max(last_sequence_, head.last);
    });
    if (last_sequence_ > 0) break;
  }
}

SpanFiles::~SpanFiles() {
  if (file_ != nullptr) std::fclose(file_);
}

std::vector<fs::path> SpanFiles::newest_first() const {
  std::vector<fs::path> found;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder_, failure))
    if (entry.path().extension() == ".spans") found.push_back(entry.path());
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return number_of(a) > number_of(b); });
  return found;
}

// A new file at each start: the last one may end in half a frame.
void SpanFiles::open_next() {
  if (file_ != nullptr) std::fclose(file_);
  file_ = std::fopen((folder_ / fmt::format("{:08}.spans", ++number_)).c_str(), "wb");
  file_bytes_ = 0;
  const auto found = newest_first();
  std::error_code ignored;  // removed at the next turn then
  for (std::size_t i = files; i < found.size(); ++i) fs::remove(found[i], ignored);
}

void SpanFiles::append(const std::string& spans) {
  FrameHead head{.size = static_cast<std::uint32_t>(spans.size()),
                 .crc = checksum(spans),
                 .first = UINT64_MAX,
                 .last = 0};
  for (std::string_view rest = spans; const auto span = decode_span(rest);) {
    head.first = std::min(head.first, span->sequence);
    head.last = std::max(head.last, span->sequence);
  }
  const std::scoped_lock lock(mutex_);
  if (file_ == nullptr || file_bytes_ + spans.size() > file_bytes_max_) open_next();
  const bool written = file_ != nullptr && std::fwrite(&head, sizeof head, 1, file_) == 1 &&
                       std::fwrite(spans.data(), 1, spans.size(), file_) == spans.size() &&
                       std::fflush(file_) == 0;
  if (written) {
    file_bytes_ += sizeof head + spans.size();
    return;
  }
  if (file_ != nullptr) std::fclose(file_);
  file_ = nullptr;
  if (!complained_)
    log::warning("journal", "cannot write traces into {}: {}", folder_.string(),
                 std::strerror(errno));
  complained_ = true;
}

void SpanFiles::visit(const std::function<void(const SpanView&)>& visitor) const {
  for (const auto& path : newest_first())
    visit_frames(read_file(path), [&](const FrameHead&, std::string_view bytes) {
      while (const auto span = decode_span(bytes)) visitor(*span);
    });
}

}  // namespace cloudlet::journal
