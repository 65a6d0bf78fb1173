#include <cgroup/systemd_scopes.hpp>

#include <process/supervisor_program.hpp>
#include <sys/spawn.hpp>
#include <sys/unique_fd.hpp>

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

namespace slipway::linux_backend {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kSocket = "/run/systemd/private";
constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr auto kPatience = std::chrono::seconds(20);  // of a machine that is very busy; a job takes milliseconds
constexpr uint64_t kPatienceUs = std::chrono::microseconds(kPatience).count();

struct BusCloser {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};
struct MessageCloser {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, BusCloser>;
using Message = std::unique_ptr<sd_bus_message, MessageCloser>;

struct BusError {
    sd_bus_error value = SD_BUS_ERROR_NULL;
    BusError() = default;
    BusError(const BusError&) = delete;
    BusError& operator=(const BusError&) = delete;
    ~BusError() { sd_bus_error_free(&value); }

    bool is(const char* name) const { return sd_bus_error_has_name(&value, name) != 0; }
};

// What systemd said, or what became of the call.
Error failure(int result, const BusError& error, const std::string& what) {
    if (error.value.message == nullptr) {
        return Error::from_errno(-result, "systemd: " + what).with_code(ErrorCode::kUnavailable);
    }
    return Error(ErrorCode::kUnavailable, "systemd: " + what + ": " + error.value.message);
}

Result<Bus> connect() {
    sd_bus* made = nullptr;
    int result = sd_bus_new(&made);
    Bus bus(made);
    if (result >= 0) result = sd_bus_set_address(bus.get(), (std::string("unix:path=") + kSocket).c_str());
    if (result >= 0) result = sd_bus_start(bus.get());
    if (result < 0) {
        return Error::from_errno(-result, std::string("connect to systemd at '") + kSocket + "'")
            .with_code(ErrorCode::kUnavailable)
            .with_resource(kSocket);
    }
    return bus;
}

// Jobs end with a signal that names them; it may come before we know the name.
struct FinishedJobs {
    std::vector<std::pair<std::string, std::string>> results;  // path and result

    static int note(sd_bus_message* message, void* self, sd_bus_error*) {
        uint32_t number = 0;
        const char *path = nullptr, *unit = nullptr, *result = nullptr;
        if (sd_bus_message_read(message, "uoss", &number, &path, &unit, &result) >= 0) {
            static_cast<FinishedJobs*>(self)->results.emplace_back(path, result);
        }
        return 0;
    }
};

Status watch_jobs(sd_bus* bus, FinishedJobs& jobs) {
    // The slot belongs to the connection, which goes first. systemd sends signals to this socket unasked.
    const int result =
        sd_bus_match_signal(bus, nullptr, nullptr, kPath, kManager, "JobRemoved", FinishedJobs::note, &jobs);
    if (result < 0) return Error::from_errno(-result, "systemd: watch jobs").with_code(ErrorCode::kUnavailable);
    return ok();
}

Status wait_for_job(sd_bus* bus, const FinishedJobs& jobs, const std::string& job, const std::string& what) {
    const auto give_up = Clock::now() + kPatience;
    while (true) {
        const int processed = sd_bus_process(bus, nullptr);
        if (processed < 0) {
            return Error::from_errno(-processed, "systemd: " + what).with_code(ErrorCode::kUnavailable);
        }
        for (const auto& [path, outcome] : jobs.results) {
            if (path != job) continue;
            if (outcome == "done" || outcome == "skipped") return ok();
            return Error(ErrorCode::kUnavailable, "systemd: " + what + ": the job ended as '" + outcome + "'");
        }
        if (processed > 0) continue;
        const auto left = std::chrono::duration_cast<std::chrono::microseconds>(give_up - Clock::now()).count();
        if (left <= 0) return Error(ErrorCode::kUnavailable, "systemd: " + what + ": no answer in 20 seconds");
        sd_bus_wait(bus, static_cast<uint64_t>(left));
    }
}

// The process that a scope starts with: it waits for the end of a socket, which also comes when this process dies.
class Holder {
public:
    static Result<std::shared_ptr<Holder>> spawn(SupervisorProgram& supervisor) {
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
            return Error::from_errno(errno, "socketpair");
        }
        auto holder = std::make_shared<Holder>();
        holder->socket_.reset(pair[0]);
        const UniqueFd theirs{pair[1]};
        const Result<std::string> program = supervisor.path();
        if (!program) return program.error();
        const Result<pid_t> pid = spawn_with_control(*program, "--hold", theirs.get());
        if (!pid) return pid.error();
        holder->pid_ = *pid;
        return holder;
    }

