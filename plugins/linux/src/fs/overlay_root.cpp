#include <fs/overlay_root.hpp>

#include <fs/overlay_mount.hpp>
#include <fs/tree_usage.hpp>
#include <sys/dir.hpp>
#include <sys/mount_api.hpp>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

constexpr const char* kLayersFile = "root.json";
constexpr size_t kMaxLayersFile = size_t{1} << 20;

Result<UniqueFd> open_sub(int dir, const char* name) {
    return open_below(dir, name, O_RDONLY | O_DIRECTORY, Links::kRefuse);
}

// The root of a container without layers. Unlike a fresh superblock, a clone brings along how the data root itself is
// mounted; none of that is meant for the container.
Result<UniqueFd> clone_plain(int upper, int user_namespace, const std::string& name) {
    Result<UniqueFd> tree = clone_tree(upper, false, name);
    if (!tree) return tree;
    MountAttributes plain;
    plain.clear = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    plain.propagation = MS_PRIVATE;
    if (Status set = set_mount_attributes(tree->get(), plain, false, name); !set) return std::move(set).error();
    if (user_namespace < 0) return tree;
    if (Status mapped = map_mount_ids(tree->get(), user_namespace, false, name); !mapped) {
        return std::move(mapped).error();
    }
    return tree;
}

// What is left of the last mount makes the next one two to five times slower. Never while a mount is alive: overlayfs
// copies files up through this directory.
Status empty_work(int dir) {
    Result<UniqueFd> work = open_sub(dir, "work");
    if (!work) return std::move(work).error();
    return remove_contents(work->get());
}

}  // namespace

OverlayRoot::OverlayRoot(LayerStore& store, std::string data_dir) : store_(store), dir_(std::move(data_dir)) {}

Status OverlayRoot::prepare(int dir, const std::vector<std::string>& layers) const {
    if (Status made = make_dir_at(dir, "upper", 0755); !made) return made;
    if (Status made = make_dir_at(dir, "work", 0700); !made) return made;
    Result<std::vector<std::string>> noted = noted_layers(dir);
    if (noted && *noted == layers) return ok();
    return write_file_at(dir, kLayersFile, nlohmann::json{{"layers", layers}}.dump());
}

Status OverlayRoot::create(const std::vector<std::string>& layers) {
    if (Status made = make_dirs(dir_, 0700); !made) return made;
    Result<UniqueFd> dir = open_dir(dir_);
    if (!dir) return std::move(dir).error();
    if (Status prepared = prepare(dir->get(), layers); !prepared) return std::move(prepared).error().context(dir_);
    return ok();
}

Result<std::vector<UniqueFd>> OverlayRoot::open_layers(const std::vector<std::string>& layers) const {
    std::vector<UniqueFd> opened;
    opened.reserve(layers.size());
    for (const std::string& id : layers) {
        Result<UniqueFd> diff = store_.open_diff(id);
        if (!diff) return std::move(diff).error();
        opened.push_back(std::move(*diff));
    }
    return opened;
}

Result<UniqueFd> OverlayRoot::mount(const std::vector<std::string>& layers, const MountUsers& users) {
    // A mount of this root that is still being closed would share upper and work with the new one.
    store_.closer().wait(dir_);
    Result<std::vector<UniqueFd>> opened = open_layers(layers);
    if (!opened) return std::move(opened).error();
    Result<UniqueFd> dir = open_dir(dir_);
    if (!dir) return std::move(dir).error();
    if (Status prepared = prepare(dir->get(), layers); !prepared) return std::move(prepared).error().context(dir_);
    if (Status emptied = empty_work(dir->get()); !emptied) return std::move(emptied).error().context(dir_);
    Result<UniqueFd> upper = open_sub(dir->get(), "upper");
    if (!upper) return std::move(upper).error().context(dir_);
    if (layers.empty()) return clone_plain(upper->get(), users.user_namespace, dir_ + "/upper");
    Result<UniqueFd> work = open_sub(dir->get(), "work");
    if (!work) return std::move(work).error().context(dir_);

    OverlayParts parts;
    for (const UniqueFd& layer : *opened) parts.lower.push_back(layer.get());
    parts.base = dir->get();
    parts.upper = upper->get();
    parts.work = work->get();
    if (users.map != nullptr) {
        parts.user_namespace = users.user_namespace;
        parts.root_uid = *to_host(users.map->uids, 0);
        parts.root_gid = *to_host(users.map->gids, 0);
    }
    Result<UniqueFd> tree = mount_overlay(parts);
    if (!tree) return std::move(tree).error().context("root file system '" + dir_ + "'");
    return tree;
}

Status OverlayRoot::remove() {
    Result<UniqueFd> dir = open_dir(dir_);
    if (!dir) {
        if (dir.error().os().code == ENOENT) return ok();
        return std::move(dir).error();
    }
    for (const char* name : {"upper", "work", kLayersFile}) {
        if (Status removed = remove_tree(dir->get(), name); !removed) return std::move(removed).error().context(dir_);
    }
    return ok();
}

Result<std::vector<std::string>> OverlayRoot::noted_layers(int dir) const {
    Result<std::string> text = read_file_at(dir, kLayersFile, kMaxLayersFile);
    if (!text) return std::move(text).error().context(dir_);
    const nlohmann::json noted = nlohmann::json::parse(*text, nullptr, false);
    std::vector<std::string> layers;
    if (noted.is_object() && noted.contains("layers") && noted["layers"].is_array()) {
        for (const nlohmann::json& id : noted["layers"]) {
            if (id.is_string()) layers.push_back(id.get<std::string>());
        }
        if (layers.size() == noted["layers"].size()) return layers;
    }
    return Error(ErrorCode::kDataLoss, "'" + dir_ + "/" + kLayersFile + "' is damaged").with_resource(dir_);
}

Result<uint64_t> OverlayRoot::size(const std::function<Status()>& check) const {
    Result<UniqueFd> dir = open_dir(dir_);
    if (!dir && dir.error().os().code == ENOENT) return uint64_t{0};
    if (!dir) return std::move(dir).error();
    Result<UniqueFd> upper = open_sub(dir->get(), "upper");
    if (!upper && upper.error().os().code == ENOENT) return uint64_t{0};
    if (!upper) return std::move(upper).error().context(dir_);
    return tree_usage(upper->get(), check);
}

Result<std::vector<RootChange>> OverlayRoot::changes(const std::function<Status()>& check) const {
    Result<UniqueFd> dir = open_dir(dir_);
    if (!dir) return std::move(dir).error();
    Result<std::vector<std::string>> layers = noted_layers(dir->get());
    if (!layers) return std::move(layers).error();
    Result<std::vector<UniqueFd>> opened = open_layers(*layers);
    if (!opened) return std::move(opened).error();
    Result<UniqueFd> upper = open_sub(dir->get(), "upper");
    if (!upper) return std::move(upper).error().context(dir_);
    return diff_root(upper->get(), *opened, check);
}

}  // namespace slipway::linux_backend
