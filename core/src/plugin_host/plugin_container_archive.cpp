// Copying files into and out of a container.
#include "plugin_host/plugin_container.hpp"

namespace slipway::core {
namespace {

using nlohmann::json;

constexpr const char* kCopying = "copying files into and out of containers";

// The C side of an ArchivePlace, which must outlive it.
class AbiPlace {
public:
    static Result<std::unique_ptr<AbiPlace>> of(const ArchivePlace& place) {
        if (Status s = check_c_string("the path", place.path); !s) return std::move(s).error();
        auto out = std::make_unique<AbiPlace>();
        Result<std::vector<const char*>> layers = c_strings("a layer id", place.layers);
        if (!layers) return std::move(layers).error();
        out->layers_ = std::move(*layers);
        for (const MountParams& params : place.mounts) {
            Result<slw_mount_request> mount = mount_request_of(params);
            if (!mount) return std::move(mount).error();
            out->mounts_.push_back(*mount);
        }
        for (const slw_mount_request& mount : out->mounts_) out->pointers_.push_back(&mount);
        out->root_ = {sizeof(slw_root_request), place.read_only_root ? SLW_ROOT_READ_ONLY : 0U, out->layers_.data(),
                      out->layers_.size()};
        out->place_.struct_size = sizeof(slw_archive_place);
        out->place_.path = place.path.c_str();
        out->place_.root = &out->root_;
        out->place_.mounts = out->pointers_.data();
        out->place_.mount_count = out->pointers_.size();
        return out;
    }

    const slw_archive_place* get() const { return &place_; }

private:
    std::vector<const char*> layers_;
    std::vector<slw_mount_request> mounts_;
    std::vector<const slw_mount_request*> pointers_;
    slw_root_request root_{};
    slw_archive_place place_{};
};

}  // namespace

Result<json> PluginContainer::archive_stat(const CallContext& call, const ArchivePlace& place) {
    if (!plugin_->archive()) return unsupported(plugin_->info().name, kCopying);
    const Result<std::unique_ptr<AbiPlace>> there = AbiPlace::of(place);
    if (!there) return there.error();
    const AbiLimits limits(call);
    return invoke_for_json(plugin_->name(SLW_EXT_ARCHIVE, "stat"), json::value_t::object,
                           [&](slw_sink* out, slw_error* err) {
                               return plugin_->archive()->stat(handle_, limits.get(), (*there)->get(), out, err);
                           });
}

Status PluginContainer::archive_get(const CallContext& call, const ArchivePlace& place,
                                    const std::function<void(const json&)>& head, const ByteSink& tar) {
    if (!plugin_->archive()) return unsupported(plugin_->info().name, kCopying);
    const Result<std::unique_ptr<AbiPlace>> there = AbiPlace::of(place);
    if (!there) return there.error();
    const AbiLimits limits(call);
    const CallName name = plugin_->name(SLW_EXT_ARCHIVE, "get");
    StringSink stat;
    Status broken = ok();
    bool head_given = false;
    // The head is whole once the first byte of the stream comes, or at the end of a stream without bytes.
    const auto give_head = [&] {
        if (head_given) return true;
        head_given = true;
        const Result<json> parsed = parse_reply(name, stat.take(), json::value_t::object);
        if (parsed) {
            head(*parsed);
        } else {
            broken = parsed.error();
        }
        return bool(broken);
    };
    FunctionSink bytes([&](const void* data, uint64_t size) { return give_head() && tar(data, size); });
    Status status = invoke(name, [&](slw_error* err) {
        return plugin_->archive()->get(handle_, limits.get(), (*there)->get(), stat.get(), bytes.get(), err);
    });
    if (!broken) return broken;
    if (!status) return status;
    give_head();
    return broken;
}

Status PluginContainer::archive_put(const CallContext& call, const ArchivePlace& place,
                                    const ArchivePutOptions& options, const ByteSource& tar) {
    if (!plugin_->archive()) return unsupported(plugin_->info().name, kCopying);
    const Result<std::unique_ptr<AbiPlace>> there = AbiPlace::of(place);
    if (!there) return there.error();
    const uint32_t flags =
        (options.keep_kinds ? SLW_ARCHIVE_KEEP_KINDS : 0U) | (options.keep_owners ? SLW_ARCHIVE_KEEP_OWNERS : 0U);
    const FunctionSource source(tar);
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_ARCHIVE, "put"), [&](slw_error* err) {
        return plugin_->archive()->put(handle_, limits.get(), (*there)->get(), flags, source.get(), err);
    });
}

Status PluginContainer::archive_export(const CallContext& call, const ArchivePlace& place, const ByteSink& tar) {
    if (!plugin_->archive()) return unsupported(plugin_->info().name, "exporting a container's file system");
    const Result<std::unique_ptr<AbiPlace>> there = AbiPlace::of(place);
    if (!there) return there.error();
    FunctionSink bytes(tar);
    const AbiLimits limits(call);
    return invoke(plugin_->name(SLW_EXT_ARCHIVE, "export_root"), [&](slw_error* err) {
        return plugin_->archive()->export_root(handle_, limits.get(), (*there)->get(), bytes.get(), err);
    });
}

}  // namespace slipway::core
