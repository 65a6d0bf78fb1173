// slw.mount/1: layers, the writable layer, directories and pipes of the host.
#include <ops/container_files.hpp>
#include <ops/ops_common.hpp>
#include <ops/root_contents.hpp>

#include <documents/environment.hpp>
#include <documents/paths.hpp>
#include <documents/utf8_text.hpp>
#include <hcs/errors.hpp>
#include <layers/base_layer.hpp>
#include <sys/file_tree.hpp>
#include <vm/utility_vm.hpp>
#include <vm/vm_access.hpp>

#include <algorithm>
#include <thread>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

CallLimits limits_of(slw_backend* b, const slw_call* call) {
    return CallLimits(b->host, call);
}

slw_status SLW_CALL layer_import(slw_backend* b, const slw_call* call, const char* layer_id,
                                 const char* const* parent_ids, uint64_t parent_count, const slw_source* tar,
                                 slw_layer_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (layer_id == nullptr || tar == nullptr || tar->read == nullptr ||
            (parent_count > 0 && parent_ids == nullptr)) {
            return Error(ErrorCode::kInvalidArgument, "layer import: an argument is missing");
        }
        const std::vector<std::string> parents(parent_ids, parent_ids + parent_count);
        const Result<slw_layer_info> info = b->layers.import(layer_id, parents, *tar, limits_of(b, call));
        if (!info) return info.error();
        if (out != nullptr && SLW_HAS(out, slw_layer_info, entry_count)) {
            out->size_bytes = info->size_bytes;
            out->entry_count = info->entry_count;
        }
        return ok();
    });
}

slw_status SLW_CALL layer_stat(slw_backend* b, const char* layer_id, slw_layer_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<slw_layer_info> info = b->layers.stat(layer_id == nullptr ? "" : layer_id);
        if (!info) return info.error();
        if (out != nullptr && SLW_HAS(out, slw_layer_info, entry_count)) {
            out->size_bytes = info->size_bytes;
            out->entry_count = info->entry_count;
        }
        return ok();
    });
}

slw_status SLW_CALL layer_remove(slw_backend* b, const slw_call* call, const char* layer_id, slw_error* err) noexcept {
    return guarded(err, [&] { return b->layers.remove(layer_id == nullptr ? "" : layer_id, limits_of(b, call)); });
}

slw_status SLW_CALL layer_list(slw_backend* b, const slw_call*, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&] { return write_to(out, json(b->layers.list()).dump()); });
}

std::vector<std::string> ids_of(const slw_root_request& req) {
    return {req.layer_ids, req.layer_ids + req.layer_count};
}

Result<std::vector<LayerFolder>> layers_of(const slw_container& c, const slw_root_request* req) {
    if (req == nullptr || !SLW_HAS(req, slw_root_request, layer_count)) {
        return Error(ErrorCode::kInvalidArgument, "root request is too small");
    }
    if ((req->flags & ~SLW_ROOT_READ_ONLY) != 0) return Error(ErrorCode::kInvalidArgument, "root: unknown flag");
    if ((req->flags & SLW_ROOT_READ_ONLY) != 0) {
        return Error(ErrorCode::kInvalidArgument, "Windows does not support root filesystem in read-only mode");
    }
    return c.backend.layers.chain(ids_of(*req));
}

slw_status SLW_CALL root_create(slw_container* c, const slw_call*, const slw_root_request* req,
                                slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto layers = layers_of(*c, req);
        if (!layers) return layers.error();
        std::error_code code;
        if (fs::exists(container_disk(*c), code) || layers->empty()) return ok();
        const Result<fs::path> blank = c->backend.layers.blank_disk(*layers);
        if (!blank) return blank.error();
        if (Status recorded = record_layers(*c, ids_of(*req)); !recorded) return recorded;
        return copy_disk(*blank, container_disk(*c));
    });
}

// After a crash nobody else knows that its machine is in the access lists of the image's disks.
void forget_machine(slw_container& c) {
    std::error_code code;
    if (!fs::exists(machine_mark(c), code)) return;
    const auto ids = recorded_layers(c);
    const auto layers = ids ? c.backend.layers.chain(*ids) : Result<std::vector<LayerFolder>>(ids.error());
    if (!layers) return;  // they went, and the lists with them
    VmAccess access(c.backend.api, c.backend.workers, c.backend.access, machine_id(c.id));
    for (const fs::path& disk : disks_below_machines(*layers)) access.expect(disk);
    if (Status taken = access.take_back(c.backend.config.timeouts.undo); !taken) {
        c.backend.host.warn("container " + c.id + ": " + taken.error().message() + ", ignoring");
    }
}

