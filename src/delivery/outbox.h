// Deliveries to the outside, durable from the transaction of their cause until they have arrived or
// were given up.
//
// At least once outside, exactly once inside: an attempt that was made but not yet noted when the
// process died is made again; the note itself (attempts, next time, removal, dead letter) is one
// transaction. Keys:
//   ("delivery", account, region, id) -> OutsideDelivery     one a delivery
//   ("delivery-ready", lane, number) -> the key above        it may be sent now; in order of time
//   within its lane
//   ("delivery-pace", owner) -> when the owner's next first attempt may start
// A delivery that waits for a later attempt has a timer instead of a ready entry.
#pragma once

#include <string>

#include "delivery/mailbox.h"
#include "delivery/outside.h"
#include "delivery/transfer.h"
#include "journal/journal.h"
#include "store/store.h"

namespace cloudlet::delivery {

// Where a delivery that is ready stands in the store.
struct ReadyKey {
  std::string lane;
  std::uint64_t number = 0;
  store::Key key() const { return store::make_key("delivery-ready", lane, number); }
};

enum class MailGoes { to_server, to_mailbox };

// The transactional half: no threads, no sockets. The dispatcher is the other one.
class Outbox {
 public:
  // Registers its timer: before Store::start.
  Outbox(store::Store& store, const Targets& targets, const Mailbox& mailbox,
         journal::Journal& journal, MailGoes mail);

  // Without a mail server a mail is in the built-in mailbox when `tx` commits; all else is sent
  // after the commit.
  void enqueue(store::Txn& tx, const OutsideDelivery& delivery) const;

  // What is to be sent, and where it is noted. Nothing: somebody removed it.
  std::optional<OutsideDelivery> find(const store::ReadTxn& tx, const ReadyKey& ready) const;
  // Notes how an attempt ended: done, again later, or dead.
  void settle(store::Txn& tx, const ReadyKey& ready, const Attempt& attempt, Time started,
              Time ended) const;
  // The owner is gone, and with it the memory of its pace.
  static void forget(store::Txn& tx, const std::string& owner);
  // How many deliveries are under way or wait: counts them, so not for a hot path.
  static std::size_t pending(const store::ReadTxn& tx);

  // A mail as the mailbox keeps it.
  static Mail to_mail(const OutsideDelivery& delivery);

 private:
  void make_ready(store::Txn& tx, const std::string& record_key,
                  const OutsideDelivery& delivery) const;
  void bury(store::Txn& tx, const OutsideDelivery& delivery, const std::string& why,
            Time now) const;
  void leave_span(store::Txn& tx, journal::Span span) const;
  journal::Span span_of(const OutsideDelivery& delivery, Time at) const;

  const Targets& targets_;
  const Mailbox& mailbox_;
  journal::Journal& journal_;
  const MailGoes mail_;
};

}  // namespace cloudlet::delivery
