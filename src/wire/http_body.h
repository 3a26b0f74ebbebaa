// The source behind a request's streamed body: reads from its connection while both live. Internal
// to the server.
#pragma once

#include "wire/body.h"
#include "wire/http_connection.h"

namespace cloudlet::wire {

class ConnectionBody : public BodySource {
 public:
  explicit ConnectionBody(HttpConnection& connection) : connection_(&connection) {}
  ~ConnectionBody() override {
    if (connection_) connection_->body_gone();
  }
  Task<Result<std::string>> read() override;
  // The exchange is over: whoever still holds the body reads an error.
  void detach() { connection_ = nullptr; }

 private:
  HttpConnection* connection_;
};

}  // namespace cloudlet::wire
