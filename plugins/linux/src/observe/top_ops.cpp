// slw.top/1: the processes in a container's control groups, as the host sees them.
#include <tables.hpp>

#include <cgroup/cgroup_manager.hpp>
#include <cgroup/group_files.hpp>
#include <container.hpp>
#include <observe/process_list.hpp>
#include <process/container_root.hpp>
#include <process/supervisor_session.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/text.hpp>

#include <ctime>

namespace slipway::linux_backend {
namespace {

constexpr size_t kMaxDatabase = 1 << 20;

// Names are the host's, like the ids: a container's own database says nothing about them, and it is not ours to read.
PsContext context_of_machine() {
    PsContext context;
    context.machine = read_machine(context.proc);
    context.now = std::time(nullptr);
    context.users = parse_id_names(read_proc("/etc/passwd", kMaxDatabase));
    context.groups = parse_id_names(read_proc("/etc/group", kMaxDatabase));
    return context;
}

slw_status SLW_CALL list(slw_container* c, const slw_call* call, slw_text arguments, slw_sink* out,
                         slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto fields = parse_ps_arguments(view_of(arguments));
        if (!fields) return fields.error();
        const auto session = c->session();
        if (!session || session->status().state != SLW_PROCESS_RUNNING) return container_not_running(*c);
        const std::string group = c->backend.cgroups->directory_of(c->id);
        const CallLimits limits(c->backend.host, call);
        const auto table =
            list_processes(pids_in(group), *fields, context_of_machine(), [&] { return limits.check(); });
        if (!table) return table.error();
        return write_to(out, table->dump());
    });
}

}  // namespace

const slw_top_ops kTopOps = {sizeof(slw_top_ops), 0, list};

}  // namespace slipway::linux_backend
