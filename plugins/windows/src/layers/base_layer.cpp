#include <layers/base_layer.hpp>

#include <documents/utf8_text.hpp>
#include <layers/storage_calls.hpp>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;

// What Docker gives a container on Windows unless told otherwise.
constexpr uint64_t kContainerBytes = uint64_t{127} << 30;
// Of a machine's own disk, which its guest writes little to.
constexpr uint64_t kMachineBytes = uint64_t{10} << 30;

bool has_machine(const fs::path& layer) {
    std::error_code ignored;
    return fs::is_directory(machine_files(layer), ignored);
}

using Disk = std::shared_ptr<DiskHandle>;
using Keep = std::shared_ptr<const void>;

// A call with a disk, which may be null, in a folder that goes with `keep`. The disk is closed before.
template <class Call>
std::function<raw::Hresult()> with_disk(Disk disk, Keep keep, Call call) {
    return [disk = std::move(disk), keep = std::move(keep), call = std::move(call)]() mutable {
        const raw::Hresult result = call(disk ? disk->get() : nullptr);
        disk.reset();
        return result;
    };
}

// `disk`: the attached one that is to be formatted; null where Windows finds the folder's own. `options` is a literal.
Status set_up(const Api& api, Workers& workers, const Limits& limits, const fs::path& folder, Disk disk,
              const char16_t* options, Keep keep) {
    const std::u16string path = to_utf16(utf8_of_path(folder));
    const auto call = [api, path, options](raw::Handle open) {
        return api->HcsSetupBaseOSLayer(path.c_str(), open, options);
    };
    return privileged_storage_call(workers, limits, "HcsSetupBaseOSLayer", utf8_of_path(folder),
                                   with_disk(std::move(disk), std::move(keep), call));
}

// The disk handle must be closed before the set-up, which opens it itself.
Status set_up_container(const Api& api, Workers& workers, const Timeouts& timeouts, const fs::path& folder,
                        const CallLimits& call, std::shared_ptr<const void> keep) {
    const std::string base = utf8_of_path(container_disks(folder).base);
    {
        Result<DiskHandle> disk =
            create_disk(api, workers, Limits(call, timeouts.storage), base, kContainerBytes, {}, keep);
        if (!disk) return std::move(disk).error();
        const auto format = [api](raw::Handle open) { return api->HcsFormatWritableLayerVhd(open); };
        Status formatted = storage_call(workers, Limits(call, timeouts.storage), "HcsFormatWritableLayerVhd", base,
                                        with_disk(std::make_shared<DiskHandle>(std::move(*disk)), keep, format));
        if (!formatted) return formatted;
    }
    return set_up(api, workers, Limits(call, timeouts.storage), folder, nullptr, u"{\"Type\":\"Container\"}",
                  std::move(keep));
}

}  // namespace

DiskPair container_disks(const fs::path& layer) {
    return {layer / "blank-base.vhdx", layer / "blank.vhdx"};
}

DiskPair machine_disks(const fs::path& layer) {
    return {layer / "UtilityVM" / "SystemTemplateBase.vhdx", layer / "UtilityVM" / "SystemTemplate.vhdx"};
}

fs::path machine_files(const fs::path& layer) {
    return layer / "UtilityVM" / "Files";
}

// Here the disk must be attached meanwhile, and is formatted by the set-up.
Status set_up_machine(const Api& api, Workers& workers, const Timeouts& timeouts, const fs::path& folder,
                      const CallLimits& call, std::shared_ptr<const void> keep) {
    const std::string base = utf8_of_path(machine_disks(folder).base);
    Result<DiskHandle> disk = create_disk(api, workers, Limits(call, timeouts.storage), base, kMachineBytes, {}, keep);
    if (!disk) return std::move(disk).error();
    const auto shared = std::make_shared<DiskHandle>(std::move(*disk));
    const auto attach = [api](raw::Handle open) { return api->attach_disk(open); };
    Status attached = storage_call(workers, Limits(call, timeouts.storage), "AttachVirtualDisk", base,
                                   with_disk(shared, keep, attach));
    if (!attached) return attached;
    return set_up(api, workers, Limits(call, timeouts.storage), folder / "UtilityVM", shared, u"{\"Type\":\"Vm\"}",
                  std::move(keep));
}

std::optional<fs::path> machine_layer(const std::vector<LayerFolder>& nearest_first) {
    for (const LayerFolder& layer : nearest_first) {
        const fs::path folder = path_from_utf8(layer.path);
        std::error_code ignored;
        if (has_machine(folder) && fs::exists(machine_disks(folder).blank, ignored)) return folder;
    }
    return std::nullopt;
}

std::vector<fs::path> disks_below_machines(const std::vector<LayerFolder>& nearest_first) {
    const std::optional<fs::path> bootable = machine_layer(nearest_first);
    if (!bootable) return {};
    return {machine_disks(*bootable).base, container_disks(path_from_utf8(nearest_first.back().path)).base};
}

Status set_up_base_layer(const Api& api, Workers& workers, const Timeouts& timeouts, const fs::path& folder,
                         const CallLimits& call, std::shared_ptr<const void> keep) {
    Status ready = set_up_container(api, workers, timeouts, folder, call, keep);
    if (!ready || !has_machine(folder)) return ready;
    return set_up_machine(api, workers, timeouts, folder, call, std::move(keep));
}

Status make_blank_disks(const Api& api, Workers& workers, const Timeouts& timeouts, const fs::path& folder,
                        const CallLimits& call, const std::shared_ptr<const void>& keep) {
    for (const DiskPair& pair : {container_disks(folder), machine_disks(folder)}) {
        std::error_code ignored;
        if (!fs::exists(pair.base, ignored)) continue;
        const Result<DiskHandle> disk = create_disk(api, workers, Limits(call, timeouts.storage),
                                                    utf8_of_path(pair.blank), 0, utf8_of_path(pair.base), keep);
        if (!disk) return disk.error();
    }
    return ok();
}

Status copy_disk(const fs::path& from, const fs::path& to) {
    std::error_code code;
    fs::create_directories(to.parent_path(), code);
    const fs::path partial = to.parent_path() / "sandbox.new";
    fs::remove(partial, code);
    fs::copy_file(from, partial, code);
    if (!code) fs::rename(partial, to, code);
    if (!code) return ok();
    const bool full = code == std::errc::no_space_on_device;
    return Error(full ? ErrorCode::kResourceExhausted : ErrorCode::kSystem,
                 "copy '" + utf8_of_path(from) + "' to '" + utf8_of_path(to) + "': " + code.message())
        .with_resource(utf8_of_path(to));
}

}  // namespace slipway::windows_backend
