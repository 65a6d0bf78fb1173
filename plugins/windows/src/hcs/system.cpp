#include <hcs/system.hpp>

#include <hcs/errors.hpp>
#include <hcs/operation.hpp>

#include <thread>
#include <utility>

namespace slipway::windows_backend {

using nlohmann::json;

Result<System> System::create(const Api& api, const std::string& id, const json& document, const Limits& limits) {
    const std::u16string wide_id = to_utf16(id), text = to_utf16(document.dump());
    raw::Handle handle = nullptr;
    const Result<std::string> created =
        run_operation(api, limits, "HcsCreateComputeSystem", id, [&](raw::Handle operation) {
            return api->HcsCreateComputeSystem(wide_id.c_str(), text.c_str(), operation, nullptr, &handle);
        });
    // Owned at once: closing the handle ends a system that appears after we gave up.
    System system(api, id, handle);
    if (!created) return created.error();
    return system;
}

Result<System> System::open(const Api& api, const std::string& id) {
    raw::Handle handle = nullptr;
    const raw::Hresult result = api->HcsOpenComputeSystem(to_utf16(id).c_str(), raw::kGenericAll, &handle);
    if (raw::failed(result)) return error_of(result, "HcsOpenComputeSystem", id);
    return System(api, id, handle);
}

System::System(System&& other) noexcept
    : api_(std::move(other.api_)),
      id_(std::move(other.id_)),
      handle_(std::exchange(other.handle_, nullptr)),
      events_(std::move(other.events_)) {}

System& System::operator=(System&& other) noexcept {
    if (this != &other) {
        close();
        api_ = std::move(other.api_);
        id_ = std::move(other.id_);
        handle_ = std::exchange(other.handle_, nullptr);
        events_ = std::move(other.events_);
    }
    return *this;
}

System::~System() {
    close();
}

void System::close() {
    if (handle_ != nullptr) api_->HcsCloseComputeSystem(std::exchange(handle_, nullptr));
}

Status System::watch(EventHandler handler) {
    events_ = EventSubscription(std::move(handler));
    const raw::Hresult result =
        api_->HcsSetComputeSystemCallback(handle_, 0, events_.context(), &EventSubscription::deliver);
    if (raw::failed(result)) return error_of(result, "HcsSetComputeSystemCallback", id_);
    return ok();
}

Status System::start(const Limits& limits) const {
    const auto done = run_operation(api_, limits, "HcsStartComputeSystem", id_, [&](raw::Handle operation) {
        return api_->HcsStartComputeSystem(handle_, operation, nullptr);
    });
    return done ? Status(ok()) : Status(done.error());
}

Status System::shut_down(const Limits& limits) const {
    const auto done = run_operation(api_, limits, "HcsShutDownComputeSystem", id_, [&](raw::Handle operation) {
        return api_->HcsShutDownComputeSystem(handle_, operation, nullptr);
    });
    return done ? Status(ok()) : Status(done.error());
}

Status System::terminate(const Limits& limits) const {
    const auto done = run_operation(api_, limits, "HcsTerminateComputeSystem", id_, [&](raw::Handle operation) {
        return api_->HcsTerminateComputeSystem(handle_, operation, nullptr);
    });
    return done ? Status(ok()) : Status(done.error());
}

Status System::pause(const Limits& limits) const {
    const auto done = run_operation(api_, limits, "HcsPauseComputeSystem", id_, [&](raw::Handle operation) {
        return api_->HcsPauseComputeSystem(handle_, operation, nullptr);
    });
    return done ? Status(ok()) : Status(done.error());
}

Status System::resume(const Limits& limits) const {
    const auto done = run_operation(api_, limits, "HcsResumeComputeSystem", id_, [&](raw::Handle operation) {
        return api_->HcsResumeComputeSystem(handle_, operation, nullptr);
    });
    return done ? Status(ok()) : Status(done.error());
}

Result<json> System::properties(const std::vector<std::string>& types, const Limits& limits) const {
    const std::u16string query = to_utf16(types.empty() ? "{}" : json{{"PropertyTypes", types}}.dump());
    const auto text = run_operation(api_, limits, "HcsGetComputeSystemProperties", id_, [&](raw::Handle operation) {
        return api_->HcsGetComputeSystemProperties(handle_, operation, query.c_str());
    });
    if (!text) return text.error();
    json properties = json::parse(*text, nullptr, false);
    if (properties.is_object()) return properties;
    return Error(ErrorCode::kInternal, "HcsGetComputeSystemProperties '" + id_ + "': the answer is not a JSON object");
}

Status System::modify(const json& request, const Limits& limits) const {
    const std::u16string text = to_utf16(request.dump());
    const auto done = run_operation(api_, limits, "HcsModifyComputeSystem", id_, [&](raw::Handle operation) {
        return api_->HcsModifyComputeSystem(handle_, operation, text.c_str(), nullptr);
    });
    return done ? Status(ok()) : Status(done.error());
}

Result<std::vector<json>> list_systems(const Api& api, const std::string& owner, const Limits& limits) {
    const std::u16string query = to_utf16(json{{"Owners", {owner}}, {"Types", {"Container", "VirtualMachine"}}}.dump());
    while (true) {
        const auto text = run_operation(api, limits, "HcsEnumerateComputeSystems", owner, [&](raw::Handle operation) {
            return api->HcsEnumerateComputeSystems(query.c_str(), operation);
        });
        if (text) {
            const json list = json::parse(*text, nullptr, false);
            if (list.is_array()) return std::vector<json>(list.begin(), list.end());
            return Error(ErrorCode::kInternal, "HcsEnumerateComputeSystems: the answer is not a JSON array");
        }
        // Both come and go while a system dies.
        const int32_t code = text.error().os().code;
        if (code != raw::kHcsInvalidState && code != raw::kAccessDenied) return text.error();
        if (Status allowed = limits.check("HcsEnumerateComputeSystems"); !allowed) return text.error();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

}  // namespace slipway::windows_backend
