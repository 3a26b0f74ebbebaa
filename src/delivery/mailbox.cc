#include "delivery/mailbox.h"

#include <algorithm>
#include <array>
#include <set>

#include "store/record.h"

namespace cloudlet::delivery {
namespace {

using store::Key;
using store::make_key;

constexpr std::size_t preview_bytes = 160;

Key head_key(std::uint64_t id) { return make_key("mail", "head", id); }
Key body_key(std::uint64_t id) { return make_key("mail", "body", id); }
Key to_key(std::string_view address, std::uint64_t id) {
  return make_key("mail", "to", address, id);
}
Key count_key(std::string_view address) { return make_key("mail", "count", address); }
Key total_key() { return make_key("mail", "total"); }

struct Totals {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

Totals read_totals(const store::ReadTxn& tx, const Key& key) {
  Totals totals;
  const auto bytes = tx.get(key);
  if (!bytes) return totals;
  for (store::RecordReader reader(*bytes); reader.next();) {
    if (reader.field() == 1) totals.messages = reader.number();
    if (reader.field() == 2) totals.bytes = reader.number();
  }
  return totals;
}

void write_totals(store::Txn& tx, const Key& key, const Totals& totals) {
  if (totals.messages == 0) return tx.erase(key);
  store::RecordWriter writer;
  tx.put(key, writer.number(1, totals.messages).number(2, totals.bytes).take());
}

std::string encode_head(const Mail& mail) {
  store::RecordWriter writer;
  writer.text(1, mail.account)
      .text(2, mail.from)
      .text(3, mail.to)
      .text(4, mail.subject)
      .text(5, mail.preview);
  writer.text(6, mail.message_id).text(7, mail.owner).text(8, mail.trace).time(9, mail.at);
  writer.number(10, mail.size_bytes).flag(11, mail.read);
  return writer.take();
}

Mail decode_head(std::uint64_t id, std::string_view bytes) {
  Mail mail{.id = id};
  for (store::RecordReader reader(bytes); reader.next();) switch (reader.field()) {
      case 1: mail.account = reader.text(); break;
      case 2: mail.from = reader.text(); break;
      case 3: mail.to = reader.text(); break;
      case 4: mail.subject = reader.text(); break;
      case 5: mail.preview = reader.text(); break;
      case 6: mail.message_id = reader.text(); break;
      case 7: mail.owner = reader.text(); break;
      case 8: mail.trace = reader.text(); break;
      case 9: mail.at = reader.time(); break;
      case 10: mail.size_bytes = reader.number(); break;
      case 11: mail.read = reader.flag(); break;
      default: break;
    }
  return mail;
}

// The last part of a key: the message's number.
std::uint64_t id_of(std::string_view key, int parts_before) {
  store::KeyReader reader(key);
  for (int i = 0; i < parts_before; ++i) reader.skip();
  return reader.number();
}

std::string first_words(std::string_view body) {
  std::string words;
  for (const char c : body) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20;
    if (blank && (words.empty() || words.back() == ' ')) continue;
    words += blank ? ' ' : c;
    if (words.size() >= preview_bytes) break;
  }
  // Not in the middle of a character.
  while (!words.empty() && (static_cast<unsigned char>(words.back()) & 0xC0) == 0x80)
    words.pop_back();
  if (!words.empty() && (words.back() & 0x80) != 0) words.pop_back();
  return words;
}

void remove(store::Txn& tx, const Mail& mail) {
  tx.erase(head_key(mail.id));
  tx.erase(body_key(mail.id));
  tx.erase(to_key(mail.to, mail.id));
  for (const Key& key : {total_key(), count_key(mail.to)}) {
    Totals totals = read_totals(tx, key);
    totals.messages -= std::min<std::uint64_t>(totals.messages, 1);
    totals.bytes -= std::min<std::uint64_t>(totals.bytes, mail.size_bytes);
    write_totals(tx, key, totals);
  }
}

std::optional<Mail> head_of(const store::ReadTxn& tx, std::uint64_t id) {
  const auto bytes = tx.get(head_key(id));
  if (!bytes) return std::nullopt;
  return decode_head(id, *bytes);
}

std::optional<Mail> oldest(const store::ReadTxn& tx, const store::Range& range, int parts_before) {
  std::optional<std::uint64_t> id;
  tx.scan(range, [&](std::string_view key, std::string_view) {
    id = id_of(key, parts_before);
    return false;
  });
  return id ? head_of(tx, *id) : std::nullopt;
}

bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '<' || c == '>' || c == '\\' ||
         c == '`';
}

}  // namespace

std::string_view to_string(MailLink::Action action) {
  constexpr std::array<std::string_view, 3> names = {"confirm", "unsubscribe", "other"};
  return names.at(static_cast<std::size_t>(action));
}

