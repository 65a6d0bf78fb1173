// After a start of the daemon: brings the records and what the backends hold together again.
//
//   record says   backend holds      what happens
//   running       running            adopted: it runs on
//   running       exited             recorded with its real exit code, `die`
//   running, its exit noted          recorded with that, `die`; removed there
//   running       parked, debris, -  removed there; recorded as ended with 255, `die`
//   not running   anything           an operation that was cut short: removed there
//   restarting    anything           removed there; recorded as exited, and started as the policy says
//   removing      anything           removed there, then the removal is carried on
//   no record     anything           removed there, unless the record is only unreadable
//
// Runs on one thread, before anybody else knows the engine.

#include "engine/absent_backend.hpp"
#include "engine/engine_impl.hpp"
#include "model/mount_plan.hpp"
#include "names/identity.hpp"
#include "sys/tree.hpp"

#include <slipway/core/path.hpp>

namespace slipway::core {

namespace {
constexpr int32_t kUnknownExitCode = 255;
constexpr int kAttempts = 3;  // a container is lost when all of them fail
namespace fs = std::filesystem;
}  // namespace

Status EngineImpl::reconcile() {
    auto loaded = store_->load_containers();
    if (!loaded) return std::move(loaded).error();
    std::set<std::string> set_aside;
    // What a record that cannot be read stands on must stay.
    if (!loaded->damaged.empty()) images_->keep_all_layers();
    for (const DamagedRow& row : loaded->damaged) {
        set_aside.insert(row.id);
        log(LogLevel::kError, "container " + row.id + " set aside, its record cannot be read: " + row.reason);
    }

    std::map<std::string, Holdings> holdings;
    for (const auto& backend : backends_) {
        auto list = list_holdings(*backend);
        if (!list) return std::move(list).error().context("backend '" + backend->info().name + "'");
        for (Holding& holding : *list) holdings[backend->info().name].emplace(holding.container_id, holding);
    }

    for (ContainerRecord& record : loaded->rows) {
        if (record.state == RunState::kRemoving) record.state = RunState::kDead;  // nobody is at it any more
        std::shared_ptr<Backend> backend = find_backend(record.backend);
        const bool is_absent = backend == nullptr;
        if (is_absent) backend = std::make_shared<AbsentBackend>(record.backend);
        const auto container = std::make_shared<Container>(std::move(record), backend);
        const RecordPtr known = container->record();
        if (Status reserved = names_.reserve(known->name, known->id); !reserved) {
            log(LogLevel::kError, "container " + known->id + ": " + reserved.error().message());
        }
        names_.add(known->id);
        registry_.add(container);
        id_pool_.note(known->id, known->user_namespace);
        if (const auto mounts = mounts_of(*known)) volumes_->adopt(known->id, volumes_of(*mounts));
        if (is_absent) {
            log(LogLevel::kWarn, "container " + known->id + ": backend '" + known->backend + "' is not loaded");
            continue;
        }
        reconcile_container(container, holdings[known->backend]);
    }

    for (const auto& backend : backends_) {
        for (const auto& [id, holding] : holdings[backend->info().name]) {
            if (registry_.find(id) != nullptr || set_aside.contains(id)) continue;
            log(LogLevel::kWarn, "removing what nobody owns: " + holding.state + " container " + id);
            Status removed = backend->remove_holding(internal_call(), id);
            if (!removed) log(LogLevel::kError, "container " + id + ": " + removed.error().message() + ", ignoring");
        }
    }
    remove_orphans(set_aside);
    return ok();
}

// Who is not on the list counts as lost, so without a list there is no engine.
Result<std::vector<Holding>> EngineImpl::list_holdings(Backend& backend) const {
    for (int attempt = 1;; ++attempt) {
        auto list = backend.list_holdings(internal_call());
        // Without slw.reconcile/1 nothing outlives the daemon.
        if (!list && list.error().code() == ErrorCode::kUnimplemented) return std::vector<Holding>();
        if (list || attempt == kAttempts) return list;
        log(LogLevel::kWarn, "backend '" + backend.info().name + "': " + list.error().message() + ", trying again");
    }
}

void EngineImpl::reconcile_container(const ContainerPtr& container, Holdings& holdings) {
    const RecordPtr record = container->record();
    const auto held = holdings.find(container->id);
    const std::string state = held == holdings.end() ? "" : held->second.state;
    const bool ran = record->state == RunState::kRunning || record->state == RunState::kPaused;
    const bool is_adoptable = ran && !record->exit_noted && (state == "running" || state == "exited");
    const auto remove_holding = [&] {
        Status removed = container->backend->remove_holding(internal_call(), container->id);
        if (!removed) {
            container->needs_release = true;
            log(LogLevel::kError, "container " + container->id + ": " + removed.error().message());
        }
    };
    // Before the handle is opened, as the contract asks.
    if (!state.empty() && !is_adoptable) remove_holding();
    Status opened = open_handle(*container);
    for (int attempt = 1; !opened && attempt < kAttempts; ++attempt) opened = open_handle(*container);
    if (!opened) {
        log(LogLevel::kError, "container " + container->id + ": " + opened.error().message());
        // Nobody can take it over: it counts as lost, so it must not run on.
        if (is_adoptable) remove_holding();
    }

    if (record->state == RunState::kRestarting) {
        ContainerRecord exited = *record;
        exited.state = RunState::kExited;
        exited.restart_at = 0;
        publish_and_store(*container, std::move(exited), {});
        return;
    }
    if (ran) {
        std::optional<ExitFacts> facts = ExitFacts{kUnknownExitCode, false, 0};
        if (record->exit_noted) facts = ExitFacts{record->exit_code, record->oom_killed, record->finished_at};
        if (is_adoptable) facts = adopt(container);
        if (facts) finish_run(container, *facts, container->operation.acquire("reconcile"));
        return;
    }
    const bool was_removed = record->state == RunState::kRemoving || record->state == RunState::kDead;
    const bool removes_itself = record->host_config.value("AutoRemove", false) && record->state == RunState::kExited;
    if (!was_removed && !removes_itself) return;
    Hold hold = container->operation.acquire("reconcile");
    if (Status removed = remove_stopped(container, hold, removes_itself); !removed) {
        log(LogLevel::kError, "container " + container->id + ": " + removed.error().message());
    }
}

std::optional<ExitFacts> EngineImpl::adopt(const ContainerPtr& container) {
    const auto handle = container->handle();
    if (handle == nullptr) return ExitFacts{kUnknownExitCode, false, 0};
    auto status = handle->adopt(internal_call());
    for (int attempt = 1; !status && attempt < kAttempts; ++attempt) status = handle->adopt(internal_call());
    if (!status) {
        log(LogLevel::kError, "container " + container->id + " was lost: " + status.error().message());
        return ExitFacts{kUnknownExitCode, false, 0};
    }
    if (status->state == ProcessState::kExited) {
        return ExitFacts{status->exit_code, status->oom_killed, status->finished};
    }
    if (status->state != ProcessState::kRunning) return ExitFacts{kUnknownExitCode, false, 0};
    if (status->pid != container->record()->pid) {
        ContainerRecord record = *container->record();
        record.pid = status->pid;
        container->publish(std::move(record));
    }
    repeat_pause(container);
    resume_health(container);
    return std::nullopt;
}

// Directories of containers that were being created or removed when the daemon died.
void EngineImpl::remove_orphans(const std::set<std::string>& set_aside) {
    std::error_code error;
    std::vector<std::string> orphans;
    for (const auto& entry : fs::directory_iterator(options_.data_root / "containers", error)) {
        const std::string id = entry.path().filename().string();
        if (is_full_id(id) && registry_.find(id) == nullptr && !set_aside.contains(id)) orphans.push_back(id);
    }
    for (const std::string& id : orphans) {
        ContainerRecord record;
        record.id = id;
        record.data_dir = (options_.data_root / "containers" / id).string();
        for (const auto& backend : backends_) {
            record.backend = backend->info().name;
            if (!fs::exists(describe(record).data_dir, error)) continue;
            if (Status made = make_directories(record); !made) continue;
            auto handle = backend->open_container(describe(record));
            Status removed = handle ? (*handle)->root_remove(internal_call()) : Status(std::move(handle).error());
            if (!removed) log(LogLevel::kError, "container " + id + ": " + removed.error().message() + ", ignoring");
            handle = Error(ErrorCode::kNotFound, "closed");
            remove_directories(record);
        }
        (void)remove_tree(path_of(record.data_dir));
        log(LogLevel::kInfo, "removed what was left of container " + id);
    }
}

}  // namespace slipway::core
