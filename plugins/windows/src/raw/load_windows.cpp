// Resolves the table from the system's own libraries. Searched for in System32 alone, so that nothing beside the daemon
// is taken for them.
#include <raw/host_api.hpp>

#include <windows.h>

#include <initguid.h>
#include <virtdisk.h>

#include <mutex>

namespace slipway::windows_backend::raw {
namespace {

Hresult from_win32(DWORD code) {
    return code == 0 ? S_OK : HRESULT_FROM_WIN32(code);
}

// virtdisk.dll is resolved like the others; it is missing on editions without storage features.
struct VirtualDisks {
    decltype(&CreateVirtualDisk) create = nullptr;
    decltype(&OpenVirtualDisk) open = nullptr;
    decltype(&AttachVirtualDisk) attach = nullptr;
};
VirtualDisks disks;

// {EC984AEC-A0F9-47e9-901F-71415A66345B}
constexpr GUID kMicrosoft = {0xec984aec, 0xa0f9, 0x47e9, {0x90, 0x1f, 0x71, 0x41, 0x5a, 0x66, 0x34, 0x5b}};

VIRTUAL_STORAGE_TYPE vhdx() {
    VIRTUAL_STORAGE_TYPE type{};
    type.DeviceId = 3;  // VIRTUAL_STORAGE_TYPE_DEVICE_VHDX
    type.VendorId = kMicrosoft;
    return type;
}

const wchar_t* wide(Text text) {
    return reinterpret_cast<const wchar_t*>(text);
}

Hresult create_disk(Text path, uint64_t bytes, Text parent, Handle* vhd) {
    VIRTUAL_STORAGE_TYPE type = vhdx();
    CREATE_VIRTUAL_DISK_PARAMETERS parameters{};
    parameters.Version = CREATE_VIRTUAL_DISK_VERSION_2;
    parameters.Version2.MaximumSize = parent == nullptr ? bytes : 0;
    parameters.Version2.BlockSizeInBytes = parent == nullptr ? 1 << 20 : 0;
    parameters.Version2.ParentPath = parent == nullptr ? nullptr : wide(parent);
    return from_win32(disks.create(&type, wide(path), VIRTUAL_DISK_ACCESS_NONE, nullptr, CREATE_VIRTUAL_DISK_FLAG_NONE,
                                   0, &parameters, nullptr, vhd));
}

Hresult open_disk(Text path, Handle* vhd) {
    VIRTUAL_STORAGE_TYPE type = vhdx();
    OPEN_VIRTUAL_DISK_PARAMETERS parameters{};
    parameters.Version = OPEN_VIRTUAL_DISK_VERSION_2;
    return from_win32(
        disks.open(&type, wide(path), VIRTUAL_DISK_ACCESS_NONE, OPEN_VIRTUAL_DISK_FLAG_NONE, &parameters, vhd));
}

Hresult attach_disk(Handle vhd) {
    ATTACH_VIRTUAL_DISK_PARAMETERS parameters{};
    parameters.Version = ATTACH_VIRTUAL_DISK_VERSION_1;
    return from_win32(disks.attach(vhd, nullptr, ATTACH_VIRTUAL_DISK_FLAG_NO_DRIVE_LETTER, 0, &parameters, nullptr));
}

void close_disk(Handle vhd) {
    CloseHandle(vhd);
}

void free_hcs(void* text) {
    LocalFree(text);
}

void free_hcn(void* text) {
    CoTaskMemFree(text);
}

Error missing(const std::string& what) {
    return Error(ErrorCode::kUnavailable, what + " is missing on this machine")
        .with_os(SLW_OS_HRESULT, from_win32(GetLastError()))
        .with_resource(what)
        .with_hint("Windows containers need build 17763 or later with the feature 'Containers'");
}

class Library {
public:
    explicit Library(const char* name)
        : name_(name), module_(LoadLibraryExA(name, nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32)) {}

    bool loaded() const { return module_ != nullptr; }
    const std::string& name() const { return name_; }

    template <class Function>
    Status resolve(const char* symbol, Function& out) const {
        const FARPROC found = GetProcAddress(module_, symbol);
        if (found == nullptr) return missing(name_ + "!" + symbol);
        out = reinterpret_cast<Function>(reinterpret_cast<void*>(found));
        return ok();
    }

private:
    std::string name_;
    HMODULE module_;  // stays loaded: callbacks of its threads may still be on their way
};

Status resolve_all(HostApi& api) {
    const Library core("computecore.dll"), network("computenetwork.dll"), storage("computestorage.dll"),
        virtdisk("virtdisk.dll");
    for (const Library* library : {&core, &network, &storage, &virtdisk}) {
        if (!library->loaded()) return missing(library->name());
    }
#define X(name, result, parameters) \
    if (Status found = core.resolve(#name, api.name); !found) return found;
    SLW_COMPUTECORE(X)
#undef X
#define X(name, result, parameters) \
    if (Status found = network.resolve(#name, api.name); !found) return found;
    SLW_COMPUTENETWORK(X)
#undef X
#define X(name, result, parameters) \
    if (Status found = storage.resolve(#name, api.name); !found) return found;
    SLW_COMPUTESTORAGE(X)
#undef X
    if (Status found = virtdisk.resolve("CreateVirtualDisk", disks.create); !found) return found;
    if (Status found = virtdisk.resolve("OpenVirtualDisk", disks.open); !found) return found;
    if (Status found = virtdisk.resolve("AttachVirtualDisk", disks.attach); !found) return found;
    api.create_disk = create_disk;
    api.open_disk = open_disk;
    api.attach_disk = attach_disk;
    api.close_disk = close_disk;
    api.free_hcs = free_hcs;
    api.free_hcn = free_hcn;
    return ok();
}

}  // namespace

Result<std::shared_ptr<const HostApi>> load_host_api() {
    static std::mutex once;
    const std::lock_guard lock(once);
    auto api = std::make_shared<HostApi>();
    if (Status resolved = resolve_all(*api); !resolved) return std::move(resolved).error();
    return std::shared_ptr<const HostApi>(std::move(api));
}

}  // namespace slipway::windows_backend::raw
