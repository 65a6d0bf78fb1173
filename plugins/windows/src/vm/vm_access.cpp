#include <vm/vm_access.hpp>

#include <documents/utf8_text.hpp>
#include <hcs/errors.hpp>
#include <layers/storage_calls.hpp>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {
constexpr const char* kWaiting = "waiting for access lists of disks";
}  // namespace

Status VmAccess::grant(const fs::path& file, const Limits& limits) {
    const std::u16string id = to_utf16(vm_id_), path = to_utf16(utf8_of_path(file));
    const Result<Gate::Place> place = gate_.enter(limits, kWaiting);
    if (!place) return place.error();
    // A call that is left behind still writes, and what it wrote is still to be taken back: both keep the place.
    Status granted = storage_call(
        workers_, limits, "HcsGrantVmAccess", utf8_of_path(file),
        [api = api_, id, path, place = *place] { return api->HcsGrantVmAccess(id.c_str(), path.c_str()); },
        [api = api_, id, path, place = *place] { (void)api->HcsRevokeVmAccess(id.c_str(), path.c_str()); });
    if (granted) files_.push_back(file);
    return granted;
}

Status VmAccess::take_back(std::chrono::milliseconds each) {
    Status first = ok();
    std::vector<fs::path> left;
    bool hangs = false;
    for (const fs::path& file : files_) {
        if (hangs) {  // as would every other: the call that is left behind keeps the place
            left.push_back(file);
            continue;
        }
        const Limits limits(each);
        const std::u16string id = to_utf16(vm_id_), path = to_utf16(utf8_of_path(file));
        const Result<Gate::Place> place = gate_.enter(limits, kWaiting);
        Status taken = place ? storage_call(workers_, limits, "HcsRevokeVmAccess", utf8_of_path(file),
                                            [api = api_, id, path, place = *place] {
                                                return api->HcsRevokeVmAccess(id.c_str(), path.c_str());
                                            })
                             : Status(place.error());
        if (taken || is_not_found(taken.error())) continue;
        left.push_back(file);
        hangs = taken.error().code() == ErrorCode::kDeadlineExceeded;
        if (first) first = std::move(taken);
    }
    files_ = std::move(left);
    return first;
}

}  // namespace slipway::windows_backend