std::vector<std::pair<std::size_t, std::size_t>> link_places(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t at = 0; (at = text.find("http", at)) != text.npos;) {
    const std::string_view rest = text.substr(at);
    const bool starts = rest.starts_with("http://") || rest.starts_with("https://");
    std::size_t size = 0;
    while (size < rest.size() && !ends_url(rest[size])) ++size;
    while (size > 0 && std::string_view(".,;:!?)'").find(rest[size - 1]) != std::string_view::npos)
      --size;
    if (starts && size > 8) places.emplace_back(at, size);
    at += starts ? std::max<std::size_t>(size, 4) : 4;
  }
  return places;
}

std::vector<MailLink> links_in(std::string_view text) {
  std::vector<MailLink> links;
  std::set<std::string> seen;
  for (const auto& [at, size] : link_places(text)) {
    std::string url(text.substr(at, size));
    if (!seen.insert(url).second) continue;
    auto action = MailLink::Action::other;
    if (url.find("Action=ConfirmSubscription") != url.npos) action = MailLink::Action::confirm;
    if (url.find("Action=Unsubscribe") != url.npos) action = MailLink::Action::unsubscribe;
    links.push_back({.action = action, .url = std::move(url)});
  }
  return links;
}

std::uint64_t Mailbox::put(store::Txn& tx, Mail mail) const {
  mail.id = tx.next_sequence();
  mail.size_bytes = mail.body.size() + mail.subject.size();
  mail.preview = first_words(mail.body);
  tx.put(head_key(mail.id), encode_head(mail));
  tx.put(body_key(mail.id), mail.body);
  tx.put(to_key(mail.to, mail.id), "");
  for (const Key& key : {total_key(), count_key(mail.to)}) {
    Totals totals = read_totals(tx, key);
    ++totals.messages;
    totals.bytes += mail.size_bytes;
    write_totals(tx, key, totals);
  }
  while (read_totals(tx, count_key(mail.to)).messages > limits_.messages_per_address)
    remove(tx, oldest(tx, store::prefix(make_key("mail", "to", mail.to)), 3).value());
  for (Totals all = read_totals(tx, total_key());
       all.messages > limits_.messages || (all.bytes > limits_.bytes && all.messages > 1);
       all = read_totals(tx, total_key()))
    remove(tx, oldest(tx, store::prefix(make_key("mail", "head")), 2).value());
  return mail.id;
}

std::optional<Mail> Mailbox::get(const store::ReadTxn& tx, std::uint64_t id) {
  auto mail = head_of(tx, id);
  if (mail) mail->body = tx.get(body_key(id)).value_or("");
  return mail;
}

std::vector<Mail> Mailbox::list(const store::ReadTxn& tx, const Page& page) {
  std::vector<Mail> mails;
  const bool one_address = !page.to.empty();
  const Key subspace = one_address ? make_key("mail", "to", page.to) : make_key("mail", "head");
  store::Range range = store::prefix(subspace);
  if (page.before != 0) range.to = Key(subspace).add(page.before).bytes();
  const auto visit = [&](std::string_view key, std::string_view value) {
    const std::uint64_t id = id_of(key, one_address ? 3 : 2);
    std::optional<Mail> mail = one_address ? head_of(tx, id) : decode_head(id, value);
    if (mail && mail->subject.find(page.subject) != std::string::npos)
      mails.push_back(*std::move(mail));
    return mails.size() < page.count;
  };
  if (page.count > 0) tx.scan(range, visit, store::Direction::backward);
  return mails;
}

std::uint64_t Mailbox::size(const store::ReadTxn& tx) {
  return read_totals(tx, total_key()).messages;
}

std::vector<std::pair<std::string, std::uint64_t>> Mailbox::addresses(const store::ReadTxn& tx,
                                                                      std::size_t most) {
  std::vector<std::pair<std::string, std::uint64_t>> found;
  tx.scan(store::prefix(make_key("mail", "count")), [&](std::string_view key, std::string_view) {
    store::KeyReader reader(key);
    reader.skip();
    reader.skip();
    std::string address = reader.text();
    const std::uint64_t messages = read_totals(tx, count_key(address)).messages;
    found.emplace_back(std::move(address), messages);
    return found.size() < most;
  });
  return found;
}

void Mailbox::mark_read(store::Txn& tx, std::uint64_t id) {
  auto mail = head_of(tx, id);
  if (!mail || mail->read) return;
  mail->read = true;
  tx.put(head_key(id), encode_head(*mail));
}

bool Mailbox::erase(store::Txn& tx, std::uint64_t id) {
  const auto mail = head_of(tx, id);
  if (mail) remove(tx, *mail);
  return mail.has_value();
}

void Mailbox::erase_all(store::Txn& tx) { tx.erase(store::prefix(make_key("mail"))); }

void Mailbox::erase_account(store::Txn& tx, const std::string& account) {
  std::vector<Mail> theirs;
  tx.scan(store::prefix(make_key("mail", "head")),
          [&](std::string_view key, std::string_view value) {
            Mail mail = decode_head(id_of(key, 2), value);
            if (mail.account == account) theirs.push_back(std::move(mail));
            return true;
          });
  for (const Mail& mail : theirs) remove(tx, mail);
}

}  // namespace cloudlet::delivery
