// The server's own addresses under /_cloudlet, and the health page that LocalStack's tools ask for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "journal/journal.h"
#include "services/host/pages.h"
#include "store/store.h"

namespace cloudlet {

// One line of `cloudlet doctor`.
struct HealthCheck {
  std::string name;
  std::string state;  // "ok", "warning", "problem"
  std::string detail;
};

// What the pages show; all outlive them.
struct PageSources {
  Clock& clock;
  store::Store& store;
  journal::Journal& journal;
  std::function<boost::json::object()> ready;   // the few that everybody may know
  std::function<boost::json::object()> status;  // facts of this process
  std::function<wire::Response(const wire::Request&)> invite, sign_in;  // console/door.h
  std::function<std::vector<HealthCheck>()> doctor;
  std::function<std::string()> authority_pem;  // of devices' TLS
  std::vector<std::string> services;           // names, as health says them
};

// /_cloudlet/ready, status, invite, sign-in, doctor, trace, clock, ca.pem; /_localstack/health.
void add_server_pages(services::Pages& pages, PageSources sources);

}  // namespace cloudlet
