#include <fs/layer_import.hpp>

#include <fs/layer_writer.hpp>
#include <fs/tar_reader.hpp>

#include <unistd.h>

#include <optional>

namespace slipway::linux_backend {
namespace {

Status unpack_file(const Member& member, TarReader& reader, LayerWriter& writer) {
    Result<UniqueFd> file = writer.file(member);
    if (!file) return std::move(file).error();
    if (Status copied = reader.copy_data(file->get(), member); !copied) return copied;
    return writer.finish_file(file->get(), member);
}

Status unpack_member(const Member& member, TarReader& reader, LayerWriter& writer, bool is_layer) {
    Result<bool> whiteout = is_layer ? writer.whiteout(member) : Result<bool>(false);
    if (!whiteout) return std::move(whiteout).error();
    if (*whiteout) return ok();
    switch (member.type) {
        case MemberType::kFile:
            return unpack_file(member, reader, writer);
        case MemberType::kDirectory:
            return writer.directory(member);
        case MemberType::kSymlink:
            return writer.symlink(member);
        case MemberType::kHardLink:
            return writer.hard_link(member);
        case MemberType::kCharDevice:
        case MemberType::kBlockDevice:
        case MemberType::kFifo:
            return writer.node(member);
    }
    return Error(ErrorCode::kInternal, "member of an unknown type");
}

}  // namespace

ImportLimits default_import_limits() {
    ImportLimits limits;
    limits.privileged = ::geteuid() == 0;
    return limits;
}

Result<uint64_t> unpack_layer(int dir, const slw_source* tar, const ImportLimits& limits,
                              const std::function<Status()>& check) {
    return unpack_tree(dir, tar, limits, UnpackRules(), check);
}

Result<uint64_t> unpack_tree(int dir, const slw_source* tar, const ImportLimits& limits, const UnpackRules& rules,
                             const std::function<Status()>& check) {
    TarReader reader(tar, limits, check);
    LayerWriter writer(dir, limits, rules);
    uint64_t members = 0;
    uint64_t bytes = 0;
    for (;;) {
        if (Status go_on = check(); !go_on) return std::move(go_on).error();
        Result<std::optional<Member>> next = reader.next();
        if (!next) return std::move(next).error();
        if (!*next) break;
        const Member& member = **next;
        if (++members > limits.max_entries) return bad_member(member.path, "the archive has too many members");
        if (member.type == MemberType::kFile) {
            if (member.size > limits.max_total_bytes - bytes) return bad_member(member.path, "the layer is too large");
            bytes += member.size;
        }
        if (Status done = unpack_member(member, reader, writer, !rules.live); !done) return std::move(done).error();
    }
    if (Status finished = writer.finish(); !finished) return std::move(finished).error();
    return members;
}

Result<LayerInfo> import_layer(LayerStore& store, const std::string& id, const slw_source* tar,
                               const ImportLimits& limits, const std::function<Status()>& check) {
    return store.add(id, [&](int dir) { return unpack_layer(dir, tar, limits, check); });
}

}  // namespace slipway::linux_backend
