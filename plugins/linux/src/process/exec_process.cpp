#include <process/exec_process.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <process/attach_packet.hpp>
#include <process/base_namespace.hpp>
#include <process/container_root.hpp>
#include <process/launch_plan.hpp>
#include <process/session_reader.hpp>
#include <process/spawn_supervisor.hpp>
#include <spec/build_spec.hpp>
#include <spec/defaults.hpp>
#include <spec/json_access.hpp>
#include <spec/seccomp_cache.hpp>
#include <sys/pidfd.hpp>

#include <sched.h>
#include <sys/mman.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;

// All the name spaces containers have. One that it shares with the host is joined like any other.
constexpr uint32_t kJoined = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

uint32_t plan_flags(uint32_t flags) {
    uint32_t out = supervisor::kPlanJoin | supervisor::kPlanStdinOnce;
    if ((flags & SLW_EXEC_TTY) != 0) out |= supervisor::kPlanTty;
    if ((flags & SLW_EXEC_OPEN_STDIN) != 0) out |= supervisor::kPlanOpenStdin;
    if ((flags & SLW_EXEC_ENDS_WITH_HOST) != 0) out |= supervisor::kPlanEndsWithDaemon;
    return out;
}

void write_cgroup(const CgroupEntry& cgroup, PlanWriter& writer) {
    std::vector<uint32_t> tasks;
    for (const UniqueFd& file : cgroup.task_files) tasks.push_back(writer.fd(file.get()));
    writer.header.task_files = writer.list(tasks);
    if (cgroup.directory) writer.header.cgroup_directory = writer.fd(cgroup.directory->get());
}

// Everything of `spec` and `options`; the descriptors are borrowed.
Status write_plan(const slw_container& c, const json& spec, const ExecOptions& options, PlanWriter& writer) {
    supervisor::PlanHeader& header = writer.header;
    header.id = writer.text(c.id);
    header.hostname = header.domainname = header.log_name = header.log_attributes = writer.text("");
    header.flags |= plan_flags(options.flags);
    if (options.tty_rows != 0) header.tty_rows = options.tty_rows;
    if (options.tty_columns != 0) header.tty_columns = options.tty_columns;
    header.join_flags = kJoined;
    header.capture_bytes = options.capture_bytes;
    return write_process(spec, writer);
}

Result<UniqueFd> make_capture(uint64_t bytes) {
    if (bytes == 0) return UniqueFd();
    UniqueFd file{memfd_create("slipway-exec", MFD_CLOEXEC)};
    if (!file) return Error::from_errno(errno, "memfd_create");
    return file;
}

// Makes the supervisor and the parked process.
Result<std::shared_ptr<ExecProcess>> launch(slw_container& c, const SupervisorSession& container, const json& request,
                                            const ExecOptions& options, const CallLimits& limits) {
    const Result<UniqueFd> root = open_process_root(c, container);
    if (!root) return root.error();
    SpecContext context{c.backend.kernel()};
    context.root_fd = root->get();
    const Result<json> spec = build_exec_spec(with_defaults(request, c.backend.config.defaults), context);
    if (!spec) return spec.error();
    const FirstProcess first{static_cast<pid_t>(container.status().pid), container.process()};
    const Result<CgroupEntry> cgroup = c.backend.cgroups->enter(c.id, first);
    if (!cgroup) return cgroup.error();
    const Result<int> base = c.backend.base_namespace->get();
    if (!base) return base.error();
    Result<UniqueFd> capture = make_capture(options.capture_bytes);
    if (!capture) return std::move(capture).error();

    PlanWriter writer;
    if (Status written = write_plan(c, *spec, options, writer); !written) return std::move(written).error();
    const json& profile = member_of(member_of(*spec, "linux"), "seccomp");
    if (profile.is_object()) {
        const Result<std::shared_ptr<const SeccompFilter>> filter = c.backend.seccomp->compile(profile);
        if (!filter) return filter.error();
        write_seccomp(**filter, writer);
    }
    const Result<std::optional<IdMap>> map = user_map_of(first.pid);
    if (!map) return has_ended(container.process()) ? container_not_running(c) : map.error();
    if (*map) {
        writer.header.join_flags |= CLONE_NEWUSER;
        write_host_user(**map, writer);
    }
    write_cgroup(*cgroup, writer);
    writer.header.base_namespace = writer.fd(*base);
    writer.header.join_process = writer.fd(container.process());
    writer.header.capture = writer.fd(capture->get());
    const Result<std::vector<uint8_t>> plan = writer.finish();
    if (!plan) return plan.error();

    Result<SpawnedSupervisor> spawned = spawn_supervisor(c.backend, options.id, c.id);
    if (!spawned) return std::move(spawned).error();
    auto exec =
        std::make_shared<ExecProcess>(ExecProcess{options.id, std::move(spawned->session), std::move(*capture)});
    Status launched = exec->session->launch(*plan, writer.fds(), limits);
    if (launched) launched = c.backend.reader->add(exec->session);
    if (launched) return exec;
    exec->session->destroy();
    // Its first process ended while the exec was on its way in.
    if (has_ended(container.process())) return container_not_running(c);
    return std::move(launched).error();
}

}  // namespace

