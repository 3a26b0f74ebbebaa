// Records of stacks. Field numbers are on disk: they never change meaning.
#include "deploy/state.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/result.h"
#include "store/record.h"
#include "store/txn.h"

namespace cloudlet::deploy {
namespace {

using store::RecordReader;
using store::RecordWriter;

constexpr std::uint64_t events_max = 10'000;

json::object object_from(std::string_view text) {
  if (text.empty()) return {};
  json::parse_options options;
  options.max_depth = 128;
  boost::system::error_code ec;
  json::value value = json::parse(text, ec, {}, options);
  assert_that(!ec && value.is_object(), "a stored property map is damaged");
  return std::move(value.get_object());
}

std::string pair(std::string_view key, std::string_view value) {
  return RecordWriter().text(1, key).text(2, value).take();
}

std::pair<std::string, std::string> pair_from(std::string_view bytes) {
  std::pair<std::string, std::string> result;
  for (RecordReader r(bytes); r.next();) {
    if (r.field() == 1) result.first = r.text();
    if (r.field() == 2) result.second = r.text();
  }
  return result;
}

std::string encode(const Operation& operation) {
  RecordWriter w;
  w.number(1, operation.number)
      .number(2, static_cast<std::uint64_t>(operation.phase))
      .text(3, operation.token);
  for (const auto& id : operation.failed) w.element(4, id);
  w.text(5, operation.failure).flag(6, operation.undoing).flag(7, operation.cancelled);
  return w.take();
}

Operation decode_operation(std::string_view bytes) {
  Operation operation;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: operation.number = r.number(); break;
      case 2: operation.phase = static_cast<Phase>(r.number()); break;
      case 3: operation.token = r.text(); break;
      case 4: operation.failed.push_back(r.text()); break;
      case 5: operation.failure = r.text(); break;
      case 6: operation.undoing = r.flag(); break;
      case 7: operation.cancelled = r.flag(); break;
    }
  return operation;
}

std::string encode(const OutputValue& output) {
  return RecordWriter()
      .text(1, output.name)
      .text(2, output.value)
      .text(3, output.description)
      .text(4, output.export_name)
      .take();
}

OutputValue decode_output(std::string_view bytes) {
  OutputValue output;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: output.name = r.text(); break;
      case 2: output.value = r.text(); break;
      case 3: output.description = r.text(); break;
      case 4: output.export_name = r.text(); break;
    }
  return output;
}

std::string encode(const Physical& physical) {
  return RecordWriter()
      .text(1, physical.id)
      .text(2, json::serialize(physical.properties))
      .text(3, json::serialize(physical.attributes))
      .take();
}

Physical decode_physical(std::string_view bytes) {
  Physical physical;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: physical.id = r.text(); break;
      case 2: physical.properties = object_from(r.view()); break;
      case 3: physical.attributes = object_from(r.view()); break;
    }
  return physical;
}

}  // namespace

std::string Stack::arn() const {
  return make_arn("cloudformation", scope, "stack/" + name + "/" + uuid);
}

std::string encode(const Stack& stack) {
  RecordWriter w;
  w.text(1, stack.scope.account)
      .text(2, stack.scope.region)
      .text(3, stack.uuid)
      .text(4, stack.name);
  w.text(5, stack.status).text(6, stack.reason).text(7, stack.description).time(8, stack.created);
  if (stack.updated) w.time(9, *stack.updated);
  if (stack.deleted) w.time(10, *stack.deleted);
  w.number(11, stack.current).number(12, stack.target).text(13, stack.change_set_id);
  w.number(14, static_cast<std::uint64_t>(stack.on_failure));
  w.flag(15, stack.retain_except_on_create).flag(16, stack.termination_protection);
  for (const auto& output : stack.outputs) w.element(17, encode(output));
  for (const auto& id : stack.retained) w.element(18, id);
  w.number(19, stack.events).text(20, encode(stack.operation));
  return w.take();
}

Stack decode_stack(std::string_view bytes) {
  Stack stack;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: stack.scope.account = r.text(); break;
      case 2: stack.scope.region = r.text(); break;
      case 3: stack.uuid = r.text(); break;
      case 4: stack.name = r.text(); break;
      case 5: stack.status = r.text(); break;
      case 6: stack.reason = r.text(); break;
      case 7: stack.description = r.text(); break;
      case 8: stack.created = r.time(); break;
      case 9: stack.updated = r.time(); break;
      case 10: stack.deleted = r.time(); break;
      case 11: stack.current = r.number(); break;
      case 12: stack.target = r.number(); break;
      case 13: stack.change_set_id = r.text(); break;
      case 14: stack.on_failure = static_cast<OnFailure>(r.number()); break;
      case 15: stack.retain_except_on_create = r.flag(); break;
      case 16: stack.termination_protection = r.flag(); break;
      case 17: stack.outputs.push_back(decode_output(r.view())); break;
      case 18: stack.retained.push_back(r.text()); break;
      case 19: stack.events = r.number(); break;
      case 20: stack.operation = decode_operation(r.view()); break;
    }
  assert_that(!stack.uuid.empty() && !stack.name.empty(), "a stack without a name");
  return stack;
}

