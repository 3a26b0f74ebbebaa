#include "mqtt/topic_tree.h"

#include <algorithm>
#include <mutex>

#include "mqtt/session.h"

namespace cloudlet::mqtt {
namespace {

std::string_view take_level(std::string_view& rest, bool& at_end) {
  const auto slash = rest.find('/');
  at_end = slash == std::string_view::npos;
  const auto level = rest.substr(0, slash);
  rest.remove_prefix(at_end ? rest.size() : slash + 1);
  return level;
}

void put(std::vector<Receiver>& receivers, Receiver receiver, TopicTree::Existed existed) {
  if (existed == TopicTree::Existed::yes) {
    const auto same = std::ranges::find(receivers, receiver.session, &Receiver::session);
    if (same != receivers.end()) {
      *same = std::move(receiver);
      return;
    }
  }
  receivers.push_back(std::move(receiver));
}

void drop(std::vector<Receiver>& receivers, const Session& session) {
  const auto same =
      std::ranges::find_if(receivers, [&](const auto& r) { return r.session.get() == &session; });
  if (same == receivers.end()) return;
  *same = std::move(receivers.back());
  receivers.pop_back();
}

// One entry a session: overlapping filters deliver once.
void merge(std::vector<Receiver>& found) {
  if (found.size() < 2) return;
  std::ranges::sort(found, {}, [](const Receiver& r) { return r.session.get(); });
  auto last = found.begin();
  for (auto next = found.begin() + 1; next != found.end(); ++next) {
    if (next->session == last->session) {
      last->qos = std::max(last->qos, next->qos);
      last->no_local = last->no_local && next->no_local;
      last->retain_as_published = last->retain_as_published || next->retain_as_published;
    } else if (++last != next) {
      *last = std::move(*next);
    }
  }
  found.erase(last + 1, found.end());
}

std::vector<Recipient> recipients(const std::vector<Receiver>& stored, Qos qos, bool retain) {
  std::vector<Recipient> out;
  for (const auto& receiver : stored) {
    out.push_back({.client_id = receiver.session->id(),
                   .qos = lower(qos, receiver.qos),
                   .retain = retain && receiver.retain_as_published});
  }
  return out;
}

}  // namespace

void TopicTree::insert(const std::shared_ptr<Session>& session, const Subscription& subscription,
                       Existed existed) {
  std::unique_lock lock(mutex_);
  Node* node = &root_;
  std::string_view rest = subscription.filter;
  Receiver receiver{.session = session,
                    .qos = subscription.qos,
                    .no_local = subscription.no_local,
                    .retain_as_published = subscription.retain_as_published};
  for (bool at_end = false; !at_end;) {
    const auto level = take_level(rest, at_end);
    if (at_end && level == "#") {
      put(node->below, std::move(receiver), existed);
      changed();
      return;
    }
    auto child = node->children.find(level);
    if (child == node->children.end())
      child = node->children.emplace(level, std::make_unique<Node>()).first;
    node = child->second.get();
  }
  put(node->here, std::move(receiver), existed);
  changed();
}

void TopicTree::remove(const Session& session, std::string_view filter) {
  std::unique_lock lock(mutex_);
  remove_below(root_, session, filter, false);
  changed();
}

// Depth: the number of levels, which the broker limits.
bool TopicTree::remove_below(Node& node, const Session& session, std::string_view rest,
                             bool at_end) {
  if (at_end) {
    drop(node.here, session);
    return node.empty();
  }
  const auto level = take_level(rest, at_end);
  if (at_end && level == "#") {
    drop(node.below, session);
    return node.empty();
  }
  const auto child = node.children.find(level);
  if (child != node.children.end() && remove_below(*child->second, session, rest, at_end))
    node.children.erase(child);
  return node.empty();
}

void TopicTree::collect(const Node& node, std::string_view rest, bool at_end, bool first,
                        std::vector<Receiver>& found) {
  // [MQTT-4.7.2-1]: a leading wildcard does not take '$'.
  const bool hidden = first && rest.starts_with('$');
  if (!hidden) found.insert(found.end(), node.below.begin(), node.below.end());
  if (at_end) {
    found.insert(found.end(), node.here.begin(), node.here.end());
    return;
  }
  const auto level = take_level(rest, at_end);
  if (const auto child = node.children.find(level); child != node.children.end()) {
    collect(*child->second, rest, at_end, false, found);
  }
  if (hidden) return;
  if (const auto plus = node.children.find("+"); plus != node.children.end()) {
    collect(*plus->second, rest, at_end, false, found);
  }
}

std::shared_ptr<const Route> TopicTree::route(std::string_view topic) const {
  auto route = std::make_shared<Route>();
  route->live.resize(threads_);
  std::vector<Receiver> found;
  std::shared_lock lock(mutex_);
  collect(root_, topic, false, true, found);
  merge(found);
  for (auto& receiver : found) {
    const auto& session = *receiver.session;
    if (session.stored() && receiver.qos != Qos::at_most_once) {
      // Whether it may receive is asked when its queue is read: it may be offline, its policy
      // unknown.
      route->no_local = route->no_local || receiver.no_local;
      route->stored.push_back(receiver);
    } else if (auto verdict = session.may_receive(topic); !verdict.allowed) {
      if (route->denied++ > 0) continue;
      route->denied_client = client_id_of(session.id());
      route->denied_reason = std::move(verdict.reason);
      continue;
    }
    ++route->live_count;
    route->live[session.home()].push_back(std::move(receiver));
  }
  lock.unlock();
  if (route->stored.empty()) return route;
  for (unsigned form = 0; form < 4; ++form) {
    route->recipients[form] = recipients(
        route->stored, form >= 2 ? Qos::exactly_once : Qos::at_least_once, (form & 1) != 0);
  }
  return route;
}

void TopicTree::update(const std::function<void()>& change) {
  std::unique_lock lock(mutex_);
  change();
  changed();
}

}  // namespace cloudlet::mqtt
