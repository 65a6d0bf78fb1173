#include <layers/container_root.hpp>

#include <documents/utf8_text.hpp>
#include <hcs/errors.hpp>

#include <thread>

namespace slipway::windows_backend {
namespace {

// Attaching fails so now and then on busy hosts; it is worth a few more tries.
bool is_worth_a_retry(const Error& error) {
    return error.os().code == raw::kNotReady || error.os().code == raw::kDeviceNotConnected;
}
constexpr int kTries = 5;
constexpr std::chrono::milliseconds kPause(100);

Result<std::string> volume_of(const Api& api, Workers& workers, const Limits& limits, std::shared_ptr<DiskHandle> disk,
                              const std::string& path, const Gate::Place& place) {
    const std::function<Result<std::string>()> work = [api, disk, path, place]() -> Result<std::string> {
        char16_t* text = nullptr;
        const raw::Hresult result = api->HcsGetLayerVhdMountPath(disk->get(), &text);
        std::string volume = take_text(text, api->free_hcs);
        if (raw::failed(result)) return error_of(result, "HcsGetLayerVhdMountPath", path);
        return volume;
    };
    return workers.call<std::string>(limits, "HcsGetLayerVhdMountPath '" + path + "'", work);
}

}  // namespace

Result<MountedRoot> MountedRoot::mount(const Api& api, Workers& workers, const Timeouts& timeouts, FilterGate& gate,
                                       const std::filesystem::path& disk_path, const std::vector<LayerFolder>& layers,
                                       bool first_use, const CallLimits& call) {
    const std::string path = utf8_of_path(disk_path);
    const Limits limits(call, timeouts.storage);
    Result<DiskHandle> opened = open_disk(api, workers, limits, path);
    if (!opened) return std::move(opened).error();
    MountedRoot root;
    root.api_ = api;
    root.layers_ = layers;
    root.disk_ = std::make_shared<DiskHandle>(std::move(*opened));
    const auto disk = root.disk_;
    const std::u16string data = to_utf16(layer_data(layers).dump());

    // Each call keeps the place until it has ended, also one that is left behind.
    const Result<Gate::Place> entered = gate.enter(limits, "waiting for other disks to be mounted");
    if (!entered) return entered.error();
    const Gate::Place place = *entered;
    Status attached = ok();
    for (int attempt = 1; attempt <= kTries; ++attempt) {
        attached = storage_call(workers, limits, "AttachVirtualDisk", path,
                                [api, disk, place] { return api->attach_disk(disk->get()); });
        if (attached || !is_worth_a_retry(attached.error())) break;
        std::this_thread::sleep_for(kPause);
    }
    if (!attached) return std::move(attached).error();
    Result<std::string> volume = volume_of(api, workers, limits, disk, path, place);
    if (!volume) return std::move(volume).error();
    root.volume_ = *volume;
    const std::u16string wide = to_utf16(*volume);
    if (first_use) {
        Status made =
            storage_call(workers, limits, "HcsInitializeWritableLayer", *volume, [api, disk, wide, data, place] {
                return api->HcsInitializeWritableLayer(wide.c_str(), data.c_str(), nullptr);
            });
        if (!made) return std::move(made).error();
    }
    Status filtered = ok();
    for (int attempt = 1; attempt <= kTries; ++attempt) {
        filtered = storage_call(
            workers, limits, "HcsAttachLayerStorageFilter", *volume,
            [api, disk, wide, data, place] { return api->HcsAttachLayerStorageFilter(wide.c_str(), data.c_str()); },
            [api, disk, wide, place] { (void)api->HcsDetachLayerStorageFilter(wide.c_str()); });
        if (filtered || !is_worth_a_retry(filtered.error())) break;
        std::this_thread::sleep_for(kPause);
    }
    if (!filtered) return std::move(filtered).error();
    return root;
}

Status MountedRoot::release(Workers& workers, const Timeouts& timeouts) {
    if (!disk_) return ok();
    const Limits limits(timeouts.undo);
    const std::u16string wide = to_utf16(volume_);
    Status detached = ok();
    while (true) {
        detached =
            storage_call(workers, limits, "HcsDetachLayerStorageFilter", volume_,
                         [api = api_, disk = disk_, wide] { return api->HcsDetachLayerStorageFilter(wide.c_str()); });
        const bool in_use = !detached && detached.error().os().code == raw::kSharingViolation;
        if (!in_use || !limits.check("")) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (!detached && is_not_found(detached.error())) detached = ok();
    // The disk stays attached under a filter that would not go: a later call tries again.
    if (detached) disk_.reset();
    return detached;
}

}  // namespace slipway::windows_backend
