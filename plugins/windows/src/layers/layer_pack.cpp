#include <layers/layer_pack.hpp>

#include <documents/bytes.hpp>
#include <layers/tar_writer.hpp>
#include <layers/transport_reader.hpp>
#include <sys/file_tree.hpp>

#include <fstream>

namespace slipway::windows_backend {
namespace {

using Kind = TransportEntry::Kind;

Error damaged(const TransportEntry& entry, const std::string& what) {
    return Error(ErrorCode::kDataLoss, "exported layer: '" + path_text(entry.path) + "': " + what);
}

class Packing {
public:
    Packing(slw_sink* sink, const std::function<Status()>& check) : tar_(sink), check_(check) {}

    Status take(const TransportEntry& entry) {
        if (Status allowed = check_(); !allowed) return allowed;
        if (Status named = check_name(entry); !named) return named;
        if (entry.kind == Kind::kRemoved) return take_removal(entry);
        const Result<EntryFacts> read = read_facts(entry);
        if (!read) return read.error();
        TarMember member = member_of(read->facts);
        member.name = tar_name_of(entry.path);
        member.size = member.type == '0' ? read->size : 0;
        if (Status begun = tar_.begin(member); !begun) return begun;
        if (entry.plain) return entry.kind == Kind::kFile ? copy_plain(entry) : ok();
        if (member.type == '0') {
            if (Status copied = copy_data(entry, member.size); !copied) return copied;
        }
        return copy_alternate(entry, member);
    }

    Status finish() { return tar_.finish(); }

private:
    // Containers can make names that unpack_layer() refuses, or takes for a removal.
    static Status check_name(const TransportEntry& entry) {
        const Result<LayerPath> parsed = parse_layer_path(tar_name_of(entry.path));
        if (parsed && *parsed == entry.path && removed_name(entry.path).empty()) return ok();
        return Error(ErrorCode::kUnimplemented,
                     "exported layer: '" + path_text(entry.path) + "' has a name that files of layers cannot have")
            .with_resource(path_text(entry.path));
    }

    Status take_removal(const TransportEntry& entry) {
        LayerPath path = entry.path;
        path.back().insert(0, ".wh.");
        TarMember member;
        member.name = tar_name_of(path);
        return tar_.begin(member);
    }

    // All that `read` brings.
    template <class Read>
    Status copy(const TransportEntry& entry, Read read) {
        char buffer[64 * 1024];
        while (true) {
            if (Status allowed = check_(); !allowed) return allowed;
            const Result<size_t> got = read(buffer, sizeof(buffer));
            if (!got) return damaged(entry, got.error().message());
            if (*got == 0) return ok();
            if (Status written = tar_.write(buffer, *got); !written) return written;
        }
    }

    Status copy_plain(const TransportEntry& entry) {
        std::ifstream file(long_path(entry.file), std::ios::binary);
        return copy(entry, [&file](char* buffer, size_t capacity) -> Result<size_t> {
            file.read(buffer, static_cast<std::streamsize>(capacity));
            return static_cast<size_t>(file.gcount());
        });
    }

    // The bytes of a file, or what a file with holes has of them.
    Status copy_data(const TransportEntry& entry, uint64_t size) {
        Result<OpenEntry> opened = open_entry(entry);
        if (!opened) return std::move(opened).error();
        uint64_t at = 0;
        while (true) {
            const auto header = opened->streams.next();
            if (!header) return damaged(entry, header.error().message());
            if (!*header) break;
            const auto read = [&opened](char* buffer, size_t capacity) {
                return opened->streams.read(buffer, capacity);
            };
            if ((*header)->id == StreamId::kData) {
                if (Status copied = copy(entry, read); !copied) return copied;
                at = (*header)->size;
            }
            if ((*header)->id != StreamId::kSparseBlock) continue;
            char place[8];
            if (const auto got = read(place, sizeof(place)); !got) return damaged(entry, got.error().message());
            const uint64_t offset = get<uint64_t>(std::string_view(place, sizeof(place)), 0);
            if (offset < at) return damaged(entry, "its sparse blocks lie across each other");
            if (Status filled = tar_.write_zeroes(offset - at); !filled) return filled;
            if (Status copied = copy(entry, read); !copied) return copied;
            at = offset + (*header)->size - sizeof(place);
        }
        return tar_.write_zeroes(size - at);
    }

    Status copy_alternate(const TransportEntry& entry, const TarMember& of) {
        Result<OpenEntry> opened = open_entry(entry);
        if (!opened) return std::move(opened).error();
        while (true) {
            const auto header = opened->streams.next();
            if (!header) return damaged(entry, header.error().message());
            if (!*header) return ok();
            if ((*header)->id != StreamId::kAlternateData) continue;
            if (((*header)->attributes & kStreamIsSparse) != 0) {
                return Error(ErrorCode::kUnimplemented,
                             "exported layer: '" + path_text(entry.path) + "' has alternate data with holes");
            }
            TarMember member;
            member.name = of.name + (*header)->name.substr(0, (*header)->name.rfind(":$DATA"));
            member.mtime = of.mtime;
            member.size = (*header)->size;
            if (Status begun = tar_.begin(member); !begun) return begun;
            const Status copied = copy(
                entry, [&opened](char* buffer, size_t capacity) { return opened->streams.read(buffer, capacity); });
            if (!copied) return copied;
        }
    }

    TarWriter tar_;
    const std::function<Status()>& check_;
};

}  // namespace

Status pack_layer(const std::filesystem::path& folder, slw_sink* tar, const std::function<Status()>& check) {
    Packing packing(tar, check);
    Status walked = read_transport(folder, [&packing](const TransportEntry& entry) { return packing.take(entry); });
    return walked ? packing.finish() : walked;
}

}  // namespace slipway::windows_backend
