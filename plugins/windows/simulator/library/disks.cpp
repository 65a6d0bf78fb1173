#include "disks.hpp"

#include <windows.h>

#include <virtdisk.h>

#include <atomic>
#include <map>

namespace slipway::simulated_hcs {
namespace {

const raw::HostApi* simulated = nullptr;  // set before anything is called

struct Given {
    HANDLE watched = nullptr;  // the end of the pipe that stays here
    raw::Handle disk = nullptr;
};
// By the handle a caller holds; guarded by the host's mutex.
std::map<HANDLE, Given> given;

bool closed(const Given& entry) {
    DWORD available = 0;
    return !PeekNamedPipe(entry.watched, nullptr, 0, nullptr, &available, nullptr);
}

void sweep() {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    close_dropped_disks(host);
}

HANDLE hand_out(raw::Handle disk) {
    Given entry{nullptr, disk};
    HANDLE theirs = nullptr;
    CreatePipe(&entry.watched, &theirs, nullptr, 0);
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    given[theirs] = entry;
    return theirs;
}

// What is no disk of ours is passed on, to be told so.
raw::Handle disk_of(raw::Handle handle) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    const auto found = given.find(handle);
    return found == given.end() ? handle : found->second.disk;
}

raw::Text text_from(const wchar_t* text) {
    return reinterpret_cast<raw::Text>(text);
}

DWORD win32_of(Hresult result) {
    return HRESULT_FACILITY(result) == FACILITY_WIN32 ? HRESULT_CODE(result) : static_cast<DWORD>(result);
}

// Size and parent of what is to be created, whichever version of the parameters it is.
template <class Version>
Hresult create(const wchar_t* path, const Version& parameters, raw::Handle* disk) {
    return simulated->create_disk(text_from(path), parameters.MaximumSize, text_from(parameters.ParentPath), disk);
}

Hresult format_disk(raw::Handle handle) {
    return simulated->HcsFormatWritableLayerVhd(disk_of(handle));
}

Hresult mount_path(raw::Handle handle, char16_t** path) {
    return simulated->HcsGetLayerVhdMountPath(disk_of(handle), path);
}

// These mind whether a disk is attached.
Hresult setup_base_layer(raw::Text path, raw::Handle handle, raw::Text options) {
    sweep();
    return simulated->HcsSetupBaseOSLayer(path, handle == nullptr ? nullptr : disk_of(handle), options);
}

Hresult destroy_layer(raw::Text path) {
    sweep();
    return simulated->HcsDestroyLayer(path);
}

}  // namespace

void take_real_disk_handles(raw::HostApi& table) {
    static const raw::HostApi own = table;
    simulated = &own;
    table.HcsFormatWritableLayerVhd = format_disk;
    table.HcsGetLayerVhdMountPath = mount_path;
    table.HcsSetupBaseOSLayer = setup_base_layer;
    table.HcsDestroyLayer = destroy_layer;
}

void close_dropped_disks(Host& host) {
    for (auto at = given.begin(); at != given.end();) {
        if (!closed(at->second)) {
            ++at;
            continue;
        }
        host.close_disk(at->second.disk);
        CloseHandle(at->second.watched);
        at = given.erase(at);
    }
}

// virtdisk.dll's functions, under other names because its header declares them as imported.
extern "C" {

__declspec(dllexport) DWORD WINAPI
    SimulatedCreateVirtualDisk(VIRTUAL_STORAGE_TYPE* type, const wchar_t* path, VIRTUAL_DISK_ACCESS_MASK, void*,
                               CREATE_VIRTUAL_DISK_FLAG flags, ULONG, CREATE_VIRTUAL_DISK_PARAMETERS* parameters,
                               OVERLAPPED*, HANDLE* handle) {
    sweep();
    if (type->DeviceId != 3 || flags != CREATE_VIRTUAL_DISK_FLAG_NONE) return ERROR_INVALID_PARAMETER;
    raw::Handle disk = nullptr;
    const bool second = parameters->Version == CREATE_VIRTUAL_DISK_VERSION_2;
    const Hresult made = second ? create(path, parameters->Version2, &disk) : create(path, parameters->Version1, &disk);
    if (made == raw::kOk) *handle = hand_out(disk);
    return win32_of(made);
}

__declspec(dllexport) DWORD WINAPI
    SimulatedOpenVirtualDisk(VIRTUAL_STORAGE_TYPE* type, const wchar_t* path, VIRTUAL_DISK_ACCESS_MASK,
                             OPEN_VIRTUAL_DISK_FLAG, OPEN_VIRTUAL_DISK_PARAMETERS*, HANDLE* handle) {
    sweep();
    if (type->DeviceId != 3) return ERROR_INVALID_PARAMETER;
    raw::Handle disk = nullptr;
    const Hresult opened = simulated->open_disk(text_from(path), &disk);
    if (opened == raw::kOk) *handle = hand_out(disk);
    return win32_of(opened);
}

__declspec(dllexport) DWORD WINAPI SimulatedAttachVirtualDisk(HANDLE handle, void*, ATTACH_VIRTUAL_DISK_FLAG, ULONG,
                                                              ATTACH_VIRTUAL_DISK_PARAMETERS*, OVERLAPPED*) {
    return win32_of(simulated->attach_disk(disk_of(handle)));
}

}  // extern "C"

}  // namespace slipway::simulated_hcs
