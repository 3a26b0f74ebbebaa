// What a person sees who opens a link of a mail: the same answer as a program gets, dressed as a
// page.
#pragma once

#include "services/sns/signer.h"
#include "wire/http.h"

namespace cloudlet::sns {

// Stands in front of the real handler: a browser's GET /?Action=ConfirmSubscription or Unsubscribe
// goes through it unchanged, and its XML comes back as HTML. All else passes.
class LinkPages : public wire::HttpHandler {
 public:
  explicit LinkPages(wire::HttpHandler& next) : next_(next) {}
  Task<wire::Response> handle(wire::Request request) override;

 private:
  wire::HttpHandler& next_;
};

// GET Signer::certificate_path.
wire::Response certificate_page(const Signer& signer);

}  // namespace cloudlet::sns
