#include <vm/utility_vm.hpp>

#include <documents/json_access.hpp>
#include <documents/utf8_text.hpp>
#include <documents/vm_document.hpp>
#include <documents/vm_requests.hpp>
#include <hcs/errors.hpp>
#include <layers/base_layer.hpp>

#include <thread>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::string_view kSuffix = "@vm";
// Where the guest mounts the container's disk; the layers are combined there. Its own disk is at LUN 0.
constexpr const char* kGuestRoot = R"(C:\c\1)";
constexpr unsigned kContainerLun = 1;
constexpr milliseconds kQuestion(2000);

// It was not waited for.
bool may_still_happen(const Error& error) {
    return error.code() == ErrorCode::kDeadlineExceeded || error.code() == ErrorCode::kCancelled;
}

bool is_refused(const Error& error) {
    return error.os().domain == SLW_OS_HRESULT && error.os().code == raw::kInvalidArgument;
}

std::string adapter_of(const Guid& endpoint) {
    return guid_of_id(endpoint.text(), "adapter").text();
}

}  // namespace

std::string machine_id(const std::string& container_id) {
    return container_id + std::string(kSuffix);
}

std::string container_of_machine(const std::string& id) {
    return id.ends_with(kSuffix) ? id.substr(0, id.size() - kSuffix.size()) : id;
}

UtilityVm::UtilityVm(const Api& api, Workers& workers, const Timeouts& timeouts, AccessGate& gate, VmPlan plan)
    : api_(api),
      workers_(workers),
      timeouts_(timeouts),
      plan_(std::move(plan)),
      access_(api, workers, gate, plan_.id) {}

UtilityVm::~UtilityVm() {
    try {
        if (const Status ended = end(); !ended) workers_.report("machine " + id() + ": " + ended.error().message());
    } catch (const std::exception& e) {
        workers_.report("machine " + id() + ": " + e.what());
    }
}

Result<std::unique_ptr<UtilityVm>> UtilityVm::boot(const Api& api, Workers& workers, const Timeouts& timeouts,
                                                   AccessGate& gate, VmPlan plan, const CallLimits& call) {
    std::unique_ptr<UtilityVm> vm(new UtilityVm(api, workers, timeouts, gate, std::move(plan)));
    if (Status ready = vm->prepare_disks(call); !ready) return std::move(ready).error();
    if (Status started = vm->start(call); !started) return std::move(started).error();
    if (Status combined = vm->combine_layers(call); !combined) {
        return std::move(combined).error().context("the file system of the container in " + vm->id());
    }
    return vm;
}

Status UtilityVm::prepare_disks(const CallLimits& call) {
    const fs::path base = path_from_utf8(plan_.layers.back().path);
    const std::optional<fs::path> bootable = machine_layer(plan_.layers);
    if (!bootable) {
        return Error(ErrorCode::kInvalidArgument,
                     "the image cannot run with Hyper-V isolation: no layer of it has a folder UtilityVM that was set "
                     "up with its disk")
            .with_resource(utf8_of_path(base))
            .with_hint("use --isolation=process, or an image with one; pull it again if it has one");
    }
    const DiskPair own = machine_disks(*bootable);
    const fs::path disk = plan_.folder / "sandbox.vhdx";
    if (Status removed = remove_folder(); !removed) return removed;  // of a run that ended badly
    if (Status copied = copy_disk(own.blank, disk); !copied) return copied;
    for (const fs::path& file : {own.base, disk, container_disks(base).base, plan_.disk}) {
        if (Status granted = access_.grant(file, Limits(call, timeouts_.storage)); !granted) return granted;
    }
    plan_.document =
        complete_vm_document(std::move(plan_.document), utf8_of_path(machine_files(*bootable)), utf8_of_path(disk));
    return ok();
}

