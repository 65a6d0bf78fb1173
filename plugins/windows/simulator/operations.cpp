// Operations: create, wait, close.
#include "host.hpp"

namespace slipway::simulated_hcs {
namespace {

raw::Handle create_operation(void* context, raw::OperationCallback callback) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    auto operation = std::make_shared<Operation>();
    operation->context = context;
    operation->callback = callback;
    return host.add_handle(Kind::kOperation, std::move(operation));
}

// What was asked for goes on; only its result is dropped.
void close_operation(raw::Handle handle) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    host.take<Operation>(handle, Kind::kOperation, "HcsCloseOperation");
}

Hresult wait_for(raw::Handle handle, uint32_t timeout_ms, raw::ProcessInformation* info, char16_t** document,
                 const char* function) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    if (document != nullptr) *document = nullptr;
    const auto operation = host.find<Operation>(handle, Kind::kOperation, function);
    if (!operation) return raw::kInvalidArgument;
    if (operation->state == Operation::State::kNew) return raw::kHcsOperationNotStarted;
    if ((info != nullptr) != operation->tells_process && info != nullptr) return raw::kInvalidArgument;
    const auto done = [&] { return operation->state == Operation::State::kDone; };
    if (timeout_ms == 0 && !done()) return raw::kHcsOperationPending;
    if (timeout_ms == raw::kInfinite) {
        host.changed.wait(lock, done);
    } else if (!host.changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), done)) {
        return raw::kHcsOperationTimeout;
    }
    const Outcome& outcome = operation->outcome;
    if (document != nullptr && !outcome.document.empty()) *document = host.give_text(outcome.document, TextOwner::kHcs);
    if (info != nullptr && outcome.result == raw::kOk) {
        *info = operation->process;
        operation->delivered = true;
    }
    return outcome.result;
}

Hresult wait_result(raw::Handle handle, uint32_t timeout_ms, char16_t** document) {
    return wait_for(handle, timeout_ms, nullptr, document, "HcsWaitForOperationResult");
}

Hresult wait_process(raw::Handle handle, uint32_t timeout_ms, raw::ProcessInformation* info, char16_t** document) {
    return wait_for(handle, timeout_ms, info, document, "HcsWaitForOperationResultAndProcessInfo");
}

Hresult service_properties(raw::Text, char16_t** document) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    const Hresult entered = host.enter("HcsGetServiceProperties", lock);
    if (entered != raw::kOk) return entered;
    const json versions = json::array({{{"Major", 1}, {"Minor", 0}}, {{"Major", 2}, {"Minor", 1}}});
    const json basic = {{"SupportedSchemaVersions", versions}};
    *document = host.give_text(json{{"Properties", json::array({basic})}}.dump(), TextOwner::kHcs);
    return raw::kOk;
}

template <TextOwner owner>
void free_text(void* text) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    host.free_text(text, owner);
}

}  // namespace

void add_operation_functions(raw::HostApi& api) {
    api.HcsCreateOperation = create_operation;
    api.HcsCloseOperation = close_operation;
    api.HcsWaitForOperationResult = wait_result;
    api.HcsWaitForOperationResultAndProcessInfo = wait_process;
    api.HcsGetServiceProperties = service_properties;
    api.free_hcs = free_text<TextOwner::kHcs>;
    api.free_hcn = free_text<TextOwner::kHcn>;
}

}  // namespace slipway::simulated_hcs
