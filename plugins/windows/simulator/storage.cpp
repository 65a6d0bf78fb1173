// Disks and storage filters.
#include "schema.hpp"
#include "storage_calls.hpp"

#include <documents/utf8_text.hpp>

#include <filesystem>
#include <fstream>
#include <utility>

namespace slipway::simulated_hcs {
namespace {

namespace fs = std::filesystem;

// A disk is a file that says so, what lies below it, and whether it was initialised, so that a later host knows; what
// else is in it is not simulated.
constexpr const char* kDiskHead = "simulated vhdx\n";
constexpr const char* kInitialised = "initialised";

bool is_disk_file(const fs::path& path) {
    std::ifstream file(path);
    std::string head;
    std::getline(file, head);
    return head + "\n" == kDiskHead;
}

bool was_initialised(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        if (line == kInitialised) return true;
    }
    return false;
}

Hresult create_disk(raw::Text path, uint64_t bytes, raw::Text parent, raw::Handle* vhd) {
    return calling("create_disk", [&](Host& host) -> Hresult {
        const fs::path file = file_of(path), below = file_of(parent);
        if (fs::exists(file)) return raw::hresult(0x80070050);
        if (!below.empty() && !is_disk_file(below)) return raw::kFileNotFound;
        if (below.empty() && bytes == 0) return raw::kInvalidArgument;
        std::ofstream(file) << kDiskHead << "parent " << windows_backend::utf8_of_path(below) << "\n";
        if (!fs::exists(file)) return raw::kPathNotFound;
        host.disks[file];
        *vhd = host.add_handle(Kind::kDisk, std::make_shared<fs::path>(file));
        return raw::kOk;
    });
}

Hresult open_disk(raw::Text path, raw::Handle* vhd) {
    return calling("open_disk", [&](Host& host) -> Hresult {
        const fs::path file = file_of(path);
        for (const fs::path& disk : disk_chain(file)) {
            if (!is_disk_file(disk)) return raw::kFileNotFound;
        }
        const auto [known, is_new] = host.disks.try_emplace(file);
        if (is_new) known->second.initialised = was_initialised(file);
        if (known->second.attached || !known->second.used_by.empty()) return raw::kSharingViolation;
        *vhd = host.add_handle(Kind::kDisk, std::make_shared<fs::path>(file));
        return raw::kOk;
    });
}

Hresult attach_disk(raw::Handle vhd) {
    return calling("attach_disk", [&](Host& host) -> Hresult {
        const auto file = host.find<fs::path>(vhd, Kind::kDisk, "attach_disk");
        if (!file) return raw::kInvalidHandle;
        Disk& disk = host.disks[*file];
        if (disk.attached) return raw::kSharingViolation;
        disk.attached = true;
        disk.volume = R"(\\?\Volume{)" + windows_backend::guid_of_id(windows_backend::utf8_of_path(*file)).text() + "}";
        return raw::kOk;
    });
}

void close_disk(raw::Handle vhd) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    host.close_disk(vhd);
}

Hresult format_vhd(raw::Handle vhd) {
    return calling("HcsFormatWritableLayerVhd", [&](Host& host) -> Hresult {
        const auto file = host.find<fs::path>(vhd, Kind::kDisk, "HcsFormatWritableLayerVhd");
        if (!file) return raw::kInvalidHandle;
        host.disks[*file].formatted = true;
        return raw::kOk;
    });
}

Hresult mount_path(raw::Handle vhd, char16_t** path) {
    return calling("HcsGetLayerVhdMountPath", [&](Host& host) -> Hresult {
        const auto file = host.find<fs::path>(vhd, Kind::kDisk, "HcsGetLayerVhdMountPath");
        if (!file) return raw::kInvalidHandle;
        const Disk& disk = host.disks[*file];
        if (!disk.attached) return raw::kNotReady;
        *path = host.give_text(disk.volume, TextOwner::kHcs);
        return raw::kOk;
    });
}