Status destroy_writable_layer(slw_container& c, const fs::path& folder) {
    const Result<FileKind> kind = kind_of(folder);
    if (!kind) return kind.error();
    if (*kind == FileKind::kNone) return ok();
    const std::u16string path = to_utf16(utf8_of_path(folder));
    Status destroyed =
        storage_call(c.backend.workers, Limits(c.backend.config.timeouts.undo), "HcsDestroyLayer", utf8_of_path(folder),
                     [api = c.backend.api, path] { return api->HcsDestroyLayer(path.c_str()); });
    // It can say that it did and leave something.
    Status removed = remove_tree(folder);
    if (removed) return ok();
    return destroyed ? removed : destroyed;
}

// Under another name a half-removed layer is never taken for a whole one. A process that ended may have left the disk
// attached for a moment; until it is not, its folder cannot be renamed.
Status rename_patiently(const fs::path& from, const fs::path& to, const Limits& limits) {
    while (true) {
        std::error_code code;
        fs::rename(from, to, code);
        if (!code || !fs::exists(from, code)) return ok();
        if (!limits.check("")) {
            return Error::from_code(code, "rename '" + utf8_of_path(from) + "'").with_resource(utf8_of_path(from));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

slw_status SLW_CALL root_remove(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const fs::path folder = writable_layer(*c);
        const auto root_lock = c->lock_root(Limits(c->backend.config.timeouts.undo));
        if (!root_lock) return root_lock.error();
        if (Status released = c->release_left_root(); !released) return released;
        if (c->root) return Error(ErrorCode::kConflict, "the root of " + c->id + " is mounted").with_resource(c->id);
        forget_machine(*c);
        // What an earlier attempt, or one before a crash, could not finish goes first.
        const fs::path removing = path_from_utf8(c->data_dir) / "scratch-removing";
        if (Status destroyed = destroy_writable_layer(*c, removing); !destroyed) return destroyed;
        if (Status renamed = rename_patiently(folder, removing, Limits(c->backend.config.timeouts.undo)); !renamed) {
            return renamed;
        }
        return destroy_writable_layer(*c, removing);
    });
}

slw_status SLW_CALL root_mount(slw_container* c, const slw_call* call, const slw_root_request* req,
                               slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto layers = layers_of(*c, req);
        if (!layers) return layers.error();
        const auto root_lock = c->lock_root(Limits(limits_of(&c->backend, call), c->backend.config.timeouts.storage));
        if (!root_lock) return root_lock.error();
        if (Status released = c->release_left_root(); !released) return released;
        if (c->root) return Error(ErrorCode::kConflict, "the root of " + c->id + " is mounted").with_resource(c->id);
        if (layers->empty()) {
            return Error(ErrorCode::kInvalidArgument, "a Windows container needs an image with at least one layer");
        }
        std::error_code code;
        if (!fs::exists(container_disk(*c), code)) {
            return Error(ErrorCode::kNotFound, "container " + c->id + " has no writable layer").with_resource(c->id);
        }
        const bool first = !fs::exists(used_mark(*c), code);
        Result<MountedRoot> root =
            MountedRoot::mount(c->backend.api, c->backend.workers, c->backend.config.timeouts, c->backend.filters,
                               container_disk(*c), *layers, first, limits_of(&c->backend, call));
        if (!root) return std::move(root).error();
        c->root.emplace(std::move(*root));
        // Without it the next run would have the disk initialised again, with what this one wrote on it.
        Status marked = first ? make_directory(used_mark(*c)) : ok();
        if (!marked) {
            if (c->root->release(c->backend.workers, c->backend.config.timeouts)) c->root.reset();
            c->root_left = c->root.has_value();
        }
        return marked;
    });
}

slw_status SLW_CALL root_unmount(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto root_lock = c->lock_root(Limits(c->backend.config.timeouts.undo));
        if (!root_lock) return root_lock.error();
        if (!c->root) return ok();
        Status released = c->root->release(c->backend.workers, c->backend.config.timeouts);
        if (released) {
            c->root.reset();
            c->root_left = false;
        }
        return released;
    });
}

// The C++ library of mingw-w64 takes junctions for directories and symbolic links for what they lead to.
Result<bool> has_link(const fs::path& path) {
    fs::path part = path.root_path();
    for (const fs::path& step : path.relative_path()) {
        part /= step;
        const Result<FileKind> kind = kind_of(part);
        if (!kind) return kind.error();
        if (*kind == FileKind::kLink) return true;
    }
    return false;
}

Error refuse(const std::string& message, const std::string& resource) {
    return Error(ErrorCode::kInvalidArgument, message).with_operation("mount").with_resource(resource);
}

