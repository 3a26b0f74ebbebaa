#include "runtime/fleet.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "runtime/api.h"
#include "runtime/environment.h"
#include "runtime/programs.h"

namespace cloudlet::runtime {

const ErrorKind too_many_requests{
    .name = "TooManyRequestsException", .code = "TooManyRequestsException", .status = 429};
const ErrorKind sandbox_unavailable{
    .name = "ServiceException", .code = "ServiceException", .status = 502, .fault = Fault::server};

namespace {

constexpr std::uint64_t first_user =
    2'000'000;  // user ids of instances: above what systems give out
constexpr std::uint64_t user_count = 60'000;
constexpr std::uint64_t processes_max = 1024;  // as AWS
// What an interpreter needs beside the function's own memory where only RLIMIT_DATA can be had.
constexpr std::uint64_t rlimit_slack = std::uint64_t{96} << 20;

std::uint64_t user_of(const Instance& instance) { return first_user + instance.id() % user_count; }

// Waits for the instance's answer. Cannot be cancelled: a client that leaves does not stop its
// invocation.
Task<Answer> answer_of(std::shared_ptr<Instance> instance,
                       std::shared_ptr<const Invocation> invocation) {
  const auto start = [instance, invocation](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto executor = asio::get_associated_executor(*waiting);
    auto guard = asio::make_work_guard(executor);
    instance->invoke(invocation, [waiting, executor, guard](Answer answer) {
      asio::post(executor, [waiting, answer = std::move(answer)]() mutable {
        std::move (*waiting)(std::move(answer));
      });
    });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Answer)>(
      start, asio::use_awaitable);
}

}  // namespace

class Fleet::Slot {
 public:
  Slot(Fleet& fleet, std::shared_ptr<const Function> function)
      : fleet_(fleet), function_(std::move(function)) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() { fleet_.leave(*function_); }

