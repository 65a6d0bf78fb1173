// slw.update/1: new limits for the control groups of a running container.
#include <backend.hpp>
#include <cgroup/cgroup_manager.hpp>
#include <container.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>
#include <spec/json_access.hpp>
#include <spec/resources.hpp>
#include <tables.hpp>

#include <algorithm>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

// What is to be written. Of the memory limits all when one changes, since each is checked against the others; quota and
// period both, which v2 keeps in one file.
json changed_settings(const json& host_config, const std::vector<std::string>& changed) {
    const auto is_changed = [&](const char* key) {
        return std::find(changed.begin(), changed.end(), key) != changed.end();
    };
    json settings = json::object();
    for (const std::string& key : changed) settings[key] = member_of(host_config, key.c_str());
    if (is_changed("Memory") || is_changed("MemorySwap")) {
        for (const char* key : {"Memory", "MemorySwap"}) settings[key] = member_of(host_config, key);
    }
    if (is_changed("CpuPeriod") || is_changed("CpuQuota")) {
        for (const char* key : {"CpuPeriod", "CpuQuota"}) settings[key] = member_of(host_config, key);
    }
    return settings;
}

// A fresh group has no limits, so "none" is left out when one is made; here it must be said.
void say_unlimited(const json& settings, json& resources) {
    const auto is_unlimited = [&](const char* key) {
        const auto value = find_int(settings, key);
        return value && *value <= 0;
    };
    if (is_unlimited("PidsLimit")) resources["pids"]["limit"] = -1;
    if (find_int(settings, "MemorySwap").value_or(0) < 0) resources["memory"]["swap"] = -1;
}

slw_status SLW_CALL update(slw_container* c, const slw_call*, slw_text request, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto session = c->session();
        slw_process_status status{};
        if (session) status = session->status();
        if (status.state != SLW_PROCESS_RUNNING) {
            return Error(ErrorCode::kConflict, "container " + c->id + " is not running").with_resource(c->id);
        }
        const json document = json::parse(request.data, request.data + request.size, nullptr, false);
        if (!document.is_object()) return Error(ErrorCode::kInvalidArgument, "request: not a JSON object");
        const json settings = changed_settings(member_of(document, "HostConfig"), read_texts(document, "Changed"));
        Result<json> resources = resolve_resources(settings);
        if (!resources) return std::move(resources).error();
        say_unlimited(settings, *resources);
        return c->backend.cgroups->update(c->id, *resources);
    });
}

}  // namespace

const slw_update_ops kUpdateOps = {sizeof(slw_update_ops), 0, update};

}  // namespace slipway::linux_backend
