// What the service is made of. For the files that implement iot::Service only.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>

#include "services/iot/authority.h"
#include "services/iot/data_plane.h"
#include "services/iot/iot.h"
#include "services/iot/mqtt_application.h"
#include "services/iot/principals.h"
#include "services/iot/republish.h"
#include "services/iot/rule_book.h"
#include "services/iot/rule_engine.h"

namespace cloudlet::iot {

struct Service::Parts {
  Parts(store::Store& s, const delivery::Targets& targets, journal::Journal& journal, Clock& clock,
        Random& random, Options o);

  // A new RSA key, made on the thread for keys.
  Task<KeyTexts> make_rsa_key();
  void certificate_changed(const std::string& certificate);

  store::Store& store;
  Options options;
  Authority authority;
  Principals principals;
  RuleBook book;
  RuleEngine engine;
  std::atomic<mqtt::Broker*> broker{nullptr};
  MqttApplication application;
  Republish republish;
  DataPlane data;
  asio::thread_pool key_thread{1};
};

}  // namespace cloudlet::iot
