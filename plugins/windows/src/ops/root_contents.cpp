// What a container has changed: exported by the system into a folder, in the form in which layers travel.
#include <ops/root_contents.hpp>

#include <documents/utf8_text.hpp>
#include <layers/layer_pack.hpp>
#include <layers/storage_calls.hpp>
#include <layers/transport_reader.hpp>
#include <ops/container_files.hpp>
#include <ops/ops_common.hpp>
#include <sys/file_tree.hpp>

#include <algorithm>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Docker's words, with what it calls the wish.
Error is_running(const slw_container& c, const char* wish) {
    return Error(ErrorCode::kConflict, std::string("Windows does not support ") + wish + " of a running container")
        .with_resource(c.id);
}

// The volume with the writable layer, for as long as this takes. What cannot be given back stays the container's, and
// whoever needs the root next tries it again.
class BorrowedRoot {
public:
    BorrowedRoot(slw_container& c, MountedRoot root) : c_(c), root_(std::move(root)) {}
    BorrowedRoot(const BorrowedRoot&) = delete;
    BorrowedRoot& operator=(const BorrowedRoot&) = delete;
    ~BorrowedRoot() {
        if (root_.release(c_.backend.workers, c_.backend.config.timeouts)) return;
        c_.root.emplace(std::move(root_));
        c_.root_left = true;
    }

    const MountedRoot& get() const { return root_; }

private:
    slw_container& c_;
    MountedRoot root_;
};

struct Exported {
    LayerStore::Workplace place;
    std::vector<LayerFolder> layers;

    fs::path folder() const { return place.folder / "export"; }
};

// Where nobody has mounted the disk: whether there is anything to look for.
Result<bool> has_run(const slw_container& c) {
    std::error_code code;
    if (fs::exists(machine_mark(c), code)) {
        return Error(ErrorCode::kUnimplemented,
                     "the disk of a container with Hyper-V isolation is its machine's: the host does not look into it")
            .with_resource(c.id);
    }
    return fs::exists(used_mark(c), code);
}

Result<Exported> export_root_of(slw_container& c, const CallLimits& call, const char* wish) {
    // It is asked at any time, while other calls mount and unmount the same root.
    const Limits limits(call, c.backend.config.timeouts.storage);
    const auto root_lock = c.lock_root(limits);
    if (!root_lock) return root_lock.error();
    if (Status released = c.release_left_root(); !released) return std::move(released).error();
    if (c.root) return is_running(c, wish);
    Exported exported;
    const Result<std::vector<std::string>> ids = recorded_layers(c);
    if (!ids) return ids.error();
    Result<std::vector<LayerFolder>> layers = c.backend.layers.chain(*ids);
    if (!layers) return std::move(layers).error();
    exported.layers = std::move(*layers);
    Result<LayerStore::Workplace> place = c.backend.layers.workplace();
    if (!place) return std::move(place).error();
    exported.place = std::move(*place);
    if (Status made = make_directory(exported.folder()); !made) return std::move(made).error();

    const Result<bool> used = has_run(c);
    if (!used) return used.error();
    Result<MountedRoot> root = MountedRoot::mount(c.backend.api, c.backend.workers, c.backend.config.timeouts,
                                                  c.backend.filters, container_disk(c), exported.layers, !*used, call);
    if (!root) return std::move(root).error();
    const BorrowedRoot borrowed(c, std::move(*root));
    if (!*used) {
        if (Status marked = make_directory(used_mark(c)); !marked) return std::move(marked).error();
    }
    const std::u16string from = to_utf16(borrowed.get().volume()), to = to_utf16(utf8_of_path(exported.folder()));
    const std::u16string data = to_utf16(layer_data(exported.layers).dump());
    Status done = privileged_storage_call(c.backend.workers, limits, "HcsExportLayer", borrowed.get().volume(),
                                          [api = c.backend.api, from, to, data, keep = exported.place.leftovers] {
                                              return api->HcsExportLayer(from.c_str(), to.c_str(), data.c_str(),
                                                                         u"{\"IsWritableLayer\":true}");
                                          });
    if (!done) return std::move(done).error();
    return exported;
}

// 0 modified, 1 added, 2 deleted.
int change_of(const TransportEntry& entry, const std::vector<LayerFolder>& layers) {
    if (entry.kind == TransportEntry::Kind::kRemoved) return 2;
    const bool below_too = std::any_of(layers.begin(), layers.end(), [&entry](const LayerFolder& layer) {
        const Result<FileKind> kind = kind_of(below(path_from_utf8(layer.path), entry.path));
        return kind && *kind != FileKind::kNone;
    });
    return below_too ? 0 : 1;
}

}  // namespace

slw_status SLW_CALL root_diff(slw_container* c, const slw_call* call, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<bool> used = has_run(*c);
        if (!used) return used.error();
        if (!*used) return write_to(out, "[]");
        const CallLimits limits(c->backend.host, call);
        const Result<Exported> exported = export_root_of(*c, limits, "diff");
        if (!exported) return exported.error();
        json changes = json::array();
        Status read = read_transport(exported->folder(), [&](const TransportEntry& entry) -> Status {
            // The registry has no names that a container sees.
            if (entry.path[0] != "Files" || entry.path.size() == 1) return ok();
            std::string path;
            for (size_t i = 1; i < entry.path.size(); ++i) path += "/" + entry.path[i];
            changes.push_back({{"Path", path}, {"Kind", change_of(entry, exported->layers)}});
            return limits.check();
        });
        return read ? write_to(out, changes.dump()) : read;
    });
}

slw_status SLW_CALL root_export(slw_container* c, const slw_call* call, slw_sink* tar, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const CallLimits limits(c->backend.host, call);
        const Result<Exported> exported = export_root_of(*c, limits, "export");
        if (!exported) return exported.error();
        return pack_layer(exported->folder(), tar, [&limits] { return limits.check(); });
    });
}

}  // namespace slipway::windows_backend
