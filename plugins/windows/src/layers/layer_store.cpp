#include <layers/layer_store.hpp>

#include <documents/guid.hpp>
#include <documents/json_access.hpp>
#include <documents/utf8_text.hpp>
#include <layers/base_layer.hpp>
#include <layers/base_writer.hpp>
#include <layers/storage_calls.hpp>
#include <layers/upper_writer.hpp>
#include <sys/durable.hpp>
#include <sys/file_tree.hpp>
#include <sys/privileges.hpp>

#include <algorithm>
#include <fstream>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool is_id(const std::string& id) {
    return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

slw_layer_info info_of(uint64_t size, uint64_t entries) {
    slw_layer_info info{};
    info.struct_size = sizeof(info);
    info.size_bytes = size;
    info.entry_count = entries;
    return info;
}

// Of folders in which a layer is on its way.
constexpr const char* kWorkplace = "work.";

Status write_text(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (file) return ok();
    return Error(ErrorCode::kSystem, "write '" + utf8_of_path(path) + "' failed").with_resource(utf8_of_path(path));
}

}  // namespace

LayerStore::LayerStore(Host host, Api api, Workers& workers, const Timeouts& timeouts, const std::string& data_root)
    : host_(host),
      api_(std::move(api)),
      workers_(workers),
      timeouts_(timeouts),
      root_(path_from_utf8(data_root) / "layers") {}

Result<slw_layer_info> LayerStore::stat(const std::string& id) const {
    std::ifstream file(root_ / (id + ".json"));
    const json record = is_id(id) && file ? json::parse(file, nullptr, false) : json();
    if (!record.is_object()) {
        return Error(ErrorCode::kNotFound, "no layer " + id).with_resource(id);
    }
    return info_of(static_cast<uint64_t>(read_int(record, "size")), static_cast<uint64_t>(read_int(record, "entries")));
}

