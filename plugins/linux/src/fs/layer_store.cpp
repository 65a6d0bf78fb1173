#include <fs/layer_store.hpp>

#include <fs/tree_usage.hpp>
#include <sys/dir.hpp>

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

namespace slipway::linux_backend {
namespace {

constexpr const char* kTemporaryPrefix = ".tmp-";

Error not_found(const std::string& id) {
    return Error(ErrorCode::kNotFound, "layer '" + id + "' does not exist")
        .with_operation("open layer")
        .with_resource(id)
        .with_hint("it was removed from the data root; load the image again");
}

Error bad_id(const std::string& id) {
    return Error(ErrorCode::kInvalidArgument, "invalid layer id '" + id + "'").with_resource(id);
}

Result<LayerInfo> parse_meta(const std::string& id, const std::string& text) {
    const nlohmann::json meta = nlohmann::json::parse(text, nullptr, false);
    if (!meta.is_object() || !meta.contains("size") || !meta.contains("entries") ||
        !meta["size"].is_number_unsigned() || !meta["entries"].is_number_unsigned()) {
        return Error(ErrorCode::kDataLoss, "the meta file of layer '" + id + "' is damaged").with_resource(id);
    }
    return LayerInfo{meta["size"].get<uint64_t>(), meta["entries"].get<uint64_t>()};
}

}  // namespace

bool is_layer_id(const std::string& id) {
    return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

LayerStore::LayerStore(std::string data_root) : path_(std::move(data_root) + "/layers") {}
LayerStore::~LayerStore() = default;

Result<int> LayerStore::root() {
    std::lock_guard lock(mutex_);
    if (root_) return root_.get();
    if (Status made = make_dirs(path_, 0700); !made) return std::move(made).error();
    Result<UniqueFd> dir = open_dir(path_);
    if (!dir) return std::move(dir).error();

    // Whatever still has a temporary name belongs to a process that is gone: one daemon owns a data root.
    Result<std::vector<std::string>> names = read_names(dir->get());
    if (!names) return std::move(names).error().context(path_);
    for (const std::string& name : *names) {
        if (name.rfind(kTemporaryPrefix, 0) != 0) continue;
        if (Status removed = remove_tree(dir->get(), name); !removed) return std::move(removed).error().context(path_);
    }
    root_ = std::move(*dir);
    return root_.get();
}

Result<LayerInfo> LayerStore::stat(const std::string& id) {
    if (!is_layer_id(id)) return bad_id(id);
    Result<int> dir = root();
    if (!dir) return std::move(dir).error();
    Result<UniqueFd> layer = open_below(*dir, id, O_RDONLY | O_DIRECTORY, Links::kRefuse);
    if (!layer) {
        if (layer.error().os().code == ENOENT) return not_found(id);
        return std::move(layer).error().context("layer");
    }
    Result<std::string> text = read_file_at(layer->get(), "meta", 4096);
    if (!text) return std::move(text).error().context("layer '" + id + "'");
    return parse_meta(id, *text);
}

Result<std::vector<std::string>> LayerStore::list() {
    Result<int> dir = root();
    if (!dir) return std::move(dir).error();
    Result<std::vector<std::string>> names = read_names(*dir);
    if (!names) return std::move(names).error().context(path_);
    std::erase_if(*names, [](const std::string& name) { return !is_layer_id(name); });
    return names;
}

Status LayerStore::remove(const std::string& id) {
    if (!is_layer_id(id)) return bad_id(id);
    Result<int> dir = root();
    if (!dir) return std::move(dir).error();
    // Renamed away first: the id is gone at once, whatever happens to the rest.
    const std::string temporary = kTemporaryPrefix + std::to_string(next_temporary_++);
    if (::renameat(*dir, id.c_str(), *dir, temporary.c_str()) != 0) {
        const int err = errno;
        if (err == ENOENT) return ok();
        return Error::from_errno(err, "rename layer '" + id + "'").with_resource(id);
    }
    if (Status removed = remove_tree(*dir, temporary); !removed) {
        return std::move(removed).error().context("layer '" + id + "'");
    }
    return ok();
}

Result<UniqueFd> LayerStore::open_diff(const std::string& id) {
    if (!is_layer_id(id)) return bad_id(id);
    Result<int> dir = root();
    if (!dir) return std::move(dir).error();
    Result<UniqueFd> diff = open_below(*dir, id + "/diff", O_RDONLY | O_DIRECTORY, Links::kRefuse);
    if (!diff && diff.error().os().code == ENOENT) return not_found(id);
    return diff;
}

Result<LayerInfo> LayerStore::add(const std::string& id, const Fill& fill) {
    Result<LayerInfo> existing = stat(id);
    if (existing || existing.error().code() != ErrorCode::kNotFound) return existing;
    Result<int> dir = root();
    if (!dir) return std::move(dir).error();

    const std::string temporary = kTemporaryPrefix + std::to_string(next_temporary_++);
    Result<LayerInfo> info = build(*dir, temporary, fill);
    if (info) info = publish(*dir, temporary, id, *info);
    // After a success the name is gone. A failure to delete is left to the next start of the daemon.
    static_cast<void>(remove_tree(*dir, temporary));
    return info;
}

Result<LayerInfo> LayerStore::build(int root, const std::string& temporary, const Fill& fill) {
    if (Status made = make_dir_at(root, temporary, 0700); !made) return std::move(made).error();
    Result<UniqueFd> layer = open_below(root, temporary, O_RDONLY | O_DIRECTORY, Links::kRefuse);
    if (!layer) return std::move(layer).error();
    if (Status made = make_dir_at(layer->get(), "diff", 0755); !made) return std::move(made).error();
    Result<UniqueFd> diff = open_below(layer->get(), "diff", O_RDONLY | O_DIRECTORY, Links::kRefuse);
    if (!diff) return std::move(diff).error();

    Result<uint64_t> members = fill(diff->get());
    if (!members) return std::move(members).error();
    Result<uint64_t> size = tree_usage(diff->get(), [] { return Status(ok()); });
    if (!size) return std::move(size).error();

    const LayerInfo info{*size, *members};
    const nlohmann::json meta = {{"size", info.size_bytes}, {"entries", info.entry_count}};
    if (Status wrote = write_file_at(layer->get(), "meta", meta.dump()); !wrote) return std::move(wrote).error();
    // Also reports what delayed allocation could not store (since Linux 5.8).
    if (::syncfs(layer->get()) != 0) return Error::from_errno(errno, "sync layer").with_operation("syncfs");
    return info;
}

Result<LayerInfo> LayerStore::publish(int root, const std::string& temporary, const std::string& id, LayerInfo info) {
    if (::renameat2(root, temporary.c_str(), root, id.c_str(), RENAME_NOREPLACE) != 0) {
        const int err = errno;
        // Somebody imported the same id meanwhile. Both are complete; theirs stays.
        if (err == EEXIST) return stat(id);
        return Error::from_errno(err, "rename layer '" + id + "'").with_resource(id);
    }
    if (::fsync(root) != 0) {
        const int err = errno;
        static_cast<void>(remove(id));  // it may not survive a power cut, so it must not be seen either
        return Error::from_errno(err, "sync '" + path_ + "'").with_operation("fsync");
    }
    return info;
}

Result<std::vector<std::string>> read_layers(const slw_root_request* request) {
    if (request == nullptr || !SLW_HAS(request, slw_root_request, layer_count)) {
        return Error(ErrorCode::kInvalidArgument, "root request is too small");
    }
    if ((request->flags & ~SLW_ROOT_READ_ONLY) != 0) return Error(ErrorCode::kInvalidArgument, "root: unknown flag");
    std::vector<std::string> ids;
    for (uint64_t i = 0; i < request->layer_count; ++i) ids.emplace_back(request->layer_ids[i]);
    for (const std::string& id : ids) {
        if (!is_layer_id(id)) {
            return Error(ErrorCode::kInvalidArgument, "invalid layer id '" + id + "'").with_resource(id);
        }
    }
    return ids;
}

}  // namespace slipway::linux_backend
