#include <process/create_container.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <process/base_namespace.hpp>
#include <process/container_registry.hpp>
#include <process/launch_plan.hpp>
#include <process/run_directory.hpp>
#include <process/session_reader.hpp>
#include <process/spawn_supervisor.hpp>
#include <process/supervisor_program.hpp>
#include <process/supervisor_session.hpp>
#include <spec/json_access.hpp>
#include <spec/seccomp_cache.hpp>
#include <sys/pidfd.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

constexpr int kKillWaitMs = 1000;

// Counter and, on v1, the event that fires when the limit is hit. Without a memory group both stay unset.
struct OomWatch {
    UniqueFd counter, event;
};

OomWatch watch_oom(const std::string& file) {
    OomWatch watch;
    if (file.empty()) return watch;
    watch.counter.reset(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!watch.counter || !file.ends_with("/memory.oom_control")) return watch;
    UniqueFd event{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    const std::string control = file.substr(0, file.rfind('/')) + "/cgroup.event_control";
    const UniqueFd registration{open(control.c_str(), O_WRONLY | O_CLOEXEC)};
    const std::string line = std::to_string(event.get()) + " " + std::to_string(watch.counter.get());
    if (event && registration && write(registration.get(), line.data(), line.size()) > 0)
        watch.event = std::move(event);
    return watch;
}

struct LogPlace {
    UniqueFd directory;
    std::string name;
};

Result<LogPlace> open_log_place(const std::string& path) {
    LogPlace place;
    if (path.empty()) return place;
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash + 1 == path.size()) {
        return Error(ErrorCode::kInvalidArgument, "log path '" + path + "' is not absolute");
    }
    const std::string parent = slash == 0 ? "/" : path.substr(0, slash);
    place.directory.reset(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place.directory) return Error::from_errno(errno, "open log directory '" + parent + "'").with_resource(parent);
    place.name = path.substr(slash + 1);
    return place;
}

uint32_t plan_flags(const CreateOptions& options, const BackendConfig& config) {
    uint32_t flags = 0;
    if ((options.flags & SLW_CREATE_TTY) != 0) flags |= supervisor::kPlanTty;
    if ((options.flags & SLW_CREATE_OPEN_STDIN) != 0) flags |= supervisor::kPlanOpenStdin;
    if ((options.flags & SLW_CREATE_STDIN_ONCE) != 0) flags |= supervisor::kPlanStdinOnce;
    if (config.pivot_root) flags |= supervisor::kPlanPivotRoot;
    return flags;
}

Result<std::shared_ptr<SupervisorSession>> spawn_session(slw_container& c, int run_directory) {
    Result<SpawnedSupervisor> spawned = spawn_supervisor(c.backend, c.id, {});
    if (!spawned) return std::move(spawned).error();
    const Status written = RunDirectory::write_process(run_directory, spawned->pid);
    if (!written) {
        spawned->session->destroy();
        return Error(written.error())
            .context("directory '" + RunDirectory(c.backend.config.exec_root, c.id).path() + "'");
    }
    return std::move(spawned->session);
}

Result<std::shared_ptr<const SeccompFilter>> compile_filter(slw_container& c, const nlohmann::json& spec) {
    const nlohmann::json& profile = member_of(member_of(spec, "linux"), "seccomp");
    if (!profile.is_object()) return std::shared_ptr<const SeccompFilter>();
    return c.backend.seccomp->compile(profile);
}

// Where they are is written down before they exist, so that a daemon that dies in between leaves none behind, and again
// once it is known what was made above them.
Result<CgroupEntry> make_groups(slw_container& c, const nlohmann::json& spec, int directory) {
    CgroupManager& cgroups = *c.backend.cgroups;
    const nlohmann::json& part = member_of(spec, "linux");
    const std::string path = read_text(part, "cgroupsPath");
    const bool placed = !path.empty() && path != cgroups.usual_path_of(c.id);
    if (placed) {
        if (Status noted = RunDirectory::write_groups(directory, path + "\n"); !noted) return std::move(noted).error();
    }
    Result<CgroupEntry> entry = cgroups.create(c.id, member_of(part, "resources"), path);
    if (!entry || !placed) return entry;
    if (Status noted = RunDirectory::write_groups(directory, cgroups.placement(c.id)); !noted) {
        return std::move(noted).error();
    }
    return entry;
}

// That of its processes; none without a map.
Result<UniqueFd> user_namespace_of(const slw_container& c) {
    if (!c.id_map) return UniqueFd();
    if (const std::string& owner = c.id_map->owner; !owner.empty()) {
        const Result<int64_t> pid = c.backend.containers->pid_of(owner);
        if (!pid) return Error(pid.error()).context("join the user name space of container " + owner);
        return open_user_namespace(static_cast<pid_t>(*pid));
    }
    if (!c.user_namespace) {
        return Error(ErrorCode::kConflict, "container " + c.id + " has no user name space").with_resource(c.id);
    }
    UniqueFd fd{fcntl(c.user_namespace->fd.get(), F_DUPFD_CLOEXEC, 3)};
    if (!fd) return Error::from_errno(errno, "duplicate a name space");
    return fd;
}