std::string encode(const Deployment& deployment) {
  RecordWriter w;
  w.text(1, deployment.body).text(2, deployment.processed);
  for (const auto& [name, value] : deployment.parameters) w.element(3, pair(name, value));
  for (const auto& [key, value] : deployment.tags) w.element(4, pair(key, value));
  for (const auto& capability : deployment.capabilities) w.element(5, capability);
  return w.take();
}

Deployment decode_deployment(std::string_view bytes) {
  Deployment deployment;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: deployment.body = r.text(); break;
      case 2: deployment.processed = r.text(); break;
      case 3: deployment.parameters.insert(pair_from(r.view())); break;
      case 4: deployment.tags.insert(pair_from(r.view())); break;
      case 5: deployment.capabilities.push_back(r.text()); break;
    }
  return deployment;
}

std::string encode(const StackResource& resource) {
  RecordWriter w;
  w.text(1, resource.id)
      .text(2, resource.type)
      .text(3, resource.status)
      .text(4, resource.reason)
      .time(5, resource.updated);
  w.text(6, encode(resource.now));
  for (const auto& id : resource.depends_on) w.element(7, id);
  w.number(8, static_cast<std::uint64_t>(resource.deletion))
      .number(9, static_cast<std::uint64_t>(resource.replacement));
  w.number(10, static_cast<std::uint64_t>(resource.work))
      .number(11, resource.attempts)
      .flag(12, resource.looked);
  w.text(13, resource.name);
  if (!resource.wanted.empty()) w.text(14, json::serialize(resource.wanted));
  w.number(15, resource.operation).flag(16, resource.added).flag(17, resource.replaced);
  if (resource.before) w.text(18, encode(*resource.before));
  w.flag(19, resource.kept);
  return w.take();
}

StackResource decode_resource(std::string_view bytes) {
  StackResource resource;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: resource.id = r.text(); break;
      case 2: resource.type = r.text(); break;
      case 3: resource.status = r.text(); break;
      case 4: resource.reason = r.text(); break;
      case 5: resource.updated = r.time(); break;
      case 6: resource.now = decode_physical(r.view()); break;
      case 7: resource.depends_on.push_back(r.text()); break;
      case 8: resource.deletion = static_cast<Keep>(r.number()); break;
      case 9: resource.replacement = static_cast<Keep>(r.number()); break;
      case 10: resource.work = static_cast<Work>(r.number()); break;
      case 11: resource.attempts = r.number(); break;
      case 12: resource.looked = r.flag(); break;
      case 13: resource.name = r.text(); break;
      case 14: resource.wanted = object_from(r.view()); break;
      case 15: resource.operation = r.number(); break;
      case 16: resource.added = r.flag(); break;
      case 17: resource.replaced = r.flag(); break;
      case 18: resource.before = decode_physical(r.view()); break;
      case 19: resource.kept = r.flag(); break;
    }
  assert_that(!resource.id.empty() && !resource.type.empty(), "a stack's resource without a name");
  return resource;
}

std::string encode(const StackEvent& event) {
  return RecordWriter()
      .text(1, event.id)
      .text(2, event.logical_id)
      .text(3, event.physical_id)
      .text(4, event.type)
      .text(5, event.status)
      .text(6, event.reason)
      .text(7, event.token)
      .text(8, event.properties)
      .time(9, event.at)
      .take();
}

StackEvent decode_event(std::string_view bytes) {
  StackEvent event;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: event.id = r.text(); break;
      case 2: event.logical_id = r.text(); break;
      case 3: event.physical_id = r.text(); break;
      case 4: event.type = r.text(); break;
      case 5: event.status = r.text(); break;
      case 6: event.reason = r.text(); break;
      case 7: event.token = r.text(); break;
      case 8: event.properties = r.text(); break;
      case 9: event.at = r.time(); break;
    }
  return event;
}

