// mount_ops.cpp - slw.mount/1: layers are counted, roots and mounts are noted.
#include <cstring>
#include <filesystem>
#include <vector>

#include "backend.hpp"

namespace example {
namespace {

constexpr uint32_t kMountFlags = SLW_MOUNT_READ_ONLY | SLW_MOUNT_RECURSIVE_READ_ONLY | SLW_MOUNT_CREATE_SOURCE |
                                 SLW_MOUNT_NO_RECURSIVE | SLW_MOUNT_NO_EXEC | SLW_MOUNT_NO_SUID | SLW_MOUNT_NO_DEV |
                                 SLW_MOUNT_COPY_UP | SLW_MOUNT_NO_SYMLINKS;

slw_status SLW_CALL layer_import(slw_backend* b, const slw_call* call, const char* id, const char* const*, uint64_t,
                                 const slw_source* tar, slw_layer_info* out, slw_error* err) noexcept {
    return locked(b, err, [&]() -> Status {
        if (const auto held = b->layers.find(id); held != b->layers.end()) {
            out->size_bytes = held->second.size_bytes;
            return ok();
        }
        const slipway::CallLimits limits(b->host, call);
        slw_layer_info info{};
        std::vector<char> block(64 * 1024);
        for (;;) {
            if (Status s = limits.check(); !s) return s;  // a long copy asks often enough
            const int64_t got = tar->read(tar->ctx, block.data(), block.size());
            if (got < 0) return Error(ErrorCode::kDataLoss, "the layer's stream broke off").with_resource(id);
            if (got == 0) break;
            // A real backend unpacks here; this one only looks whether the first block is a tar header.
            const bool is_tar = got >= 262 && std::memcmp(block.data() + 257, "ustar", 5) == 0;
            if (info.size_bytes == 0 && !is_tar) return Error(ErrorCode::kInvalidArgument, "not a tar stream");
            info.size_bytes += static_cast<uint64_t>(got);
        }
        b->layers[id] = info;
        out->size_bytes = info.size_bytes;
        return ok();
    });
}

slw_status SLW_CALL layer_stat(slw_backend* b, const char* id, slw_layer_info* out, slw_error* err) noexcept {
    return locked(b, err, [&]() -> Status {
        const auto found = b->layers.find(id);
        if (found == b->layers.end())
            return Error(ErrorCode::kNotFound, std::string("no layer ") + id).with_resource(id);
        out->size_bytes = found->second.size_bytes;
        return ok();
    });
}

slw_status SLW_CALL layer_remove(slw_backend* b, const slw_call*, const char* id, slw_error* err) noexcept {
    return locked(b, err, [&]() -> Status {
        b->layers.erase(id);
        return ok();
    });
}

slw_status SLW_CALL layer_list(slw_backend* b, const slw_call*, slw_sink* out, slw_error* err) noexcept {
    return locked(b, err, [&]() -> Status {
        nlohmann::json ids = nlohmann::json::array();
        for (const auto& layer : b->layers) ids.push_back(layer.first);
        return slipway::write_to(out, ids.dump());
    });
}

slw_status SLW_CALL root_create(slw_container* c, const slw_call*, const slw_root_request* req,
                                slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (Status s = refuse_unknown_flags(req->flags, SLW_ROOT_READ_ONLY); !s) return s;
        c->has_root = true;
        return ok();
    });
}

slw_status SLW_CALL root_remove(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        c->has_root = false;
        return ok();
    });
}

slw_status SLW_CALL root_mount(slw_container* c, const slw_call*, const slw_root_request* req,
                               slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (Status s = refuse_unknown_flags(req->flags, SLW_ROOT_READ_ONLY); !s) return s;
        if (c->root_mounted) return Error(ErrorCode::kConflict, "the root is mounted already");
        for (uint64_t i = 0; i < req->layer_count; ++i) {
            const std::string id = req->layer_ids[i];
            if (c->backend->layers.count(id) != 0) continue;
            return Error(ErrorCode::kNotFound, "no layer " + id).with_resource(id);
        }
        c->root_mounted = true;
        return ok();
    });
}

slw_status SLW_CALL root_unmount(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        c->root_mounted = false;
        return ok();
    });
}

slw_status SLW_CALL mount(slw_container* c, const slw_call*, const slw_mount_request* req, uint64_t* out_id,
                          slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (Status s = refuse_unknown_flags(req->flags, kMountFlags); !s) return s;
        const std::string target = req->target;
        const bool source_fits = req->source == nullptr || req->source[0] == '/';
        if (target[0] != '/' || (target + "/").find("/../") != std::string::npos || !source_fits) {
            return Error(ErrorCode::kInvalidArgument, "'" + target + "' or its source is not an absolute path");
        }
        const bool create = (req->flags & SLW_MOUNT_CREATE_SOURCE) != 0;
        if (req->source != nullptr && !create && !std::filesystem::exists(req->source)) {
            return Error(ErrorCode::kNotFound, std::string("'") + req->source + "' does not exist")
                .with_resource(req->source);
        }
        for (const auto& held : c->mounts) {
            if (held.second == target) return Error(ErrorCode::kConflict, "'" + target + "' is mounted already");
        }
        c->mounts[++c->last_mount] = target;
        *out_id = c->last_mount;
        return ok();
    });
}

slw_status SLW_CALL unmount(slw_container* c, const slw_call*, uint64_t id, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        c->mounts.erase(id);
        return ok();
    });
}

slw_status SLW_CALL root_size(slw_container*, const slw_call*, uint64_t* out_bytes, slw_error*) noexcept {
    *out_bytes = 0;
    return SLW_OK;
}

}  // namespace

const slw_mount_ops kMountOps = {sizeof(slw_mount_ops),
                                 0,
                                 &layer_import,
                                 &layer_stat,
                                 &layer_remove,
                                 &layer_list,
                                 &root_create,
                                 &root_remove,
                                 &root_mount,
                                 &root_unmount,
                                 &mount,
                                 &unmount,
                                 &root_size,
                                 nullptr /* root_diff: we cannot tell */,
                                 nullptr /* root_export: nor this */};

}  // namespace example
