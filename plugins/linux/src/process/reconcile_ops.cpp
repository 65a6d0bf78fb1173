// plugins/linux/src/process/reconcile_ops.cpp - slw.reconcile/1: finds and takes over what outlived the daemon.
#include <tables.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <container.hpp>
#include <net/network_manager.hpp>
#include <process/create_container.hpp>
#include <process/run_directory.hpp>
#include <process/session_reader.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>
#include <sys/pidfd.hpp>

#include <set>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

// Whoever is not found is ended and cleaned up, so one failed call must not decide it.
constexpr int kAttempts = 3;
constexpr int kEndWaitMs = 100;

Result<std::shared_ptr<SupervisorSession>> look_for_session(const slw_backend& b, const std::string& id,
                                                            const CallLimits& limits) {
    const Result<UniqueFd> directory = RunDirectory(b.config.exec_root, id).open();
    if (!directory) return directory.error();
    Result<UniqueFd> sock = RunDirectory::connect(directory->get());
    if (!sock && sock.error().code() != ErrorCode::kNotFound) return std::move(sock).error();
    if (!sock) {
        // A living supervisor listens, or is at its end: only the dead cannot be asked.
        const UniqueFd supervisor = RunDirectory::open_process(directory->get());
        if (supervisor && !wait_for_end(supervisor.get(), kEndWaitMs))
            return std::move(sock).error().with_code(ErrorCode::kUnavailable);
    }
    if (sock) {
        auto session = std::make_shared<SupervisorSession>(id, std::move(*sock), UniqueFd(), false);
        Status greeted = session->greet(limits);
        if (greeted) return session;
        if (RunDirectory::open_process(directory->get())) return std::move(greeted).error();
    }
    // It may have ended between the two questions, so the record is read last.
    if (const std::optional<ExitRecord> record = RunDirectory::read_exit(directory->get())) {
        return std::make_shared<SupervisorSession>(id, *record);
    }
    return Error(ErrorCode::kNotFound, "nothing is left of container " + id).with_resource(id);
}

// A session with what is left of container `id`: a living supervisor, or its exit record. kNotFound: neither. A
// supervisor that is silent has had its time and is not asked again here.
Result<std::shared_ptr<SupervisorSession>> find_session(const slw_backend& b, const std::string& id,
                                                        const CallLimits& limits) {
    for (int attempt = 1;; ++attempt) {
        Result<std::shared_ptr<SupervisorSession>> found = look_for_session(b, id, limits);
        if (found || found.error().code() == ErrorCode::kNotFound || attempt == kAttempts) return found;
        if (found.error().code() == ErrorCode::kDeadlineExceeded) return found;
        if (const Status in_time = limits.check(); !in_time) return in_time.error();
    }
}

const char* state_name(int32_t state) {
    switch (state) {
        case SLW_PROCESS_PARKED:
            return "parked";
        case SLW_PROCESS_RUNNING:
            return "running";
        case SLW_PROCESS_EXITED:
            return "exited";
        default:
            return "debris";
    }
}

slw_status SLW_CALL list(slw_backend* b, const slw_call* call, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const CallLimits limits(b->host, call);
        std::set<std::string> ids;
        const Result<std::vector<std::string>> supervised = RunDirectory::list(b->config.exec_root);
        if (!supervised) return supervised.error();
        ids.insert(supervised->begin(), supervised->end());
        const Result<std::vector<std::string>> grouped = b->cgroups->list();
        if (!grouped) return grouped.error();
        ids.insert(grouped->begin(), grouped->end());
        if (const Result<std::vector<std::string>> owners = b->networks->list())
            ids.insert(owners->begin(), owners->end());
        json entries = json::array();
        for (const std::string& id : ids) {
            const Status in_time = limits.check();
            if (!in_time) return in_time;
            const Result<std::shared_ptr<SupervisorSession>> session = find_session(*b, id, limits);
            if (!session && session.error().code() != ErrorCode::kNotFound) {
                const Status still_in_time = limits.check();
                if (!still_in_time) return still_in_time;
                // One that is stopped or hangs in the kernel must not cost all others their engine. It may well run:
                // whoever takes it over finds out, and decides about this container alone.
                b->host.warn("container " + id + ": " + session.error().message() + ", listed as running");
                entries.push_back({{"Id", id}, {"State", state_name(SLW_PROCESS_RUNNING)}, {"Pid", 0}});
                continue;
            }
            const slw_process_status status = session ? (*session)->status() : slw_process_status{};
            entries.push_back({{"Id", id}, {"State", state_name(status.state)}, {"Pid", status.pid}});
        }
        return write_to(out, entries.dump());
    });
}

slw_status SLW_CALL adopt(slw_container* c, const slw_call* call, slw_process_status* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (c->session()) return Error(ErrorCode::kConflict, "container " + c->id + " is in our hands already");
        recall_groups(c->backend, c->id);
        Result<std::shared_ptr<SupervisorSession>> found =
            find_session(c->backend, c->id, CallLimits(c->backend.host, call));
        if (!found) return std::move(found).error();
        SupervisorSession& session = **found;
        const slw_process_status status = session.status();
        // Its network first: when that cannot be had, nothing was taken.
        const Status network = c->backend.networks->restore(*c, static_cast<pid_t>(status.pid));
        if (!network) c->backend.host.warn("container " + c->id + ": " + network.error().message() + ", ignoring");
        if (session.supervisor() >= 0) {
            const Status added = c->backend.reader->add(*found);
            if (!added) return added;
        }
        c->set_session(*found);
        if (out != nullptr && SLW_HAS(out, slw_process_status, oom_killed)) {
            const uint32_t size = out->struct_size;
            *out = status;
            out->struct_size = size;
        }
        return ok();
    });
}

slw_status SLW_CALL remove(slw_backend* b, const slw_call* call, const char* container_id, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const std::string id = container_id == nullptr ? "" : container_id;
        if (id.size() != 64 || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
            return Error(ErrorCode::kInvalidArgument, "container id '" + id + "' is not 64 lower-case hex digits");
        }
        const Result<std::shared_ptr<SupervisorSession>> session = find_session(*b, id, CallLimits(b->host, call));
        const Status destroyed = destroy_container(*b, id, session ? session->get() : nullptr);
        const Status network = b->networks->cleanup_by_id(id);
        return !destroyed ? destroyed : network;
    });
}

}  // namespace

const slw_reconcile_ops kReconcileOps = {sizeof(slw_reconcile_ops), 0, list, adopt, remove};

}  // namespace slipway::linux_backend
