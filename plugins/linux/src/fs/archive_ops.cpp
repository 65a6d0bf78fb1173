// plugins/linux/src/fs/archive_ops.cpp - slw.archive/1: checks what crosses the ABI and hands it to the classes beside.
#include <tables.hpp>

#include <container.hpp>
#include <fs/archive_path.hpp>
#include <fs/container_view.hpp>
#include <fs/layer_import.hpp>
#include <fs/layer_store.hpp>
#include <fs/tree_archiver.hpp>
#include <slipway/cpp/guarded.hpp>
#include <slipway/cpp/host.hpp>
#include <slipway/cpp/text.hpp>
#include <sys/dir.hpp>
#include <sys/kernel_files.hpp>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <functional>

namespace slipway::linux_backend {
namespace {

std::function<Status()> limits_of(const slw_backend& backend, const slw_call* call) {
    return [limits = CallLimits(backend.host, call)] { return limits.check(); };
}

Result<ViewParts> parts_of(const slw_archive_place* place, bool with_mounts) {
    if (place == nullptr || !SLW_HAS(place, slw_archive_place, mount_count) || place->root == nullptr) {
        return Error(ErrorCode::kInvalidArgument, "archive request is too small");
    }
    if (place->flags != 0) return Error(ErrorCode::kInvalidArgument, "archive: unknown flag");
    ViewParts parts;
    Result<std::vector<std::string>> layers = read_layers(place->root);
    if (!layers) return std::move(layers).error();
    parts.layers = std::move(*layers);
    parts.read_only_root = (place->root->flags & SLW_ROOT_READ_ONLY) != 0;
    for (uint64_t i = 0; with_mounts && i < place->mount_count; ++i) {
        Result<MountPlan> plan = plan_mount(*place->mounts[i]);
        if (!plan) return std::move(plan).error();
        parts.mounts.push_back(std::move(*plan));
    }
    return parts;
}

// File names are bytes; the ones that are not UTF-8 are shown with replacement characters.
std::string to_text(const nlohmann::json& document) {
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Found {
    ContainerView view;
    ArchivePath path;
    ArchiveObject object;
};

Result<Found> find(slw_container& c, const slw_archive_place* place, const std::function<Status()>& check) {
    const Result<ViewParts> parts = parts_of(place, true);
    if (!parts) return parts.error();
    ArchivePath path = parse_archive_path(place->path == nullptr ? "" : place->path);
    Result<ContainerView> view = open_view(c, *parts, check);
    // Something else that is missing must not read as if it were what was asked for.
    if (!view && view.error().code() == ErrorCode::kNotFound)
        return std::move(view).error().with_code(ErrorCode::kSystem);
    if (!view) return std::move(view).error();
    Result<ArchiveObject> object = find_object(view->root(), path);
    if (!object) return std::move(object).error();
    return Found{std::move(*view), std::move(path), std::move(*object)};
}

// Docker's texts. Asked of the mount itself, so that nothing is half done when it refuses.
Status check_writable(const Found& found) {
    if (is_kernel_file_system(found.object.fd.get())) {
        return Error(ErrorCode::kPermissionDenied, "files cannot be put into " + found.path.place)
            .with_resource(found.path.place);
    }
    struct statvfs info {};
    if (::fstatvfs(found.object.fd.get(), &info) != 0) return Error::from_errno(errno, "statvfs " + found.path.place);
    if ((info.f_flag & ST_RDONLY) == 0) return ok();
    const Result<uint64_t> root = mount_id_of(found.view.root());
    if (!root) return root.error();
    return Error(ErrorCode::kPermissionDenied, *root == found.object.mount_id ? "container rootfs is marked read-only"
                                                                              : "mounted volume is marked read-only")
        .with_resource(found.path.place);
}

slw_status SLW_CALL archive_stat(slw_container* c, const slw_call* call, const slw_archive_place* place, slw_sink* out,
                                 slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        const Result<Found> found = find(*c, place, limits_of(c->backend, call));
        if (!found) return found.error();
        return write_to(out, to_text(describe_object(found->view.root(), found->path, found->object)));
    });
}

slw_status SLW_CALL archive_get(slw_container* c, const slw_call* call, const slw_archive_place* place, slw_sink* stat,
                                slw_sink* tar, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (tar == nullptr || tar->write == nullptr) return Error(ErrorCode::kInvalidArgument, "no sink given");
        const std::function<Status()> check = limits_of(c->backend, call);
        const Result<Found> found = find(*c, place, check);
        if (!found) return found.error();
        const std::string about = to_text(describe_object(found->view.root(), found->path, found->object));
        if (Status written = write_to(stat, about); !written) return written;
        TarWriter writer(tar, check);
        Status added = TreeArchiver(writer, found->view.ids()).add(found->object.fd.get(), found->path.name);
        return added ? writer.finish() : std::move(added);
    });
}