Hresult initialize_layer(raw::Text path, raw::Text layers, raw::Text options) {
    return calling("HcsInitializeWritableLayer", [&](Host& host) -> Hresult {
        if (options != nullptr) return raw::kInvalidArgument;
        json document;
        if (const Hresult read = read_layers(layers, document); read != raw::kOk) return read;
        DiskOfFile* const found = disk_at(host, text_of(path));
        if (found == nullptr) return raw::kPathNotFound;
        auto& [file, disk] = *found;
        if (!std::exchange(disk.initialised, true)) std::ofstream(file, std::ios::app) << kInitialised << "\n";
        return raw::kOk;
    });
}

Hresult attach_filter(raw::Text path, raw::Text layers) {
    return calling("HcsAttachLayerStorageFilter", [&](Host& host) -> Hresult {
        json document;
        if (const Hresult read = read_layers(layers, document); read != raw::kOk) return read;
        DiskOfFile* const found = disk_at(host, text_of(path));
        if (found == nullptr) return raw::kPathNotFound;
        Disk& disk = found->second;
        if (!disk.filter.is_null() || !disk.initialised) return raw::kHcsInvalidState;
        disk.filter = document;
        return raw::kOk;
    });
}

Hresult detach_filter(raw::Text path) {
    return calling("HcsDetachLayerStorageFilter", [&](Host& host) -> Hresult {
        DiskOfFile* const found = disk_at(host, text_of(path));
        if (found == nullptr || found->second.filter.is_null()) return raw::kElementNotFound;
        if (!found->second.used_by.empty()) return raw::kSharingViolation;
        found->second.filter = nullptr;
        return raw::kOk;
    });
}

}  // namespace

fs::path file_of(const std::string& path) {
    return path.empty() ? fs::path() : windows_backend::path_from_utf8(path).lexically_normal().make_preferred();
}

fs::path file_of(raw::Text path) {
    return file_of(text_of(path));
}

Hresult calling(const char* function, const std::function<Hresult(Host&)>& body) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    const Hresult entered = host.enter(function, lock);
    return entered == raw::kOk ? body(host) : entered;
}

DiskOfFile* disk_at(Host& host, const std::string& volume) {
    for (auto& entry : host.disks) {
        if (entry.second.attached && entry.second.volume == volume) return &entry;
    }
    return nullptr;
}

Hresult read_layers(raw::Text text, json& out) {
    out = json::parse(text_of(text), nullptr, false);
    if (out.is_discarded() || check_layer_data(out)) return raw::kHcsInvalidJson;
    for (const json& layer : out["Layers"]) {
        if (!fs::is_directory(windows_backend::path_from_utf8(layer["Path"]))) return raw::kHcsInvalidLayer;
    }
    return raw::kOk;
}

std::vector<fs::path> disk_chain(const fs::path& disk) {
    std::vector<fs::path> chain;
    for (fs::path at = disk; !at.empty();) {
        chain.push_back(at);
        std::ifstream file(at);
        std::string head, parent;
        std::getline(file, head);
        std::getline(file, parent);
        at = parent.starts_with("parent ") ? file_of(parent.substr(7)) : fs::path();
    }
    return chain;
}

void Host::close_disk(raw::Handle vhd) {
    const auto file = take<fs::path>(vhd, Kind::kDisk, "close_disk");
    if (!file) return;
    Disk& disk = disks[*file];
    if (!disk.filter.is_null())
        violations.push_back("disk " + windows_backend::utf8_of_path(*file) + " was closed while it is filtered");
    if (!disk.used_by.empty())
        violations.push_back("disk " + windows_backend::utf8_of_path(*file) + " was closed under a system");
    disk.attached = false;
    disk.volume.clear();
}

void add_storage_functions(raw::HostApi& api) {
    add_layer_functions(api);
    api.HcsInitializeWritableLayer = initialize_layer;
    api.HcsAttachLayerStorageFilter = attach_filter;
    api.HcsDetachLayerStorageFilter = detach_filter;
    api.HcsFormatWritableLayerVhd = format_vhd;
    api.HcsGetLayerVhdMountPath = mount_path;
    api.create_disk = create_disk;
    api.open_disk = open_disk;
    api.attach_disk = attach_disk;
    api.close_disk = close_disk;
}

}  // namespace slipway::simulated_hcs