Status launch(slw_container& c, const nlohmann::json& spec, const CreateOptions& options, const CallLimits& limits) {
    const Result<UniqueFd> directory = RunDirectory(c.backend.config.exec_root, c.id).create();
    if (!directory) return directory.error();
    Result<CgroupEntry> cgroup = make_groups(c, spec, directory->get());
    if (!cgroup) return cgroup.error();
    const Result<std::shared_ptr<const SeccompFilter>> filter = compile_filter(c, spec);
    if (!filter) return filter.error();
    const Result<int> base = c.backend.base_namespace->get();
    if (!base) return base.error();
    Result<int> init = -1;
    if (read_flag(member_of(spec, "process"), "init")) init = c.backend.supervisor->descriptor();
    if (!init) return init.error();
    const Result<UniqueFd> listener = RunDirectory::listen(directory->get());
    if (!listener) return listener.error();
    const Result<LogPlace> log = open_log_place(options.log.path);
    if (!log) return log.error();
    const OomWatch oom = watch_oom(c.backend.cgroups->oom_file(c.id));

    LaunchInputs in{c.id, spec, *c.root, c.mounts, c.sandbox ? &*c.sandbox : nullptr, *cgroup};
    in.hierarchies = entered_hierarchies(*cgroup);
    in.seccomp = *filter;
    const Result<UniqueFd> user = user_namespace_of(c);
    if (!user) return user.error();
    if (c.id_map) in.id_map = &*c.id_map;
    in.user_namespace = user->get();
    in.plan_flags = plan_flags(options, c.backend.config);
    if (options.tty_rows != 0) in.tty_rows = options.tty_rows;
    if (options.tty_columns != 0) in.tty_columns = options.tty_columns;
    in.base_namespace = *base;
    in.init_program = *init;
    in.state_directory = directory->get();
    in.listener = listener->get();
    in.log_directory = log->directory.get();
    in.log_name = log->name;
    in.log_attributes = options.log.attributes;
    in.log_max_bytes = options.log.max_bytes;
    in.log_max_files = options.log.max_files;
    in.oom_counter = oom.counter.get();
    in.oom_event = oom.event.get();

    PlanWriter writer;
    const Status written = write_launch_plan(in, writer);
    if (!written) return written;
    const Result<std::vector<uint8_t>> plan = writer.finish();
    if (!plan) return plan.error();
    Result<std::shared_ptr<SupervisorSession>> session = spawn_session(c, directory->get());
    if (!session) return std::move(session).error();
    c.set_session(*session);
    const Status launched = (*session)->launch(*plan, writer.fds(), limits);
    if (!launched) return launched;
    const Status settled = c.backend.cgroups->settle(c.id, *cgroup);
    if (!settled) return settled;
    return c.backend.reader->add(*session);
}

// Kills what a supervisor of an earlier daemon still holds; nobody has a connection to it.
void end_stray_supervisor(const BackendConfig& config, const std::string& id) {
    const Result<UniqueFd> directory = RunDirectory(config.exec_root, id).open();
    if (!directory) return;
    const UniqueFd process = RunDirectory::open_process(directory->get());
    if (!process) return;
    (void)send_signal(process.get(), SIGKILL);  // its parked child, if any, sees the end and leaves
    (void)wait_for_end(process.get(), kKillWaitMs);
}

}  // namespace

Status create_container(slw_container& c, const nlohmann::json& spec, const CreateOptions& options,
                        const CallLimits& limits) {
    if (c.session()) return Error(ErrorCode::kConflict, "container " + c.id + " exists already").with_resource(c.id);
    if (!c.root) return Error(ErrorCode::kConflict, "container " + c.id + " has no root mounted").with_resource(c.id);
    Status launched = launch(c, spec, options, limits);
    if (launched) return ok();
    const auto session = c.session();
    const Status undone = destroy_container(c.backend, c.id, session.get());
    if (!undone)
        c.backend.host.warn("container " + c.id + ": undo of create: " + undone.error().message() + ", ignoring");
    c.set_session(nullptr);
    return launched;
}

void recall_groups(slw_backend& backend, const std::string& id) {
    const Result<UniqueFd> directory = RunDirectory(backend.config.exec_root, id).open();
    if (!directory) return;
    const std::string placement = RunDirectory::read_groups(directory->get());
    if (!placement.empty()) backend.cgroups->recall(id, placement);
}

Status destroy_container(slw_backend& backend, const std::string& id, SupervisorSession* session) {
    recall_groups(backend, id);
    if (session != nullptr) {
        // A paused one: killed first and then thawed, so that nothing of it runs on in between.
        session->kill();
        (void)backend.cgroups->thaw(id);
        session->destroy();
    }
    end_stray_supervisor(backend.config, id);
    const Status cgroups = backend.cgroups->destroy(id);
    const Status files = RunDirectory(backend.config.exec_root, id).remove();
    return !cgroups ? cgroups : files;
}

}  // namespace slipway::linux_backend