namespace keys {
namespace {
store::Key of(const Scope& scope, const char* kind) {
  return store::make_key("cloudformation", scope, kind);
}
}  // namespace

store::Key stacks(const Scope& scope) { return of(scope, "stack"); }
store::Key stack(const Scope& scope, const std::string& uuid) { return stacks(scope).add(uuid); }
store::Key name(const Scope& scope, const std::string& name) { return of(scope, "name").add(name); }
store::Key deployments(const Scope& scope, const std::string& uuid) {
  return of(scope, "deployment").add(uuid);
}
store::Key deployment(const Scope& scope, const std::string& uuid, std::uint64_t number) {
  return deployments(scope, uuid).add(number);
}
store::Key resources(const Scope& scope, const std::string& uuid) {
  return of(scope, "resource").add(uuid);
}
store::Key resource(const Scope& scope, const std::string& uuid, const std::string& id) {
  return resources(scope, uuid).add(id);
}
store::Key leftovers(const Scope& scope, const std::string& uuid) {
  return of(scope, "leftover").add(uuid);
}
store::Key leftover(const Scope& scope, const std::string& uuid, std::uint64_t number) {
  return leftovers(scope, uuid).add(number);
}
store::Key events(const Scope& scope, const std::string& uuid) {
  return of(scope, "event").add(uuid);
}
store::Key event(const Scope& scope, const std::string& uuid, std::uint64_t number) {
  return events(scope, uuid).add(number);
}
store::Key exports(const Scope& scope) { return of(scope, "export"); }
store::Key exported(const Scope& scope, const std::string& name) {
  return exports(scope).add(name);
}
store::Key imports(const Scope& scope) { return of(scope, "import"); }
store::Key importers(const Scope& scope, const std::string& name) {
  return imports(scope).add(name);
}
store::Key imported(const Scope& scope, const std::string& name, const std::string& uuid,
                    std::uint64_t operation) {
  return importers(scope, name).add(uuid).add(operation);
}
store::Key all_running() { return store::make_key("cloudformation-running"); }
store::Key running(const Scope& scope, const std::string& uuid) {
  return all_running().add(scope).add(uuid);
}
}  // namespace keys

std::optional<Stack> read_stack(const store::ReadTxn& tx, const Scope& scope,
                                const std::string& uuid) {
  const auto bytes = tx.get(keys::stack(scope, uuid));
  if (!bytes) return std::nullopt;
  return decode_stack(*bytes);
}

void write_stack(store::Txn& tx, const Stack& stack) {
  tx.put(keys::stack(stack.scope, stack.uuid), encode(stack));
}

std::optional<Deployment> read_deployment(const store::ReadTxn& tx, const Stack& stack,
                                          std::uint64_t number) {
  const auto bytes = tx.get(keys::deployment(stack.scope, stack.uuid, number));
  if (!bytes) return std::nullopt;
  return decode_deployment(*bytes);
}

std::map<std::string, StackResource> read_resources(const store::ReadTxn& tx, const Stack& stack) {
  std::map<std::string, StackResource> resources;
  tx.scan(store::prefix(keys::resources(stack.scope, stack.uuid)),
          [&](std::string_view, std::string_view value) {
            StackResource resource = decode_resource(value);
            std::string id = resource.id;
            resources.emplace(std::move(id), std::move(resource));
            return true;
          });
  return resources;
}

void write_resource(store::Txn& tx, const Stack& stack, const StackResource& resource) {
  tx.put(keys::resource(stack.scope, stack.uuid, resource.id), encode(resource));
}

void add_event(store::Txn& tx, Stack& stack, StackEvent event) {
  const std::uint64_t number = tx.next_sequence();
  if (event.id.empty())
    event.id = event.type == "AWS::CloudFormation::Stack"
                   ? to_hex(sha256(stack.uuid + std::to_string(number))).substr(0, 32)
                   : event.logical_id + "-" + event.status + "-" + iso8601(event.at);
  event.token = stack.operation.token;
  tx.put(keys::event(stack.scope, stack.uuid, number), encode(event));
  if (++stack.events <= events_max) return;
  std::optional<std::string> oldest;
  tx.scan(store::prefix(keys::events(stack.scope, stack.uuid)),
          [&](std::string_view key, std::string_view) {
            oldest = std::string(key);
            return false;
          });
  if (oldest) tx.erase(store::Key::from_bytes(*oldest));
  --stack.events;
}

void add_stack_event(store::Txn& tx, Stack& stack, Time now) {
  add_event(tx, stack,
            {.logical_id = stack.name,
             .physical_id = stack.arn(),
             .type = "AWS::CloudFormation::Stack",
             .status = stack.status,
             .reason = stack.reason,
             .at = now});
}

}  // namespace cloudlet::deploy