 private:
  Fleet& fleet_;
  std::shared_ptr<const Function> function_;
};

Result<std::unique_ptr<Runtime>> Runtime::start(Options options, Clock& clock, Random& random,
                                                asio::any_io_executor executor) {
  auto fleet = std::make_unique<Fleet>(std::move(options), clock, random, std::move(executor));
  CHECK(fleet->begin());
  return std::unique_ptr<Runtime>(std::move(fleet));
}

Fleet::Fleet(Options options, Clock& clock, Random& random, asio::any_io_executor executor)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      executor_(executor),
      launcher_(options_, executor),
      tasks_(executor),
      reclaim_timer_(std::make_shared<asio::steady_timer>(executor)) {}

Fleet::~Fleet() { stop(); }

Result<void> Fleet::begin() {
  CHECK(write_programs(options_.programs));
  std::error_code failed;
  std::filesystem::create_directories(options_.packages, failed);
  if (failed)
    return Error(errors::service_unavailable, "cannot make " + options_.packages.string());
  CHECK(launcher_.start());
  for (const Capability& capability : launcher_.capabilities()) {
    if (capability.present)
      log::info("runtime", "sandbox: {}: {}", capability.name, capability.detail);
    else
      log::warning("runtime", "sandbox: {}: {}", capability.name, capability.detail);
    if (!capability.present && capability.required && options_.enforce)
      refusal_ += (refusal_.empty() ? "functions are not run on this host: no " : ", no ") +
                  capability.name;
  }
  jumps_ = clock_.on_jump([this] { wake_reclaim(); });
  tasks_.spawn("idle instances", reclaim_loop());
  return {};
}

Task<Result<Answer>> Fleet::invoke(std::shared_ptr<const Function> function,
                                   Invocation invocation) {
  if (!refusal_.empty()) co_return Error(sandbox_unavailable, refusal_);
  CO_CHECK(admit(*function));
  const Slot slot(*this, function);
  const asio::any_io_executor here = co_await asio::this_coro::executor;
  const auto shared = std::make_shared<const Invocation>(std::move(invocation));
  for (;;) {
    Held instance = take_idle(*function, here);
    if (!instance) {
      CO_TRY(instance, co_await start_instance(function, here));
    }
    Answer answer = co_await answer_of(std::move(instance), shared);
    if (answer.kind == Answer::Kind::error && stopping())
      co_return Error(errors::service_unavailable, "the runtime stopped while the function ran");
    if (answer.kind != Answer::Kind::missed) co_return answer;
  }
}

Result<void> Fleet::admit(const Function& function) {
  std::scoped_lock lock(mutex_);
  if (stopped_) return Error(errors::service_unavailable, "the runtime is stopping");
  Pool& pool = pools_[function.arn];
  if (pool.revision.empty()) pool.revision = function.revision;
  const auto refuse = [&](const char* reason) {
    ++stats_.throttled;
    return Error(too_many_requests, reason);
  };
  if (function.reserved) {
    if (pool.busy >= *function.reserved)
      return refuse("ReservedFunctionConcurrentInvocationLimitExceeded");
  } else {
    if (busy_unreserved_ >= options_.concurrency - reserved_)
      return refuse("ConcurrentInvocationLimitExceeded");
    ++busy_unreserved_;
  }
  ++pool.busy;
  ++stats_.busy;
  ++stats_.invocations;
  return {};
}

bool Fleet::stopping() const {
  std::scoped_lock lock(mutex_);
  return stopped_;
}

void Fleet::leave(const Function& function) {
  std::scoped_lock lock(mutex_);
  const auto pool = pools_.find(function.arn);
  if (--pool->second.busy == 0 && pool->second.revision.empty()) pools_.erase(pool);
  if (!function.reserved) --busy_unreserved_;
  --stats_.busy;
}

// The newest of those that live on the caller's thread, else the newest: what ran last is warm in
// the caches.
Fleet::Held Fleet::take_idle(const Function& function, const asio::any_io_executor& near) {
  std::vector<Held> spent;
  Held taken;
  {
    std::scoped_lock lock(mutex_);
    auto& idle = pools_.find(function.arn)->second.idle;  // there: a slot in it is taken
    const Time now = clock_.now();
    for (auto i = idle.begin(); i != idle.end();) {
      if (i->instance->function().revision == function.revision && i->instance->usable(now)) {
        ++i;
        continue;
      }
      spent.push_back(std::move(i->instance));
      i = idle.erase(i);
    }
    if (!idle.empty()) {
      auto best = idle.rbegin();
      for (auto i = idle.rbegin(); i != idle.rend(); ++i) {
        if (i->instance->executor() != near) continue;
        best = i;
        break;
      }
      taken = std::move(best->instance);
      idle.erase(std::next(best).base());
    }
    stats_.idle -= spent.size() + (taken ? 1 : 0);
  }
  for (const Held& instance : spent) instance->end();
  return taken;
}

std::string Fleet::stream_name(const Function& function) {
  const std::string date = iso8601(clock_.now()).substr(0, 10);
  return fmt::format("{}/{}/{}/[{}]{}", date.substr(0, 4), date.substr(5, 2), date.substr(8, 2),
                     function.version, random_.hex(32));
}

Task<Result<std::optional<Credentials>>> Fleet::credentials_for(const Function& function) {
  if (!options_.credentials) co_return std::optional<Credentials>();
  {
    std::scoped_lock lock(mutex_);
    const auto known = credentials_.find({function.arn, function.role});
    if (known != credentials_.end() &&
        clock_.now() + std::chrono::minutes(30) < known->second.expires)
      co_return std::optional<Credentials>(known->second);
  }
  Result<Credentials> fresh = co_await options_.credentials(function);
  if (fresh.has_error()) co_return fresh.error();
  std::scoped_lock lock(mutex_);
  credentials_[{function.arn, function.role}] = *fresh;
  co_return std::optional<Credentials>(std::move(*fresh));
}

Task<Result<Fleet::Held>> Fleet::start_instance(std::shared_ptr<const Function> function,
                                                asio::any_io_executor executor) {
  auto credentials = co_await credentials_for(*function);
  if (credentials.has_error()) co_return credentials.error();
  make_room();
  CO_TRY(FdPair control, socket_pair(SOCK_STREAM));
  CO_TRY(FdPair output, pipe_pair());
  const std::string stream = stream_name(*function);
  Instance::Setup setup{.executor = executor, .function = function};
  if (options_.log) setup.log = options_.log(*function, stream);
  setup.init_line = "INIT_START Runtime Version: " + function->runtime + "\n";
  if (*credentials) setup.expires = (*credentials)->expires;
  setup.control = std::move(control.ours);
  setup.output = std::move(output.ours);
  EnvironmentInput input{.function = *function, .log_stream = stream, .credentials = *credentials};
  input.endpoint_port = options_.endpoint_port;
  Held instance;
  {
    std::scoped_lock lock(mutex_);
    if (stopped_) co_return Error(errors::service_unavailable, "the runtime is stopping");
    setup.id = ++last_id_;
    instance = std::make_shared<Instance>(std::move(setup), *this, clock_);
    instances_[last_id_] = instance;
    ++stats_.cold_starts;
  }
  auto spawned =
      spawn(instance, environment(input), std::move(control.theirs), std::move(output.theirs));
  if (spawned.has_error()) {
    std::scoped_lock lock(mutex_);
    instances_.erase(instance->id());
    co_return Error(errors::service_unavailable, spawned.error().message());
  }
  instance->start();
  co_return instance;
}

Result<void> Fleet::spawn(const Held& instance, std::vector<std::string> environment, Fd control,
                          Fd output) {
  const Function& function = instance->function();
  TRY(const std::shared_ptr<SpawnerLink> link, launcher_.link(function.language));
  Spawn spawn{
      .id = instance->id(), .package = function.package, .environment = std::move(environment)};
  spawn.kind = function.language == Language::native ? SpawnKind::native : SpawnKind::python;
  if (launcher_.switches_user()) spawn.user = user_of(*instance);
  spawn.memory_bytes = static_cast<std::uint64_t>(function.memory_mb) << 20;
  if (launcher_.groups().version() == ControlGroups::Version::none) {
    spawn.memory_by_rlimit = 1;
    spawn.memory_bytes += rlimit_slack;
  }
  spawn.tmp_bytes = static_cast<std::uint64_t>(function.tmp_mb) << 20;
  spawn.processes_max = processes_max;
  return link->spawn(spawn, std::move(control), std::move(output), instance);
}

void Fleet::instance_idle(const Held& instance) {
  bool keep = false, first = false;
  {
    std::scoped_lock lock(mutex_);
    const auto pool = pools_.find(instance->function().arn);
    keep =
        !stopped_ && pool != pools_.end() && pool->second.revision == instance->function().revision;
    if (keep) {
      pool->second.idle.push_back({.instance = instance, .since = clock_.now()});
      ++stats_.idle;
      first = !std::exchange(reclaim_armed_, true);
    }
  }
  if (!keep) return instance->end();
  if (first) wake_reclaim();
}

void Fleet::instance_ended(const Held& instance) {
  std::scoped_lock lock(mutex_);
  instances_.erase(instance->id());
  if (instances_.empty()) all_ended_.notify_all();
  const auto pool = pools_.find(instance->function().arn);
  if (pool == pools_.end()) return;
  stats_.idle -=
      std::erase_if(pool->second.idle, [&](const Idle& idle) { return idle.instance == instance; });
}

void Fleet::kill_instance(Instance& instance) {
  launcher_.kill(instance.function().language, instance.id());
}

Fd Fleet::open_memory_peak(Instance& instance) {
  return Fd(launcher_.groups().open_memory_peak(instance.id()));
}

void Fleet::serve_api(Held instance, Fd listener) {
  const asio::any_io_executor executor = instance->executor();
  tasks_.spawn(executor, "runtime api",
               serve_runtime_api(instance, std::move(listener),
                                 launcher_.api_peers(user_of(*instance)), tasks_));
}

void Fleet::prepare(Language language) {
  const auto link = launcher_.link(language);
  if (link.has_error()) log::warning("runtime", "cannot prepare: {}", link.error().message());
}

}  // namespace cloudlet::runtime
