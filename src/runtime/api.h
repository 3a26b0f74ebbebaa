// The Lambda Runtime API of one instance, over HTTP on a loopback socket.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
#pragma once

#include <memory>

#include "base/task.h"
#include "runtime/api_peers.h"
#include "runtime/instance.h"

namespace cloudlet::runtime {

// Serves connections until the instance ends or the task is cancelled. Runs on the instance's
// executor.
Task<> serve_runtime_api(std::shared_ptr<Instance> instance, Fd listener, ApiPeers peers,
                         TaskGroup& tasks);

}  // namespace cloudlet::runtime
