#include <layers/layer_unpack.hpp>

#include <layers/layer_index.hpp>
#include <raw/utf16.hpp>

namespace slipway::windows_backend {
namespace {

using Kind = LayerIndex::Kind;

Error refuse(const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, why);
}

// A member that is at fault is the object of the error; else that is what failed, a file of this machine.
Error about_member(const std::string& given, Error error) {
    const std::string name = to_utf8(to_utf16(given));  // it may be no text
    const bool at_fault = error.code() == ErrorCode::kInvalidArgument || error.code() == ErrorCode::kUnimplemented;
    const std::string message = "layer: member '" + name + "'" + (at_fault ? " " : ": ") + error.message();
    return Error(error.code(), message)
        .with_os(error.os().domain, error.os().code)
        .with_operation(error.operation())
        .with_hint(error.hint())
        .with_resource(at_fault ? name : error.resource());
}

class Unpacking {
public:
    Unpacking(TarStream& tar, LayerWriter& writer) : tar_(tar), writer_(writer) {}

    // Errors say what is wrong, without the member's name.
    Status take(const TarMember& member) {
        Result<MemberName> name = parse_member_name(member.name);
        if (!name) return std::move(name).error();
        if (name->path.empty()) return ok();
        if (!name->stream.empty()) return take_stream(member, *name);
        streams_of_.clear();
        if (const std::string removed = removed_name(name->path); !removed.empty()) {
            return take_removal(std::move(name->path), removed);
        }
        if (Status above = make_directories(name->path); !above) return above;
        switch (member.type) {
            case '0':
            case '7':
                return take_file(member, name->path);
            case '1':
                return take_hard_link(member, name->path);
            case '2':
                return take_entry(member, name->path, Kind::kLink);
            case '5':
                return take_entry(member, name->path, Kind::kDirectory);
            default:
                return Error(ErrorCode::kUnimplemented, "is a device or pipe, which layers of Windows do not have");
        }
    }

    UnpackedLayer done;
    bool stream_failed = false;  // it was the tar stream that failed, not the member

private:
    Status make_directories(const LayerPath& path) {
        for (size_t depth = 1; depth < path.size(); ++depth) {
            const LayerPath above(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
            if (index_.find(above)) continue;
            MemberFacts facts;
            facts.basic.attributes = kAttributeDirectory;
            if (const auto fits = index_.check(above, Kind::kDirectory); !fits) return fits.error();
            if (Status added = writer_.add(above, facts, false); !added) return added;
            index_.set(above, Kind::kDirectory);
        }
        return ok();
    }

    Status take_entry(const TarMember& member, const LayerPath& path, Kind kind) {
        const Result<bool> replaces = index_.check(path, kind);
        if (!replaces) return replaces.error();
        const Result<MemberFacts> facts = facts_of(member);
        if (!facts) return facts.error();
        if (Status added = writer_.add(path, *facts, *replaces); !added) return added;
        index_.set(path, kind);
        streams_of_ = path;
        return ok();
    }

    Status take_file(const TarMember& member, const LayerPath& path) {
        TarMember file = member;
        file.type = '0';
        if (Status added = take_entry(file, path, Kind::kFile); !added) return added;
        done.size_bytes += member.size;
        return copy({StreamId::kData, 0, member.size, ""});
    }

    Status take_stream(const TarMember& member, const MemberName& name) {
        if (member.type != '0' || streams_of_.empty() || name.path != streams_of_) {
            return refuse("is a stream of a file that does not stand before it");
        }
        done.size_bytes += member.size;
        return copy({StreamId::kAlternateData, 0, member.size, ":" + name.stream + ":$DATA"});
    }

    Status take_hard_link(const TarMember& member, const LayerPath& path) {
        const Result<LayerPath> target = parse_layer_path(member.link);
        if (!target) return refuse("links to what " + target.error().message());
        const Result<bool> replaces = index_.check(path, Kind::kFile);
        if (!replaces) return replaces.error();
        const std::optional<Kind> known = target->empty() ? Kind::kDirectory : index_.find(*target);
        if (known && *known != Kind::kFile) return refuse("links to what is no file of the layer");
        if (folded(*target) == folded(path)) return refuse("links to itself");
        if (Status added = writer_.add_link(path, *target, known.has_value(), *replaces); !added) return added;
        index_.set(path, Kind::kFile);
        return ok();
    }

    Status take_removal(LayerPath path, const std::string& removed) {
        if (removed.starts_with(".wh.")) return refuse("is no removal that layers of Windows know");
        path.back() = removed;
        const Result<LayerPath> checked = parse_layer_path(tar_name_of(path));
        if (!checked) return checked.error();
        if (const auto fits = index_.check(path, Kind::kDirectory); !fits) return fits.error();
        return writer_.remove(path);
    }

    Status copy(const StreamHeader& header) {
        if (Status begun = writer_.begin_stream(header); !begun) return begun;
        char buffer[64 * 1024];
        while (true) {
            const Result<size_t> got = tar_.read(buffer, sizeof(buffer));
            if (!got) {
                stream_failed = true;
                return got.error();
            }
            if (*got == 0) return ok();
            if (Status written = writer_.write(buffer, *got); !written) return written;
        }
    }

    TarStream& tar_;
    LayerWriter& writer_;
    LayerIndex index_;
    LayerPath streams_of_;  // what the member before was; empty when it can have no streams
};

}  // namespace

Result<UnpackedLayer> unpack_layer(TarStream& tar, LayerWriter& writer) {
    Unpacking unpacking(tar, writer);
    while (true) {
        const Result<std::optional<TarMember>> member = tar.next();
        if (!member) return member.error();
        if (!*member) break;
        if (Status taken = unpacking.take(**member); !taken) {
            if (unpacking.stream_failed) return std::move(taken).error();
            return about_member((*member)->name, std::move(taken).error());
        }
        ++unpacking.done.entry_count;
    }
    if (Status finished = writer.finish(); !finished) return std::move(finished).error();
    return unpacking.done;
}

}  // namespace slipway::windows_backend
