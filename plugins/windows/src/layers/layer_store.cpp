#include <layers/layer_store.hpp>

#include <documents/guid.hpp>
#include <documents/json_access.hpp>
#include <documents/utf8_text.hpp>
#include <layers/base_layer.hpp>
#include <layers/layer_unpack.hpp>
#include <layers/storage_calls.hpp>
#include <sys/durable.hpp>

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

fs::path with_suffix(const fs::path& path, const char* suffix) {
    fs::path longer = path;
    longer += suffix;
    return longer;
}

Status write_text(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (file) return ok();
    return Error(ErrorCode::kSystem, "write '" + utf8_of_path(path) + "' failed").with_resource(utf8_of_path(path));
}

}  // namespace

LayerStore::LayerStore(Api api, Workers& workers, const Timeouts& timeouts, const std::string& data_root)
    : api_(std::move(api)), workers_(workers), timeouts_(timeouts), root_(path_from_utf8(data_root) / "layers") {}

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
        const std::string stem = entry.path().stem().string();
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
    std::error_code code;
    fs::create_directories(root_, code);
    slw_layer_info info = info_of(0, 0);
    Status built = build(id, *folders, tar, call, info);
    // Whatever is left of a failure, this one or one before a crash, has no record and is in nobody's way but ours.
    fs::remove_all(with_suffix(root_ / id, ".transport"), code);
    if (built) return info;
    fs::remove(root_ / (id + ".json"), code);
    (void)destroy_folder(with_suffix(root_ / id, ".partial"));
    (void)destroy_folder(root_ / id);
    return std::move(built).error();
}

Status LayerStore::build(const std::string& id, const std::vector<LayerFolder>& parents, const slw_source& tar,
                         const CallLimits& call, slw_layer_info& info) {
    const fs::path folder = root_ / id, partial = with_suffix(folder, ".partial");
    const fs::path transport = with_suffix(folder, ".transport");
    for (const fs::path& stale : {folder, partial, transport}) {
        if (Status removed = destroy_folder(stale); !removed) return removed;
    }
    std::error_code code;
    const fs::path& into = parents.empty() ? partial : transport;
    fs::create_directories(into, code);
    if (code) return Error(ErrorCode::kSystem, "create '" + utf8_of_path(into) + "': " + code.message());
    TarStream stream(tar, [&call] { return call.check(); });
    const Result<UnpackedLayer> unpacked = unpack_layer(stream, into);
    if (!unpacked) return unpacked.error();
    if (!unpacked->removed.empty()) {
        // As the layer writers of Windows leave it for the import.
        std::string list = "\xEF\xBB\xBFVersion 1.0\n";
        for (const std::string& path : unpacked->removed) list += "\\" + path + "\n";
        if (Status written = write_text(into / "tombstones.txt", list); !written) return written;
    }
    Status ready = parents.empty() ? set_up_base_layer(api_, workers_, timeouts_, partial, call)
                                   : import_on_parents(partial, transport, parents, call);
    if (!ready) return ready;
    fs::rename(partial, folder, code);
    if (code) return Error(ErrorCode::kSystem, "rename layer " + id + ": " + code.message()).with_resource(id);
    if (parents.empty()) {
        if (Status made = make_blank_disks(api_, workers_, timeouts_, folder, call); !made) return made;
    }
    if (Status synced = sync_tree(folder); !synced) return synced;
    const json record = {{"size", unpacked->size_bytes}, {"entries", unpacked->entry_count}};
    const fs::path fresh = root_ / (id + ".new");
    if (Status written = write_text(fresh, record.dump()); !written) return written;
    fs::rename(fresh, root_ / (id + ".json"), code);
    if (code) return Error(ErrorCode::kSystem, "record layer " + id + ": " + code.message()).with_resource(id);
    info = info_of(unpacked->size_bytes, unpacked->entry_count);
    return sync_tree(root_);
}

Status LayerStore::import_on_parents(const fs::path& folder, const fs::path& transport,
                                     const std::vector<LayerFolder>& parents, const CallLimits& call) {
    const std::u16string to = to_utf16(utf8_of_path(folder)), from = to_utf16(utf8_of_path(transport));
    const std::u16string data = to_utf16(layer_data(parents).dump());
    return storage_call(
        workers_, Limits(call, timeouts_.storage), "HcsImportLayer", utf8_of_path(folder),
        [api = api_, to, from, data] { return api->HcsImportLayer(to.c_str(), from.c_str(), data.c_str()); });
}

// HcsDestroyLayer runs with high privileges, so it only ever sees a path below our own folder.
Status LayerStore::destroy_folder(const fs::path& folder) {
    std::error_code code;
    if (!fs::exists(folder, code)) return ok();
    const std::u16string path = to_utf16(utf8_of_path(folder));
    Status destroyed = storage_call(workers_, Limits(timeouts_.undo), "HcsDestroyLayer", utf8_of_path(folder),
                                    [api = api_, path] { return api->HcsDestroyLayer(path.c_str()); });
    fs::remove_all(folder, code);
    if (!fs::exists(folder, code)) return ok();
    return destroyed ? Status(Error(ErrorCode::kSystem, "remove '" + utf8_of_path(folder) + "' failed")) : destroyed;
}

Status LayerStore::remove(const std::string& id, const CallLimits& call) {
    if (!is_id(id)) return ok();
    if (Status allowed = call.check(); !allowed) return allowed;
    std::error_code code;
    fs::remove(root_ / (id + ".json"), code);
    return destroy_folder(root_ / id);
}

}  // namespace slipway::windows_backend