Status UtilityVm::start(const CallLimits& call) {
    Result<System> system = System::create(api_, plan_.id, plan_.document, Limits(call, timeouts_.system));
    if (!system) return std::move(system).error();
    const auto made = std::make_shared<System>(std::move(*system));
    {
        const std::lock_guard lock(mutex_);
        system_ = made;
    }
    Status watched = made->watch([this](uint32_t type, const json& data) {
        if (type == raw::kEventSystemExited) gone("its virtual machine ended: " + read_text(data, "ExitType"));
        if (type == raw::kEventServiceDisconnect) gone("the Host Compute Service went away");
    });
    if (!watched) return watched;
    return made->start(Limits(call, timeouts_.system));
}

std::shared_ptr<const System> UtilityVm::system() const {
    const std::lock_guard lock(mutex_);
    return system_;
}

Error UtilityVm::ended() const {
    return Error(ErrorCode::kConflict, "the virtual machine " + id() + " has ended").with_resource(id());
}

Status UtilityVm::combine_layers(const CallLimits& call) {
    std::vector<LayerFolder> seen;
    for (const LayerFolder& layer : plan_.layers) {
        const std::string share = "l" + std::to_string(seen.size());
        if (Status shared = modify(add_share_request(share, layer.path, true, true), call); !shared) return shared;
        seen.push_back({layer.id, share_in_guest(share)});
    }
    Status added = modify(add_disk_request(kContainerLun, utf8_of_path(plan_.disk), kGuestRoot), call);
    if (!added) return added;
    return modify(combine_layers_request(kGuestRoot, seen), call);
}

Result<SystemParts> UtilityVm::take(SystemParts parts, const CallLimits& call) {
    parts.volume_path = kGuestRoot;
    parts.layers.clear();
    for (size_t i = 0; i < plan_.layers.size(); ++i) {
        parts.layers.push_back({plan_.layers[i].id, share_in_guest("l" + std::to_string(i))});
    }
    for (size_t i = 0; i < parts.directories.size(); ++i) {
        MappedDirectory& directory = parts.directories[i];
        const std::string share = "m" + std::to_string(i);
        Status shared = modify(add_share_request(share, directory.host_path, directory.read_only, false), call);
        if (!shared) return std::move(shared).error().context("mount '" + directory.container_path + "'");
        directory.host_path = share_in_guest(share);
    }
    for (MappedPipe& pipe : parts.pipes) {
        if (Status mapped = modify(map_pipe_request(pipe.host_path), call); !mapped) {
            return std::move(mapped).error().context("mount '" + pipe.host_path + "'");
        }
        pipe.host_path = pipe_in_guest(pipe.host_path);
    }
    return parts;
}

Status UtilityVm::join(const GuestNetwork& network, const CallLimits& call) {
    Status added = modify(add_guest_namespace_request(network.name_space), call);
    if (!added) return added;
    for (const json& endpoint : network.endpoints) {
        if (Status joined = add_adapter(network, endpoint, call); !joined) return joined;
    }
    return ok();
}

Status UtilityVm::add_adapter(const GuestNetwork& network, const json& endpoint, const CallLimits& call) {
    const auto id = Guid::parse(read_text(endpoint, "ID"));
    if (!id) return Error(ErrorCode::kInternal, "an endpoint without ID");
    const std::string adapter = adapter_of(*id);
    Status announced =
        modify(announce_adapter_request(adapter, endpoint, read_text(network.name_space, "ID"), network.dns), call);
    if (!announced) return announced;
    Status added = modify(add_adapter_request(adapter, endpoint), call);
    if (added) adapters_[*id] = false;
    return added;
}

Status UtilityVm::remove_adapter(const Guid& endpoint, const CallLimits& call) {
    // HCS has no word of its own for an adapter that is not there.
    const auto known = adapters_.find(endpoint);
    if (known == adapters_.end()) return ok();
    const bool may_be_gone = known->second;
    Status removed = modify(remove_adapter_request(adapter_of(endpoint), endpoint.text()), call);
    if (!removed && !is_gone(removed.error()) && !(may_be_gone && is_refused(removed.error()))) {
        known->second = may_be_gone || may_still_happen(removed.error());
        return removed;
    }
    adapters_.erase(known);
    return ok();
}

