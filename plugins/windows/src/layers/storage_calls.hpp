// plugins/windows/src/layers/storage_calls.hpp - computestorage and disks with deadlines and errors.
#pragma once

#include <hcs/api.hpp>
#include <hcs/workers.hpp>

#include <functional>
#include <memory>
#include <string>

namespace slipway::windows_backend {

// Runs one call; `call` gets UTF-16 forms and owns all it uses.
Status storage_call(Workers& workers, const Limits& limits, const std::string& name, const std::string& object,
                    std::function<raw::Hresult()> call, std::function<void()> undo_late = {});

// The same on a thread with BackupPrivileges: what reads or writes the files of layers needs them.
Status privileged_storage_call(Workers& workers, const Limits& limits, const std::string& name,
                               const std::string& object, std::function<raw::Hresult()> call);

// An open disk; closing it detaches it.
class DiskHandle {
public:
    DiskHandle() = default;
    DiskHandle(Api api, raw::Handle handle) : api_(std::move(api)), handle_(handle) {}
    DiskHandle(DiskHandle&& other) noexcept
        : api_(std::move(other.api_)), handle_(std::exchange(other.handle_, nullptr)) {}
    DiskHandle& operator=(DiskHandle&& other) noexcept {
        if (this != &other) {
            reset();
            api_ = std::move(other.api_);
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~DiskHandle() { reset(); }

    void reset() {
        if (handle_ != nullptr) api_->close_disk(std::exchange(handle_, nullptr));
    }
    raw::Handle get() const { return handle_; }
    explicit operator bool() const { return handle_ != nullptr; }

private:
    Api api_;
    raw::Handle handle_ = nullptr;
};

// A new disk of this size, or one on top of `parent` when that is not empty. `keep` lives until the call has ended, and
// the disk, if it came too late, is closed.
Result<DiskHandle> create_disk(const Api& api, Workers& workers, const Limits& limits, const std::string& path,
                               uint64_t bytes, const std::string& parent = {}, std::shared_ptr<const void> keep = {});
Result<DiskHandle> open_disk(const Api& api, Workers& workers, const Limits& limits, const std::string& path);

}  // namespace slipway::windows_backend
