// plugins/linux/src/fs/mount_ops.cpp - slw.mount/1: checks what crosses the ABI and hands it to the classes beside.
#include <container.hpp>
#include <fs/copy_up.hpp>
#include <fs/layer_import.hpp>
#include <fs/layer_store.hpp>
#include <fs/mounts.hpp>
#include <fs/overlay_root.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/host.hpp>
#include <slipway/cpp/text.hpp>
#include <tables.hpp>

#include <nlohmann/json.hpp>

#include <functional>

namespace slipway::linux_backend {
namespace {

std::function<Status()> limits_of(const slw_backend& backend, const slw_call* call) {
    return [limits = CallLimits(backend.host, call)] { return limits.check(); };
}

OverlayRoot root_of(const slw_container& c) {
    return OverlayRoot(*c.backend.layers, c.data_dir);
}

Status store_info(const Result<LayerInfo>& info, slw_layer_info* out) {
    if (!info) return info.error();
    if (out == nullptr || !SLW_HAS(out, slw_layer_info, entry_count)) {
        return Error(ErrorCode::kInvalidArgument, "no place for the layer's information");
    }
    out->size_bytes = info->size_bytes;
    out->entry_count = info->entry_count;
    return ok();
}

// Closing the last reference may write the upper file system back: not on the caller's time.
void release_root(slw_container& c) {
    if (!c.root) return;
    c.backend.layers->closer().close(std::move(c.root->tree), c.data_dir);
    c.root.reset();
    c.user_namespace.reset();
}

// Made with the root, which is the first to need it, and gone with it; processes keep theirs.
Status prepare_user_namespace(slw_container& c) {
    if (!c.id_map) return ok();
    Result<UserNamespace> made = make_user_namespace(*c.backend.supervisor, *c.id_map);
    if (!made) return std::move(made).error();
    c.user_namespace = std::move(*made);
    return ok();
}

MountUsers users_of(const slw_container& c) {
    if (!c.user_namespace) return {};
    return {&*c.id_map, c.user_namespace->fd.get()};
}

// parent_ids are not needed: overlayfs resolves whiteouts when the layers are stacked.
slw_status SLW_CALL layer_import(slw_backend* b, const slw_call* call, const char* layer_id, const char* const*,
                                 uint64_t, const slw_source* tar, slw_layer_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (tar == nullptr || tar->read == nullptr) return Error(ErrorCode::kInvalidArgument, "no source given");
        return store_info(import_layer(*b->layers, layer_id, tar, default_import_limits(), limits_of(*b, call)), out);
    });
}

slw_status SLW_CALL layer_stat(slw_backend* b, const char* layer_id, slw_layer_info* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status { return store_info(b->layers->stat(layer_id), out); });
}

slw_status SLW_CALL layer_remove(slw_backend* b, const slw_call*, const char* layer_id, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status { return b->layers->remove(layer_id); });
}

slw_status SLW_CALL layer_list(slw_backend* b, const slw_call*, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Result<std::vector<std::string>> ids = b->layers->list();
        if (!ids) return std::move(ids).error();
        return write_to(out, nlohmann::json(*ids).dump());
    });
}

slw_status SLW_CALL root_create(slw_container* c, const slw_call*, const slw_root_request* req,
                                slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Result<std::vector<std::string>> layers = read_layers(req);
        if (!layers) return std::move(layers).error();
        return root_of(*c).create(*layers);
    });
}

slw_status SLW_CALL root_remove(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        release_root(*c);
        return root_of(*c).remove();
    });
}

slw_status SLW_CALL root_mount(slw_container* c, const slw_call*, const slw_root_request* req,
                               slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (c->root) {
            return Error(ErrorCode::kConflict, "the root file system of '" + c->short_id() + "' is mounted already");
        }
        Result<std::vector<std::string>> layers = read_layers(req);
        if (!layers) return std::move(layers).error();
        if (Status prepared = prepare_user_namespace(*c); !prepared) return prepared;
        Result<UniqueFd> tree = root_of(*c).mount(*layers, users_of(*c));
        if (!tree) {
            c->user_namespace.reset();
            return std::move(tree).error();
        }
        c->root.emplace();
        c->root->tree = std::move(*tree);
        c->root->read_only = (req->flags & SLW_ROOT_READ_ONLY) != 0;
        return ok();
    });
}

slw_status SLW_CALL root_unmount(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        release_root(*c);
        return ok();
    });
}

slw_status SLW_CALL mount_one(slw_container* c, const slw_call* call, const slw_mount_request* req, uint64_t* out_id,
                              slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (req == nullptr || !SLW_HAS(req, slw_mount_request, mode)) {
            return Error(ErrorCode::kInvalidArgument, "mount request is too small");
        }
        Result<MountPlan> plan = plan_mount(*req);
        if (!plan) return std::move(plan).error();
        if (plan->copy_up && c->root) {
            Status filled = copy_up(c->root->tree.get(), plan->target, plan->source, limits_of(c->backend, call),
                                    c->id_map ? &*c->id_map : nullptr);
            if (!filled) return filled;
        }
        Result<uint64_t> id = add_mount(c->mounts, *plan, users_of(*c));
        if (!id) return std::move(id).error();
        *out_id = *id;
        return ok();
    });
}

slw_status SLW_CALL unmount_one(slw_container* c, const slw_call*, uint64_t id, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        remove_mount(c->mounts, id);
        return ok();
    });
}

slw_status SLW_CALL root_size(slw_container* c, const slw_call* call, uint64_t* out_bytes, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Result<uint64_t> bytes = root_of(*c).size(limits_of(c->backend, call));
        if (!bytes) return std::move(bytes).error();
        *out_bytes = *bytes;
        return ok();
    });
}

slw_status SLW_CALL root_diff(slw_container* c, const slw_call* call, slw_sink* out, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        Result<std::vector<RootChange>> changes = root_of(*c).changes(limits_of(c->backend, call));
        if (!changes) return std::move(changes).error();
        nlohmann::json list = nlohmann::json::array();
        for (const RootChange& change : *changes) {
            list.push_back({{"Path", change.path}, {"Kind", static_cast<int>(change.kind)}});
        }
        // File names are bytes; the ones that are not UTF-8 are shown with replacement characters.
        return write_to(out, list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    });
}

}  // namespace

const slw_mount_ops kMountOps = {
    sizeof(slw_mount_ops),
    0,
    layer_import,
    layer_stat,
    layer_remove,
    layer_list,
    root_create,
    root_remove,
    root_mount,
    root_unmount,
    mount_one,
    unmount_one,
    root_size,
    root_diff,
    nullptr,  // root_export
};

}  // namespace slipway::linux_backend
