// Where events come from and answers go to: one of two, the same for the loop above it.
#pragma once

#include <memory>
#include <string>

#include "cloudlet/lambda.h"

namespace cloudlet::lambda {

struct Work {
  Event event;
  Context context;
};

class Channel {
 public:
  virtual ~Channel() = default;
  virtual bool next(Work& work) = 0;  // false: the instance ends
  virtual bool answer(const std::string& request_id, const Response& response) = 0;
};

// Frames (src/runtime/frame.h) over an inherited socket.
std::unique_ptr<Channel> frame_channel(int descriptor);
// The Lambda Runtime API at "host:port".
std::unique_ptr<Channel> http_channel(const std::string& address);

}  // namespace cloudlet::lambda
