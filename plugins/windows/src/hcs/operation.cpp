#include <hcs/operation.hpp>

#include <hcs/errors.hpp>

namespace slipway::windows_backend {

Result<std::string> Operation::wait_with(const WaitOnce& once, const Limits& limits, const std::string& name,
                                         const std::string& object) {
    while (true) {
        char16_t* text = nullptr;
        const raw::Hresult result = once(static_cast<uint32_t>(limits.slice().count()), &text);
        std::string document = take_text(text, api_->free_hcs);
        if (result == raw::kHcsOperationTimeout || result == raw::kHcsOperationPending) {
            if (Status allowed = limits.check(name + " '" + object + "'"); !allowed) return std::move(allowed).error();
            continue;
        }
        if (raw::failed(result)) return error_of(result, name, object, document);
        return document;
    }
}

Result<std::string> Operation::wait(const Limits& limits, const std::string& name, const std::string& object) {
    const WaitOnce once = [this](uint32_t timeout_ms, char16_t** document) {
        return api_->HcsWaitForOperationResult(handle_, timeout_ms, document);
    };
    return wait_with(once, limits, name, object);
}

Result<raw::ProcessInformation> Operation::wait_process(const Limits& limits, const std::string& name,
                                                        const std::string& object) {
    raw::ProcessInformation info;
    const WaitOnce once = [this, &info](uint32_t timeout_ms, char16_t** document) {
        return api_->HcsWaitForOperationResultAndProcessInfo(handle_, timeout_ms, &info, document);
    };
    const Result<std::string> waited = wait_with(once, limits, name, object);
    if (!waited) return waited.error();
    return info;
}

Result<std::string> run_operation(const Api& api, const Limits& limits, const std::string& name,
                                  const std::string& object, const std::function<raw::Hresult(raw::Handle)>& begin) {
    if (Status allowed = limits.check(name + " '" + object + "'"); !allowed) return std::move(allowed).error();
    Operation operation(api);
    if (operation.get() == nullptr) return error_of(raw::kOutOfMemory, "HcsCreateOperation", object);
    const raw::Hresult accepted = begin(operation.get());
    if (raw::failed(accepted)) return error_of(accepted, name, object);
    return operation.wait(limits, name, object);
}

}  // namespace slipway::windows_backend
