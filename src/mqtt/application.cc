#include "mqtt/application.h"

namespace cloudlet::mqtt {

namespace errors {
const ErrorKind not_authorized{.name = "NotAuthorized", .code = "NotAuthorized", .status = 403};
const ErrorKind bad_credentials{
    .name = "BadUserNameOrPassword", .code = "BadUserNameOrPassword", .status = 403};
const ErrorKind identifier_rejected{.name = "ClientIdentifierNotValid",
                                    .code = "ClientIdentifierNotValid"};
const ErrorKind server_unavailable{.name = "ServerUnavailable",
                                   .code = "ServerUnavailable",
                                   .status = 503,
                                   .fault = Fault::server};
}  // namespace errors

std::string_view to_string(Disconnection reason) {
  switch (reason) {
    case Disconnection::client_initiated: return "CLIENT_INITIATED_DISCONNECT";
    case Disconnection::connection_lost: return "CONNECTION_LOST";
    case Disconnection::keep_alive_timeout: return "MQTT_KEEP_ALIVE_TIMEOUT";
    case Disconnection::taken_over: return "DUPLICATE_CLIENTID";
    case Disconnection::protocol_error: return "CLIENT_ERROR";
    case Disconnection::not_authorized: return "AUTH_ERROR";
    case Disconnection::overload:
    case Disconnection::too_slow: return "SERVER_INITIATED_DISCONNECT";
    case Disconnection::quota_exceeded: return "THROTTLED";
    case Disconnection::server_initiated: return "SERVER_INITIATED_DISCONNECT";
    case Disconnection::server_shutdown: return "SERVER_ERROR";
  }
  return "NONE";
}

std::string session_name(std::string_view space, std::string_view client_id) {
  std::string name(space);
  // No client id holds a NUL [MQTT-1.5.3-2].
  if (!space.empty()) name += '\0';
  return name.append(client_id);
}

std::string_view client_id_of(std::string_view session_name) {
  return session_name.substr(session_name.rfind('\0') + 1);
}

std::string_view explain(Disconnection reason) {
  switch (reason) {
    case Disconnection::too_slow: return "it did not read what was sent to it";
    case Disconnection::overload:
      return "too much waited for all clients together, and most of it for this one";
    case Disconnection::protocol_error: return "it sent what the protocol does not allow";
    case Disconnection::not_authorized: return "it published what it may not, or lost its right";
    case Disconnection::quota_exceeded: return "it went over a limit";
    case Disconnection::server_shutdown: return "the server stops";
    default: return {};
  }
}

}  // namespace cloudlet::mqtt
