// plugins/windows/src/vm/vm_access.hpp - which files of the host a virtual machine may open.
#pragma once

#include <hcs/api.hpp>
#include <hcs/gate.hpp>
#include <hcs/workers.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace slipway::windows_backend {

// Access lists are read, changed and written; base disks are in many machines' hands, so one at a time.
class AccessGate : public Gate {
public:
    AccessGate() : Gate(1) {}
};

// Entries in access lists, one for each file, until they are taken back. One thread at a time.
class VmAccess {
public:
    VmAccess(Api api, Workers& workers, AccessGate& gate, std::string vm_id)
        : api_(std::move(api)), workers_(workers), gate_(gate), vm_id_(std::move(vm_id)) {}
    VmAccess(const VmAccess&) = delete;
    VmAccess& operator=(const VmAccess&) = delete;

    // On failure, a late success included, nothing is left.
    Status grant(const std::filesystem::path& file, const Limits& limits);
    // Of another process, which granted it and is gone: take_back() takes it, too.
    void expect(std::filesystem::path file) { files_.push_back(std::move(file)); }
    // All of them, files that are gone included; the first failure. What failed is tried again by the next call, and
    // so is what comes after one that hangs.
    Status take_back(std::chrono::milliseconds each);

private:
    Api api_;
    Workers& workers_;
    AccessGate& gate_;
    const std::string vm_id_;
    std::vector<std::filesystem::path> files_;
};

}  // namespace slipway::windows_backend
