#include <layers/storage_calls.hpp>

#include <hcs/errors.hpp>
#include <sys/privileges.hpp>

namespace slipway::windows_backend {

Status storage_call(Workers& workers, const Limits& limits, const std::string& name, const std::string& object,
                    std::function<raw::Hresult()> call, std::function<void()> undo_late) {
    const std::function<Result<Ok>()> work = [name, object, call = std::move(call)]() -> Result<Ok> {
        const raw::Hresult result = call();
        if (raw::failed(result)) return error_of(result, name, object);
        return Ok{};
    };
    std::function<void(Ok)> undo;
    if (undo_late) undo = [undo_late = std::move(undo_late)](Ok) { undo_late(); };
    const Result<Ok> done = workers.call<Ok>(limits, name + " '" + object + "'", work, undo);
    return done ? Status(ok()) : Status(done.error());
}

Status privileged_storage_call(Workers& workers, const Limits& limits, const std::string& name,
                               const std::string& object, std::function<raw::Hresult()> call) {
    const std::function<Result<Ok>()> work = [name, object, call = std::move(call)]() -> Result<Ok> {
        const Result<BackupPrivileges> privileges = BackupPrivileges::take();
        if (!privileges) return privileges.error();
        const raw::Hresult result = call();
        if (raw::failed(result)) return error_of(result, name, object);
        return Ok{};
    };
    const Result<Ok> done = workers.call<Ok>(limits, name + " '" + object + "'", work);
    return done ? Status(ok()) : Status(done.error());
}

namespace {

Result<DiskHandle> disk_call(const Api& api, Workers& workers, const Limits& limits, const std::string& name,
                             const std::string& path, std::function<raw::Hresult(raw::Handle*)> open) {
    using Shared = std::shared_ptr<DiskHandle>;
    const std::function<Result<Shared>()> work = [api, name, path, open = std::move(open)]() -> Result<Shared> {
        raw::Handle handle = nullptr;
        const raw::Hresult result = open(&handle);
        if (raw::failed(result)) return error_of(result, name, path);
        return std::make_shared<DiskHandle>(api, handle);  // closes itself when it comes too late
    };
    // One that comes too late is closed before the rest of the call goes, and with it perhaps the folder it is in.
    const std::function<void(Shared)> close_late = [](const Shared&) {};
    Result<Shared> disk = workers.call<Shared>(limits, name + " '" + path + "'", work, close_late);
    if (!disk) return std::move(disk).error();
    return std::move(**disk);
}

}  // namespace

Result<DiskHandle> create_disk(const Api& api, Workers& workers, const Limits& limits, const std::string& path,
                               uint64_t bytes, const std::string& parent, std::shared_ptr<const void> keep) {
    const std::u16string wide = to_utf16(path), below = to_utf16(parent);
    return disk_call(api, workers, limits, "CreateVirtualDisk", path,
                     [api, wide, below, bytes, keep = std::move(keep)](raw::Handle* handle) {
                         return api->create_disk(wide.c_str(), bytes, below.empty() ? nullptr : below.c_str(), handle);
                     });
}

Result<DiskHandle> open_disk(const Api& api, Workers& workers, const Limits& limits, const std::string& path) {
    const std::u16string wide = to_utf16(path);
    return disk_call(api, workers, limits, "OpenVirtualDisk", path,
                     [api, wide](raw::Handle* handle) { return api->open_disk(wide.c_str(), handle); });
}

}  // namespace slipway::windows_backend
