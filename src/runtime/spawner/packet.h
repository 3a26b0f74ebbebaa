// Packets with descriptors over a SOCK_SEQPACKET socket, blocking. Used on the spawners' side.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloudlet::runtime::spawner {

// False if the peer is gone.
bool send_packet(int socket, std::string_view bytes, const std::vector<int>& fds = {});

struct Packet {
  std::string bytes;
  std::vector<int> fds;  // close-on-exec, the receiver's
};
// Empty bytes: the peer is gone.
Packet receive_packet(int socket);

}  // namespace cloudlet::runtime::spawner