Result<std::shared_ptr<ExecProcess>> start_exec(slw_container& c, const json& request, const ExecOptions& options,
                                                const CallLimits& limits) {
    const auto container = c.session();
    if (!container || container->status().state != SLW_PROCESS_RUNNING) return container_not_running(c);
    Result<AttachPacket> client = AttachPacket{};
    if (options.client != nullptr) client = attach_packet(*options.client);
    if (!client) return std::move(client).error();
    Result<std::shared_ptr<ExecProcess>> exec = launch(c, *container, request, options, limits);
    // Its group began to pass controllers on after we looked.
    if (!exec && exec.error().os().code == EBUSY) exec = launch(c, *container, request, options, limits);
    if (!exec) return exec;

    // Known before it runs, because its end may be reported, and the host release it, before start() returns.
    SupervisorSession& session = *(*exec)->session;
    Status started = ok();
    if (!c.add_exec(*exec)) {
        started = Error(ErrorCode::kConflict, "exec id " + options.id + " is in use").with_resource(options.id);
    }
    if (started && options.client != nullptr) {
        started = session.attach(client->head, client->payload, static_cast<int>(options.client->stream), limits);
    }
    if (started) started = session.start(limits);
    if (started) return exec;
    (void)c.take_exec(options.id);
    session.destroy();
    return std::move(started).error();
}

void end_exec(ExecProcess& exec) {
    if (exec.session->status().state == SLW_PROCESS_EXITED) {
        exec.session->let_go();
    } else {
        exec.session->destroy();
    }
}

}  // namespace slipway::linux_backend

bool slw_container::add_exec(std::shared_ptr<slipway::linux_backend::ExecProcess> exec) {
    const std::lock_guard lock(session_mutex_);
    const std::string key = exec->id;
    return execs_.emplace(key, std::move(exec)).second;
}

std::shared_ptr<slipway::linux_backend::ExecProcess> slw_container::find_exec(const std::string& exec_id) const {
    const std::lock_guard lock(session_mutex_);
    const auto found = execs_.find(exec_id);
    return found == execs_.end() ? nullptr : found->second;
}

std::shared_ptr<slipway::linux_backend::ExecProcess> slw_container::take_exec(const std::string& exec_id) {
    const std::lock_guard lock(session_mutex_);
    auto node = execs_.extract(exec_id);
    return node.empty() ? nullptr : std::move(node.mapped());
}

std::vector<std::shared_ptr<slipway::linux_backend::ExecProcess>> slw_container::take_all_execs() {
    const std::lock_guard lock(session_mutex_);
    std::vector<std::shared_ptr<slipway::linux_backend::ExecProcess>> all;
    for (auto& entry : execs_) all.push_back(std::move(entry.second));
    execs_.clear();
    return all;
}
