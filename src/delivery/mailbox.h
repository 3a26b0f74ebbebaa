// The built-in mailbox: where mail arrives when no SMTP server was given. It lies in the store, so
// a message is there exactly when the transaction that caused it is.
//
// Bounded: beyond the limits the oldest messages go (of the address, or of all). Keys:
//   ("mail", "head", id) -> everything but the body      ("mail", "body", id) -> the body
//   ("mail", "to", address, id) -> ""                    ("mail", "total"), ("mail", "count",
//   address) -> numbers
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/txn.h"

namespace cloudlet::delivery {

struct Mail {
  std::uint64_t id = 0;  // grows; given by `put`
  std::string account;   // whose event caused it
  std::string from;      // "AWS Notifications <no-reply@sns.amazonaws.com>"
  std::string to;
  std::string subject;
  std::string body;     // empty in listings
  std::string preview;  // its first words
  std::string message_id;
  std::string owner;  // ARN of the subscription or topic behind it
  std::string trace;  // for `cloudlet trace why`
  Time at;
  std::size_t size_bytes = 0;
  bool read = false;
};

// A link in a message, and what it is for.
struct MailLink {
  enum class Action { confirm, unsubscribe, other };
  Action action = Action::other;
  std::string url;
};
std::string_view to_string(MailLink::Action action);  // "confirm", "unsubscribe", "other"

// The http and https URLs in a text, in order, each once.
std::vector<MailLink> links_in(std::string_view text);
// Where each URL of `links_in` stands; for pages that make them clickable.
std::vector<std::pair<std::size_t, std::size_t>> link_places(std::string_view text);

class Mailbox {
 public:
  struct Limits {
    std::uint64_t messages = 10'000;
    std::uint64_t messages_per_address = 1'000;
    std::uint64_t bytes = 256ull << 20;
  };
  Mailbox() = default;
  explicit Mailbox(const Limits& limits) : limits_(limits) {}

  std::uint64_t put(store::Txn& tx, Mail mail) const;
  static std::optional<Mail> get(const store::ReadTxn& tx, std::uint64_t id);

  struct Page {
    std::string to;            // only this address; empty: all
    std::string subject;       // only subjects that hold this text; empty: all
    std::uint64_t before = 0;  // only ids below; 0: from the newest
    std::size_t count = 50;
  };
  static std::vector<Mail> list(const store::ReadTxn& tx, const Page& page);
  static std::uint64_t size(const store::ReadTxn& tx);  // how many in all
  static std::vector<std::pair<std::string, std::uint64_t>> addresses(const store::ReadTxn& tx,
                                                                      std::size_t most = 100);

  static void mark_read(store::Txn& tx, std::uint64_t id);
  static bool erase(store::Txn& tx, std::uint64_t id);  // false: was not there
  static void erase_all(store::Txn& tx);
  static void erase_account(store::Txn& tx, const std::string& account);

 private:
  Limits limits_;
};

}  // namespace cloudlet::delivery
