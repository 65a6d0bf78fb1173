// slw.update/1: what HCS lets a running system change.
#include <ops/ops_common.hpp>

#include <documents/json_access.hpp>
#include <documents/vm_document.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

// All or nothing as far as HCS lets us: it has one request per resource, and no way to ask for the value before.
slw_status SLW_CALL update(slw_container* c, const slw_call* call, slw_text request, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<json> parsed = parse_object(request, "request");
        if (!parsed) return parsed.error();
        const auto run = running(*c);
        if (!run) return run.error();
        const json& host_config = member_of(*parsed, "HostConfig");
        const std::vector<std::string> changed = read_texts(*parsed, "Changed");
        const UtilityVm* machine = (*run)->machine();
        const auto requests = machine == nullptr ? update_requests(host_config, changed, c->backend.processors)
                                                 : vm_update_requests(host_config, changed, machine->document());
        if (!requests) return requests.error();
        const std::shared_ptr<const System> system =
            machine == nullptr ? std::shared_ptr<const System>(*run, &(*run)->system()) : machine->system();
        if (!system) return Error(ErrorCode::kConflict, "container " + c->id + " is not running").with_resource(c->id);
        const Limits limits(CallLimits(c->backend.host, call), c->backend.config.timeouts.process);
        for (const json& change : *requests) {
            if (Status done = system->modify(change, limits); !done) return done;
        }
        return ok();
    });
}

}  // namespace

const slw_update_ops kUpdateOps = {sizeof(slw_update_ops), 0, update};

}  // namespace slipway::windows_backend
