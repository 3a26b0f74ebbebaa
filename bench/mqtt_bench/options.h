// What to load, and how hard.
#pragma once

#include <cstdint>
#include <string>

namespace cloudlet::bench {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  int publishers = 8;
  int window = 16;  // unacknowledged messages of one publisher
  int subscribers = 0;
  int subscriber_qos = 0;
  double warm_up_seconds = 0.5;
  double seconds = 4;
  double rate = 0;  // messages a second of all publishers together; 0: as fast as it goes
  bool tls = false;
  std::string ca_file, certificate_file, key_file;
  std::string topic = "device/{}/devicePayload";  // {} is the publisher's number, from 1
  int server_pid = 0;                             // whose processor time is counted; 0: nobody's
  bool bare = false;                              // run the bare loop, and load that
  bool json = false;
};

// Ends the program with a message when the command line makes no sense.
Options parse_options(int argc, char** argv);

}  // namespace cloudlet::bench