slw_status SLW_CALL archive_put(slw_container* c, const slw_call* call, const slw_archive_place* place, uint32_t flags,
                                const slw_source* tar, slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (tar == nullptr || tar->read == nullptr) return Error(ErrorCode::kInvalidArgument, "no source given");
        if ((flags & ~(SLW_ARCHIVE_KEEP_KINDS | SLW_ARCHIVE_KEEP_OWNERS)) != 0) {
            return Error(ErrorCode::kInvalidArgument, "archive: unknown flag");
        }
        const std::function<Status()> check = limits_of(c->backend, call);
        slw_archive_place into = *place;
        const std::string path = std::string(place->path == nullptr ? "" : place->path) + "/.";  // a link is followed
        into.path = path.c_str();
        const Result<Found> found = find(*c, &into, check);
        if (!found) {
            if (found.error().os().code != ENOTDIR) return found.error();
            return Error(ErrorCode::kInvalidArgument, "extraction point is not a directory")
                .with_resource(found.error().resource());
        }
        if (Status writable = check_writable(*found); !writable) return writable;
        const UniqueFd directory(
            try_open_below(found->object.fd.get(), ".", O_RDONLY | O_DIRECTORY, Links::kRefuse, 0, Mounts::kCross));
        if (!directory) return Error::from_errno(errno, "open " + found->path.place).with_resource(found->path.place);

        ImportLimits limits = default_import_limits();
        limits.take_absolute = true;
        UnpackRules rules;
        rules.live = true;
        rules.keep_kinds = (flags & SLW_ARCHIVE_KEEP_KINDS) != 0;
        rules.shown = found->path.place == "/" ? "" : found->path.place;
        rules.ids = found->view.ids();
        if ((flags & SLW_ARCHIVE_KEEP_OWNERS) == 0) {
            rules.owner = rules.ids.to_container({found->object.info.st_uid, found->object.info.st_gid});
        }
        const Result<uint64_t> members = unpack_tree(directory.get(), tar, limits, rules, check);
        return members ? ok() : Status(members.error());
    });
}

slw_status SLW_CALL export_root(slw_container* c, const slw_call* call, const slw_archive_place* place, slw_sink* tar,
                                slw_error* err) noexcept {
    return guarded(err, [&]() -> Status {
        if (tar == nullptr || tar->write == nullptr) return Error(ErrorCode::kInvalidArgument, "no sink given");
        const std::function<Status()> check = limits_of(c->backend, call);
        const Result<ViewParts> parts = parts_of(place, false);
        if (!parts) return parts.error();
        const Result<ContainerView> view = open_bare_view(*c, *parts);
        if (!view) return view.error();
        TarWriter writer(tar, check);
        Status added = TreeArchiver(writer, view->ids()).add(view->root(), "");
        return added ? writer.finish() : std::move(added);
    });
}

}  // namespace

const slw_archive_ops kArchiveOps = {sizeof(slw_archive_ops), 0, archive_stat, archive_get, archive_put, export_root};

}  // namespace slipway::linux_backend