std::vector<std::string> LayerStore::list() const {
    std::vector<std::string> ids;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(root_, none)) {
        const std::string stem = utf8_of_path(entry.path().stem());
        if (entry.path().extension() == ".json" && is_id(stem)) ids.push_back(stem);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

Result<std::vector<LayerFolder>> LayerStore::chain(const std::vector<std::string>& lowest_first) const {
    std::vector<LayerFolder> folders;
    for (auto id = lowest_first.rbegin(); id != lowest_first.rend(); ++id) {
        if (const auto known = stat(*id); !known) return known.error();
        folders.push_back({guid_of_id(*id).text(), utf8_of_path(root_ / *id)});
    }
    return folders;
}

Result<fs::path> LayerStore::blank_disk(const std::vector<LayerFolder>& nearest_first) const {
    for (const LayerFolder& layer : nearest_first) {
        const fs::path disk = container_disks(path_from_utf8(layer.path)).blank;
        std::error_code ignored;
        if (fs::exists(disk, ignored)) return disk;
    }
    return Error(ErrorCode::kDataLoss, "no layer of the image has a blank disk: it has no base layer");
}

Result<slw_layer_info> LayerStore::import(const std::string& id, const std::vector<std::string>& parents,
                                          const slw_source& tar, const CallLimits& call) {
    if (!is_id(id)) return Error(ErrorCode::kInvalidArgument, "layer id '" + id + "' is not 64 lower-case hex digits");
    if (auto known = stat(id)) return known;
    if (Status allowed = call.check(); !allowed) return std::move(allowed).error();
    const auto folders = chain(parents);
    if (!folders) return folders.error();
    UnpackedLayer unpacked;
    if (Status built = build(id, *folders, tar, call, unpacked); !built) return std::move(built).error();
    return info_of(unpacked.size_bytes, unpacked.entry_count);
}

Result<LayerStore::Workplace> LayerStore::workplace() {
    std::error_code code;
    fs::create_directories(root_, code);
    if (code) return Error::from_code(code, "create '" + utf8_of_path(root_) + "'").with_resource(utf8_of_path(root_));
    remove_debris();
    Workplace place;
    while (true) {
        place.folder = root_ / (kWorkplace + std::to_string(++workplaces_));
        const Result<FileKind> taken = kind_of(place.folder);  // by debris that stayed
        if (!taken) return taken.error();
        if (*taken == FileKind::kNone) break;
    }
    place.leftovers = std::make_shared<Leftovers>(std::vector<fs::path>{place.folder});
    if (Status made = make_directory(place.folder); !made) return std::move(made).error();
    return place;
}

// What a daemon that died in the middle of its work has left. Once: later there are folders that calls work in. What
// cannot be removed is tried again by the next daemon.
void LayerStore::remove_debris() {
    const std::lock_guard once(debris_mutex_);
    if (std::exchange(debris_removed_, true)) return;
    const auto entries = list_directory(root_);
    if (!entries) return host_.warn("debris of layers: " + entries.error().message() + ", ignoring");
    for (const FileEntry& entry : *entries) {
        if (entry.name.starts_with(kWorkplace)) try_destroy(root_ / entry.native);
    }
}

Status LayerStore::build(const std::string& id, const std::vector<LayerFolder>& parents, const slw_source& tar,
                         const CallLimits& call, UnpackedLayer& unpacked) {
    // Without its record it is what a failure between the two left.
    if (Status removed = destroy_folder(root_ / id); !removed) return removed;
    const Result<Workplace> place = workplace();
    if (!place) return place.error();
    const fs::path layer = place->folder / "layer";
    TarStream stream(tar, [&call] { return call.check(); });
    Status ready = parents.empty() ? build_base(*place, stream, call, unpacked)
                                   : build_on_parents(*place, parents, stream, call, unpacked);
    const fs::path folder = root_ / id;
    std::error_code code;
    if (ready) fs::rename(layer, folder, code);
    if (code) ready = Error::from_code(code, "rename layer " + id).with_resource(id);
    if (ready) ready = make_blank_disks(api_, workers_, timeouts_, folder, call, place->leftovers);
    if (ready) ready = sync_tree(folder);
    if (ready) ready = record(id, unpacked);
    if (ready) return ok();
    const ErrorCode why = ready.error().code();
    undo_build(id, layer, why == ErrorCode::kCancelled || why == ErrorCode::kDeadlineExceeded);
    return ready;
}

// The system has its own ways to remove what it made. But a call that was given up may still work in there: then the
// layer stays in the workplace, or goes back to it, and is removed with it when that call has ended.
void LayerStore::undo_build(const std::string& id, const fs::path& layer, bool given_up) {
    const fs::path folder = root_ / id;
    std::error_code ignored;
    fs::remove(root_ / (id + ".json"), ignored);
    if (given_up) {
        fs::rename(folder, layer, ignored);
    } else {
        try_destroy(layer);
    }
    try_destroy(folder);
}

Status LayerStore::build_base(const Workplace& place, TarStream& tar, const CallLimits& call, UnpackedLayer& unpacked) {
    const fs::path layer = place.folder / "layer";
    if (Status made = make_directory(layer); !made) return made;
    {
        const Result<BackupPrivileges> privileges = BackupPrivileges::take();
        if (!privileges) return privileges.error();
        BaseWriter writer(layer);
        const Result<UnpackedLayer> done = unpack_layer(tar, writer);
        if (!done) return done.error();
        unpacked = *done;
    }
    return set_up_base_layer(api_, workers_, timeouts_, layer, call, place.leftovers);
}

Status LayerStore::build_on_parents(const Workplace& place, const std::vector<LayerFolder>& parents, TarStream& tar,
                                    const CallLimits& call, UnpackedLayer& unpacked) {
    const fs::path layer = place.folder / "layer", transport = place.folder / "transport";
    std::vector<fs::path> folders;
    for (const LayerFolder& parent : parents) folders.push_back(path_from_utf8(parent.path));
    for (const fs::path& made : {transport, layer}) {
        if (Status done = make_directory(made); !done) return done;
    }
    const Result<BackupPrivileges> privileges = BackupPrivileges::take();
    if (!privileges) return privileges.error();
    UpperWriter writer(transport, folders, layer);
    const Result<UnpackedLayer> done = unpack_layer(tar, writer);
    if (!done) return done.error();
    unpacked = *done;
    const std::u16string to = to_utf16(utf8_of_path(layer)), from = to_utf16(utf8_of_path(transport));
    const std::u16string data = to_utf16(layer_data(parents).dump());
    Status imported =
        privileged_storage_call(workers_, Limits(call, timeouts_.storage), "HcsImportLayer", utf8_of_path(layer),
                                [api = api_, to, from, data, keep = place.leftovers] {
                                    return api->HcsImportLayer(to.c_str(), from.c_str(), data.c_str());
                                });
    if (!imported) return imported;
    if (Status completed = writer.complete(); !completed) return completed;
    return writer.has_machine() ? set_up_machine(api_, workers_, timeouts_, layer, call, place.leftovers)
                                : Status(ok());
}

// From here on the layer is there.
Status LayerStore::record(const std::string& id, const UnpackedLayer& unpacked) {
    const json record = {{"size", unpacked.size_bytes}, {"entries", unpacked.entry_count}};
    const fs::path fresh = root_ / (id + ".new");
    std::error_code code;
    if (Status written = write_text(fresh, record.dump()); !written) return written;
    fs::rename(fresh, root_ / (id + ".json"), code);
    if (code) return Error::from_code(code, "record layer " + id).with_resource(id);
    return sync_file(root_ / (id + ".json"));
}

// HcsDestroyLayer runs with high privileges, so it only ever sees a path below our own folder.
Status LayerStore::destroy_folder(const fs::path& folder) {
    const Result<FileKind> kind = kind_of(folder);
    if (!kind) return kind.error();
    if (*kind == FileKind::kNone) return ok();
    const std::u16string path = to_utf16(utf8_of_path(folder));
    Status destroyed =
        privileged_storage_call(workers_, Limits(timeouts_.undo), "HcsDestroyLayer", utf8_of_path(folder),
                                [api = api_, path] { return api->HcsDestroyLayer(path.c_str()); });
    // It can say that it did and leave something.
    Status removed = remove_layer_tree(folder);
    if (removed) return ok();
    return destroyed ? removed : destroyed;
}

void LayerStore::try_destroy(const fs::path& folder) {
    if (const Status destroyed = destroy_folder(folder); !destroyed) {
        host_.warn("remove '" + utf8_of_path(folder) + "': " + destroyed.error().message() + ", ignoring");
    }
}

Status LayerStore::remove(const std::string& id, const CallLimits& call) {
    if (!is_id(id)) return ok();
    if (Status allowed = call.check(); !allowed) return allowed;
    std::error_code code;
    fs::remove(root_ / (id + ".json"), code);
    return destroy_folder(root_ / id);
}

}  // namespace slipway::windows_backend
