#include "services/host/in_process.h"

namespace cloudlet::services {

Task<Result<void>> InProcessCaller::call(const wire::Service& service,
                                         const wire::Operation& operation, void* input,
                                         void* output) {
  const Served* served = host_.find(service);
  assert_that(served != nullptr, "a service is called that nobody serves");
  wire::Call call{.scope = actor_.scope,
                  .principal = actor_.principal,
                  .now = clock_.now(),
                  .request_id = random_.uuid(),
                  .endpoint = actor_.endpoint,
                  .cause = actor_.cause,
                  .random = &random_};
  wire::Object in(*operation.input);
  operation.input->lifetime->assign(in.data(), input);
  CO_TRY(wire::Object out, co_await host_.perform(*served, operation, call, std::move(in)));
  operation.output->lifetime->assign(output, out.data());
  co_return Result<void>();
}

}  // namespace cloudlet::services