Status check_source(const fs::path& path, const std::string& source, uint32_t flags) {
    if (!path.is_absolute()) return refuse("invalid mount source '" + source + "': not an absolute path", source);
    std::error_code code;
    if (!fs::exists(path, code) && (flags & SLW_MOUNT_CREATE_SOURCE) != 0) fs::create_directories(path, code);
    if (!fs::exists(path, code)) {
        return Error(ErrorCode::kNotFound, "mount source '" + source + "' does not exist")
            .with_operation("mount")
            .with_resource(source);
    }
    if (!fs::is_directory(path, code)) {
        return Error(ErrorCode::kMountType, "mount source '" + source + "': Windows maps directories only")
            .with_operation("mount")
            .with_resource(source);
    }
    const Result<bool> linked = has_link(path);
    if (!linked) return Error(linked.error()).with_operation("mount");
    if (*linked) return refuse("mount source '" + source + "' has a symbolic link in it", source);
    return ok();
}

Status plan(const slw_mount_request& req, PreparedMapping& mapping) {
    constexpr uint32_t kKnown = SLW_MOUNT_READ_ONLY | SLW_MOUNT_RECURSIVE_READ_ONLY | SLW_MOUNT_CREATE_SOURCE |
                                SLW_MOUNT_NO_RECURSIVE | SLW_MOUNT_NO_EXEC | SLW_MOUNT_NO_SUID | SLW_MOUNT_NO_DEV |
                                SLW_MOUNT_COPY_UP | SLW_MOUNT_NO_SYMLINKS;
    if ((req.flags & ~kKnown) != 0) return refuse("mount: unknown flag", "");
    const std::string target = req.target == nullptr ? "" : req.target;
    const std::string source = req.source == nullptr ? "" : req.source;
    const auto inside = pipe_name(target), outside = pipe_name(source);
    if (inside || outside) {
        if (!inside || !outside) return refuse("mount '" + target + "': both sides must be named pipes", target);
        if ((req.flags & SLW_MOUNT_READ_ONLY) != 0)
            return refuse("mount '" + target + "': a pipe is never read-only", target);
        mapping.target = target;
        mapping.pipe = MappedPipe{R"(\\.\pipe\)" + *outside, *inside};
        return ok();
    }
    const Result<std::string> normal = normalise_container_path(target);
    if (!normal) return std::move(Error(normal.error())).with_operation("mount");
    const std::string propagation = req.propagation == nullptr ? "" : req.propagation;
    if (!propagation.empty() && propagation != "rprivate" && propagation != "private") {
        return refuse("invalid propagation mode '" + propagation + "' on windows", propagation);
    }
    if (req.source == nullptr) {
        return Error(ErrorCode::kUnimplemented, "mount '" + target + "': Windows has no in-memory mounts")
            .with_operation("mount")
            .with_resource(target);
    }
    if (Status checked = check_source(path_from_utf8(source), source, req.flags); !checked) return checked;
    mapping.target = *normal;
    mapping.directory = MappedDirectory{source, *normal, (req.flags & SLW_MOUNT_READ_ONLY) != 0};
    return ok();
}

slw_status SLW_CALL mount(slw_container* c, const slw_call* call, const slw_mount_request* req, uint64_t* out_id,
                          slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (req == nullptr || out_id == nullptr || !SLW_HAS(req, slw_mount_request, propagation)) {
            return Error(ErrorCode::kInvalidArgument, "mount request is too small");
        }
        if (Status allowed = limits_of(&c->backend, call).check(); !allowed) return allowed;
        PreparedMapping mapping;
        if (Status planned = plan(*req, mapping); !planned) return planned;
        for (const PreparedMapping& other : c->mappings) {
            if (!equal_ignoring_case(other.target, mapping.target)) continue;
            return Error(ErrorCode::kConflict, "mount target '" + mapping.target + "' is taken")
                .with_operation("mount")
                .with_resource(mapping.target);
        }
        mapping.id = c->next_mapping++;
        *out_id = mapping.id;
        c->mappings.push_back(std::move(mapping));
        return ok();
    });
}

slw_status SLW_CALL unmount(slw_container* c, const slw_call*, uint64_t id, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const auto same = [id](const PreparedMapping& mapping) { return mapping.id == id; };
        c->mappings.erase(std::remove_if(c->mappings.begin(), c->mappings.end(), same), c->mappings.end());
        return ok();
    });
}

// The disk grows with what is written; it never shrinks, so this is an upper bound.
slw_status SLW_CALL root_size(slw_container* c, const slw_call*, uint64_t* out_bytes, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (out_bytes == nullptr) return Error(ErrorCode::kInvalidArgument, "no place for the size");
        std::error_code code;
        const uintmax_t size = fs::file_size(container_disk(*c), code);
        *out_bytes = code ? 0 : size;
        return ok();
    });
}

}  // namespace

const slw_mount_ops kMountOps = {
    sizeof(slw_mount_ops), 0,          layer_import, layer_stat, layer_remove, layer_list, root_create,
    root_remove,           root_mount, root_unmount, mount,      unmount,      root_size,  root_diff,
    root_export,
};

}  // namespace slipway::windows_backend
