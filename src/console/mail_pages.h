// The built-in mailbox for people and programs: everything under /_cloudlet/mail.
//
//   GET    /_cloudlet/mail[?to=ADDRESS&subject=PART&before=ID&limit=N]  the newest messages
//   GET    /_cloudlet/mail/ID                              one, with its text and links; it counts
//   as read then POST   /_cloudlet/mail/ID/click[?action=confirm|unsubscribe]  follows its link
//   through the server's own handler DELETE /_cloudlet/mail/ID, DELETE /_cloudlet/mail      one,
//   all POST   /_cloudlet/mail/ID/delete, /_cloudlet/mail/delete  the same for forms
// A browser (Accept: text/html) gets pages, everybody else JSON.
#pragma once

#include <string>
#include <string_view>

#include "delivery/mailbox.h"
#include "store/store.h"
#include "wire/http.h"

namespace cloudlet::console {

class MailPages {
 public:
  static constexpr std::string_view path = "/_cloudlet/mail";

  // `handler` answers the links of messages: the one that answers all requests. Both outlive the
  // pages.
  MailPages(store::Store& store, wire::HttpHandler& handler) : store_(store), handler_(handler) {}

  Task<wire::Response> handle(wire::Request request);

 private:
  struct Wish;
  wire::Response list(const Wish& wish) const;
  Task<wire::Response> show(Wish wish) const;
  Task<wire::Response> click(Wish wish) const;
  Task<wire::Response> remove(Wish wish) const;

  store::Store& store_;
  wire::HttpHandler& handler_;
};

}  // namespace cloudlet::console
