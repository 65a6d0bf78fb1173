// slw.reconcile/1. Systems end with the daemon that made them, because the pipes of their processes could not be opened
// again. So nothing is ever adopted: what is found is debris, to be removed.
#include <ops/ops_common.hpp>

#include <documents/json_access.hpp>
#include <hcs/errors.hpp>

#include <set>
#include <thread>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

slw_status SLW_CALL list(slw_backend* b, const slw_call* call, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const CallLimits limits(b->host, call);
        const auto systems = list_systems(b->api, b->config.owner(), Limits(limits, b->config.timeouts.system));
        if (!systems) return systems.error();
        Result<std::set<std::string>> held = b->networks.containers_held(limits);
        if (!held) return std::move(held).error();
        for (const json& system : *systems) held->insert(container_of_machine(read_text(system, "Id")));
        json found = json::array();
        for (const std::string& id : *held) {
            if (is_object_id(id.c_str())) found.push_back({{"Id", id}, {"State", "debris"}, {"Pid", 0}});
        }
        return write_to(out, found.dump());
    });
}

slw_status SLW_CALL adopt(slw_container* c, const slw_call*, slw_process_status*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        return Error(ErrorCode::kNotFound, "container " + c->id + " ended with the daemon that ran it")
            .with_resource(c->id);
    });
}

// Ends a system whose handles another daemon had, and waits until its id is free.
Status end_system(slw_backend& b, const std::string& id, const Limits& limits) {
    while (true) {
        {
            Result<System> system = System::open(b.api, id);
            if (!system && is_not_found(system.error())) return ok();
            if (!system) return std::move(system).error();
            const Status ended = system->terminate(limits);
            if (!ended && !is_ending(ended.error())) return ended;
        }
        if (Status allowed = limits.check("removing system " + id); !allowed) return allowed;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

slw_status SLW_CALL remove(slw_backend* b, const slw_call* call, const char* container_id, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (!is_object_id(container_id)) {
            return Error(ErrorCode::kInvalidArgument, "the container id is not 64 lower-case hex digits");
        }
        const CallLimits limits(b->host, call);
        Status first = end_system(*b, container_id, Limits(limits, b->config.timeouts.undo));
        for (Status next : {end_system(*b, machine_id(container_id), Limits(limits, b->config.timeouts.undo)),
                            b->networks.remove_container(container_id, limits)}) {
            if (first) first = std::move(next);
        }
        return first;
    });
}

}  // namespace

const slw_reconcile_ops kReconcileOps = {sizeof(slw_reconcile_ops), 0, list, adopt, remove};

}  // namespace slipway::windows_backend