    Holder() = default;
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() {
        socket_.reset();
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);  // frozen or not, it goes now
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    pid_t pid() const { return pid_; }

private:
    UniqueFd socket_;
    pid_t pid_ = -1;
};

int append_properties(sd_bus_message* call, const std::string& slice, const std::string& description, pid_t pid) {
    // No limit of systemd's own: TasksMax would be a share of the machine's.
    return sd_bus_message_append(call, "a(sv)", 6, "Description", "s", description.c_str(), "Slice", "s", slice.c_str(),
                                 "PIDs", "au", 1, static_cast<uint32_t>(pid), "Delegate", "b", 1, "TasksMax", "t",
                                 UINT64_MAX, "CollectMode", "s", "inactive-or-failed");
}

int call_start(sd_bus* bus, const std::string& unit, const std::string& slice, const std::string& description,
               pid_t pid, BusError& error, Message& reply) {
    sd_bus_message* made = nullptr;
    int result = sd_bus_message_new_method_call(bus, &made, kService, kPath, kManager, "StartTransientUnit");
    const Message call(made);
    if (result >= 0) result = sd_bus_message_append(made, "ss", unit.c_str(), "fail");
    if (result >= 0) result = append_properties(made, slice, description, pid);
    if (result >= 0) result = sd_bus_message_append(made, "a(sa(sv))", 0);
    sd_bus_message* answer = nullptr;
    if (result >= 0) result = sd_bus_call(bus, made, kPatienceUs, &error.value, &answer);
    reply.reset(answer);
    return result;
}

Result<std::string> read_job(sd_bus_message* reply) {
    const char* job = nullptr;
    const int result = sd_bus_message_read(reply, "o", &job);
    if (result < 0) return Error::from_errno(-result, "systemd: read a job").with_code(ErrorCode::kUnavailable);
    return std::string(job);
}

constexpr const char* kNoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";

}  // namespace

Result<std::shared_ptr<void>> SystemdScopes::start(const std::string& unit, const std::string& slice,
                                                   const std::string& description) {
    FinishedJobs jobs;
    const Result<Bus> bus = connect();
    if (!bus) return bus.error();
    if (Status watching = watch_jobs(bus->get(), jobs); !watching) return std::move(watching).error();
    const Result<std::shared_ptr<Holder>> holder = Holder::spawn(supervisor_);
    if (!holder) return holder.error();

    const std::string what = "start unit '" + unit + "'";
    BusError error;
    Message reply;
    const int result = call_start(bus->get(), unit, slice, description, (*holder)->pid(), error, reply);
    if (result < 0) {
        Error failed = failure(result, error, what).with_resource(unit);
        const bool exists = error.is("org.freedesktop.systemd1.UnitExists");
        return exists ? std::move(failed).with_code(ErrorCode::kConflict) : std::move(failed);
    }
    const Result<std::string> job = read_job(reply.get());
    if (!job) return job.error();
    if (Status done = wait_for_job(bus->get(), jobs, *job, what); !done) return std::move(done).error();
    return std::shared_ptr<void>(*holder);
}

Status SystemdScopes::stop(const std::string& unit) {
    FinishedJobs jobs;
    const Result<Bus> bus = connect();
    if (!bus) return bus.error();
    if (Status watching = watch_jobs(bus->get(), jobs); !watching) return watching;

    const std::string what = "stop unit '" + unit + "'";
    BusError error;
    sd_bus_message* answer = nullptr;
    const int result = sd_bus_call_method(bus->get(), kService, kPath, kManager, "StopUnit", &error.value, &answer,
                                          "ss", unit.c_str(), "replace");
    const Message reply(answer);
    if (result < 0) return error.is(kNoSuchUnit) ? ok() : Status(failure(result, error, what).with_resource(unit));
    const Result<std::string> job = read_job(reply.get());
    if (!job) return job.error();
    if (Status done = wait_for_job(bus->get(), jobs, *job, what); !done) return done;
    // One that has failed would keep its name; most are gone by now.
    BusError forgotten;
    const int reset = sd_bus_call_method(bus->get(), kService, kPath, kManager, "ResetFailedUnit", &forgotten.value,
                                         nullptr, "s", unit.c_str());
    if (reset < 0 && !forgotten.is(kNoSuchUnit)) {
        return failure(reset, forgotten, "reset unit '" + unit + "'").with_resource(unit);
    }
    return ok();
}

Result<std::vector<ScopeUnit>> SystemdScopes::list(const std::string& ending) {
    const Result<Bus> bus = connect();
    if (!bus) return bus.error();
    BusError error;
    sd_bus_message* answer = nullptr;
    int result = sd_bus_call_method(bus->get(), kService, kPath, kManager, "ListUnitsByPatterns", &error.value, &answer,
                                    "asas", 0, 1, "slipway-*.scope");
    const Message reply(answer);
    if (result < 0) return failure(result, error, "list units");

    std::vector<ScopeUnit> units;
    result = sd_bus_message_enter_container(answer, 'a', "(ssssssouso)");
    const char *name, *description, *loaded, *active, *sub, *followed, *path, *job_type, *job;
    uint32_t job_number = 0;
    while (result >= 0 && (result = sd_bus_message_read(answer, "(ssssssouso)", &name, &description, &loaded, &active,
                                                        &sub, &followed, &path, &job_number, &job_type, &job)) > 0) {
        if (!std::string_view(description).ends_with(ending)) continue;
        char* group = nullptr;
        BusError unread;  // gone in between
        sd_bus_get_property_string(bus->get(), kService, path, "org.freedesktop.systemd1.Scope", "ControlGroup",
                                   &unread.value, &group);
        units.push_back({name, group == nullptr ? "" : group});
        ::free(group);
    }
    if (result < 0) return failure(result, error, "list units");
    return units;
}

}  // namespace slipway::linux_backend
