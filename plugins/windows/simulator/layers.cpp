// Layers: folders in and out of the transport format, and their removal.
//
// An imported layer is kept as it was given. What a container wrote to its disk is in a folder beside the disk's file,
// in that format, too; a test puts it there (simulator.hpp).
#include "simulator.hpp"
#include "storage_calls.hpp"
#include "transport_check.hpp"

#include <documents/utf8_text.hpp>
#include <layers/transport_format.hpp>
#include <sys/file_tree.hpp>

#include <fstream>

namespace slipway::simulated_hcs {
namespace {

namespace fs = std::filesystem;
using namespace windows_backend;

fs::path content_beside(const fs::path& disk) {
    fs::path folder = disk;
    folder += ".content";
    return folder;
}

// With the times, which are part of the format.
bool copy_tree(const fs::path& from, const fs::path& to) {
    const auto entries = list_directory(from);
    if (!entries || !make_directory(to)) return false;
    for (const FileEntry& entry : *entries) {
        const fs::path source = from / entry.native, target = to / entry.native;
        if (entry.kind == FileKind::kDirectory) {
            if (!copy_tree(source, target)) return false;
        } else {
            std::ifstream in(long_path(source), std::ios::binary);
            std::ofstream out(long_path(target), std::ios::binary | std::ios::trunc);
            if (in.peek() != std::ifstream::traits_type::eof()) out << in.rdbuf();
            out.close();
            if (!in || !out) return false;
        }
        BasicInfo info = basic_info(source) ? *basic_info(source) : BasicInfo{};
        info.attributes = 0;
        if (!set_basic_info(target, info)) return false;
    }
    return true;
}

Hresult import_layer(raw::Text path, raw::Text source, raw::Text layers) {
    return calling("HcsImportLayer", [&](Host& host) -> Hresult {
        json document;
        if (const Hresult read = read_layers(layers, document); read != raw::kOk) return read;
        const fs::path from = file_of(source), to = file_of(path);
        if (document["Layers"].empty()) return raw::kHcsInvalidLayer;
        if (!fs::is_directory(from)) return raw::kPathNotFound;
        if (const auto wrong = check_transport(from)) {
            host.violations.push_back("HcsImportLayer: " + *wrong);
            return raw::kInvalidData;
        }
        std::error_code failure;
        fs::create_directories(to, failure);
        return copy_tree(from, to) ? raw::kOk : raw::kInvalidData;
    });
}

// The parts of the registry that every writable layer has differences of.
constexpr const char* kDeltas[] = {"DefaultUser_Delta", "Sam_Delta", "Security_Delta", "Software_Delta",
                                   "System_Delta"};

bool write_export(const fs::path& content, const fs::path& to) {
    std::error_code failure;
    if (fs::is_directory(content, failure) && !copy_tree(content, to)) return false;
    for (const char* const needed : {kFiles, kHives}) fs::create_directories(to / needed, failure);
    for (const char* const name : kDeltas) {
        const fs::path delta = to / kHives / name;
        if (fs::exists(delta)) continue;
        std::ofstream(delta) << "regf simulated\n";
        // One time, whenever it is exported.
        BasicInfo info;
        info.write = info.creation = info.access = info.change = *file_time_of_seconds(1'500'000'000);
        if (!set_basic_info(delta, info)) return false;
    }
    if (!fs::exists(to / kTombstones)) {
        std::ofstream(to / kTombstones, std::ios::binary) << encode_tombstones({});
    }
    // An import looks at the time of this part, and so do those who read an export.
    const Result<BasicInfo> system = basic_info(to / kHives / "System_Delta");
    for (const char* const top : {kFiles, kHives}) {
        BasicInfo info = system ? *system : BasicInfo{};
        info.attributes = 0;
        if (!set_basic_info(to / top, info)) return false;
    }
    return !failure && fs::exists(to / kTombstones);
}

// Only volumes of attached writable layers can be exported: anything else fails on the way, on real hosts, too.
Hresult export_layer(raw::Text path, raw::Text folder, raw::Text layers, raw::Text options) {
    return calling("HcsExportLayer", [&](Host& host) -> Hresult {
        json document;
        if (const Hresult read = read_layers(layers, document); read != raw::kOk) return read;
        if (json::parse(text_of(options), nullptr, false) != json{{"IsWritableLayer", true}}) {
            return raw::kInvalidArgument;
        }
        const fs::path to = file_of(folder);
        std::error_code failure;
        if (!fs::is_directory(to, failure)) return raw::kPathNotFound;
        if (!fs::is_empty(to, failure)) {
            host.violations.push_back("HcsExportLayer: the folder is not empty");
            return raw::kInvalidArgument;
        }
        const std::string volume = text_of(path);
        const DiskOfFile* const found = disk_at(host, volume);
        if (found == nullptr) return raw::kPathNotFound;
        const auto& [file, disk] = *found;
        if (disk.filter != document || !disk.initialised) return raw::kHcsInvalidState;
        if (!disk.used_by.empty()) return raw::kSharingViolation;
        return write_export(content_beside(file), to) ? raw::kOk : raw::kInvalidData;
    });
}

// The disk must be attached; what the machine writes goes to copies of it.
Hresult setup_machine_base(Host& host, const fs::path& folder, raw::Handle vhd) {
    const auto file = vhd == nullptr ? nullptr : host.find<fs::path>(vhd, Kind::kDisk, "HcsSetupBaseOSLayer");
    if (!file || !host.disks[*file].attached) return raw::kInvalidArgument;
    if (!fs::is_directory(folder / "Files")) return raw::kHcsInvalidLayer;
    host.disks[*file].formatted = true;
    return raw::kOk;
}

Hresult setup_base(raw::Text path, raw::Handle vhd, raw::Text options) {
    return calling("HcsSetupBaseOSLayer", [&](Host& host) -> Hresult {
        const json document = json::parse(text_of(options), nullptr, false);
        const fs::path layer = file_of(path);
        if (document == json{{"Type", "Vm"}}) return setup_machine_base(host, layer, vhd);
        if (document != json{{"Type", "Container"}} || vhd != nullptr) return raw::kInvalidArgument;
        const auto disk = host.disks.find(layer / "blank-base.vhdx");
        if (disk == host.disks.end() || !disk->second.formatted) return raw::kHcsInvalidLayer;
        std::error_code ignored;
        fs::create_directories(layer / kHives, ignored);
        std::ofstream(layer / "layout") << "vhd-with-hives\n";
        return raw::kOk;
    });
}

Hresult destroy_layer(raw::Text path) {
    return calling("HcsDestroyLayer", [&](Host& host) -> Hresult {
        const fs::path layer = file_of(path);
        for (const auto& [file, disk] : host.disks) {
            if ((disk.attached || !disk.used_by.empty()) && file.parent_path() == layer) return raw::kAccessDenied;
        }
        for (auto at = host.disks.begin(); at != host.disks.end();) {
            at = at->first.parent_path() == layer ? host.disks.erase(at) : std::next(at);
        }
        if (!fs::exists(layer)) return raw::kPathNotFound;
        return remove_tree(layer) ? raw::kOk : raw::kAccessDenied;
    });
}

}  // namespace

void add_layer_functions(raw::HostApi& api) {
    api.HcsImportLayer = import_layer;
    api.HcsExportLayer = export_layer;
    api.HcsSetupBaseOSLayer = setup_base;
    api.HcsDestroyLayer = destroy_layer;
}

bool write_to_disk(const std::string& disk, const std::string& folder) {
    const fs::path content = content_beside(path_from_utf8(disk));
    return remove_tree(content) && copy_tree(path_from_utf8(folder), content);
}

}  // namespace slipway::simulated_hcs