Status UtilityVm::modify(const json& request, const CallLimits& call) const {
    const auto system = this->system();
    return system ? system->modify(request, Limits(call, timeouts_.system)) : Status(ended());
}

Status UtilityVm::pause(const Limits& limits) {
    if (is_paused()) return ok();
    const auto system = this->system();
    if (!system) return ended();
    if (Status allowed = limits.check("pause '" + id() + "'"); !allowed) return allowed;  // nothing to take back
    Status done = system->pause(limits);
    if (!done) take_back_pause(*system, done.error());
    const std::lock_guard lock(mutex_);
    paused_ = done.has_value();
    return done;
}

// Nobody would know of a pause that still happens.
void UtilityVm::take_back_pause(const System& system, const Error& why) const {
    if (!may_still_happen(why)) return;
    const Limits limits(timeouts_.undo);
    while (limits.check("")) {
        const Status resumed = system.resume(limits);
        if (resumed || is_gone(resumed.error())) return;
        std::this_thread::sleep_for(milliseconds(20));
    }
}

// One that was not waited for may have happened since; HCS then refuses to do it again.
Status UtilityVm::resume(const Limits& limits) {
    if (!is_paused()) return ok();
    const auto system = this->system();
    if (!system) return ended();
    Status done = system->resume(limits);
    if (!done) {
        const Result<json> now = system->properties({}, Limits(kQuestion));
        if (now && read_text(*now, "State") == "Running") done = ok();
    }
    const std::lock_guard lock(mutex_);
    paused_ = !done.has_value();
    return done;
}

bool UtilityVm::is_paused() const {
    const std::lock_guard lock(mutex_);
    return paused_;
}

void UtilityVm::gone(const std::string& why) {
    std::function<void(const std::string&)> handler;
    {
        const std::lock_guard lock(mutex_);
        if (gone_) return;
        gone_ = true;
        why_ = why;
        handler = handler_;
        changed_.notify_all();
    }
    if (handler) handler(why);
}

void UtilityVm::when_gone(std::function<void(const std::string&)> handler) {
    std::string why;
    {
        const std::lock_guard lock(mutex_);
        handler_ = handler;
        if (!gone_) return;
        why = why_;
    }
    handler(why);
}

bool UtilityVm::wait_gone(milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return gone_; });
}

Status UtilityVm::terminate(const Limits& limits) const {
    const auto system = this->system();
    if (!system) return ok();
    Status done = system->terminate(limits);
    if (!done && is_ending(done.error())) return ok();
    return done;
}

Status UtilityVm::end() {
    Status first = ok();
    const auto note = [&first](Status status) {
        if (!status && first) first = std::move(status);
    };
    if (system()) {
        if (!wait_gone(milliseconds(0))) {
            Status ended = terminate(Limits(timeouts_.undo));
            if (ended) wait_gone(timeouts_.undo);
            note(std::move(ended));
        }
        // It ends with its last handle, whatever its termination answered; who is inside a call has one until then.
        std::shared_ptr<const System> closing;
        const std::lock_guard lock(mutex_);
        closing.swap(system_);
    }
    // What the service had no time for once is left to whoever removes the container's root.
    if (!access_given_up_) {
        Status taken = access_.take_back(timeouts_.undo);
        access_given_up_ = !taken && may_still_happen(taken.error());
        note(std::move(taken));
    }
    note(remove_folder());
    return first;
}

// A machine that is still ending has its disk open.
Status UtilityVm::remove_folder() const {
    const Limits limits(timeouts_.undo);
    std::error_code code, unknown;
    while (true) {
        fs::remove_all(plan_.folder, code);
        // What is being deleted is neither there nor gone: that, too, ends with who has it open.
        if (!fs::exists(plan_.folder, unknown) && !unknown) return ok();
        if (!code) code = unknown;
        if (!limits.check("")) break;
        std::this_thread::sleep_for(milliseconds(20));
    }
    return Error(ErrorCode::kSystem, "remove '" + utf8_of_path(plan_.folder) + "': " + code.message())
        .with_resource(utf8_of_path(plan_.folder));
}

}  // namespace slipway::windows_backend
