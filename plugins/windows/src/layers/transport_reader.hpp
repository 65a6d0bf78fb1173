// plugins/windows/src/layers/transport_reader.hpp - reads a layer that is in the transport format.
#pragma once

#include <layers/backup_stream.hpp>
#include <layers/layer_path.hpp>
#include <layers/member_facts.hpp>

#include <filesystem>
#include <functional>
#include <memory>

namespace slipway::windows_backend {

struct TransportEntry {
    enum class Kind { kFile, kDirectory, kRemoved } kind = Kind::kFile;
    LayerPath path;
    std::filesystem::path file;  // with what it has; of a part of the registry, its bytes. Empty for what was removed
    bool plain = false;          // `file` is that part of the registry, or a directory that has nothing of its own
};

// Calls `each` for all there is: a directory before what is in it, names in the order of bytes, and what a directory
// lost right behind it. Files outside of Files and Hives, and the bins of users, are not part of a layer.
//   kDataLoss       the folder is not in that format; the message says where
//   kUnimplemented  a name that is no text: NTFS allows halves of surrogate pairs, a tar stream does not
Status read_transport(const std::filesystem::path& folder, const std::function<Status(const TransportEntry&)>& each);

// The streams of an entry's file, without the attributes in front of them.
struct OpenEntry {
    uint32_t attributes = 0;
    std::shared_ptr<std::istream> file;
    BackupStreamReader streams;
};
Result<OpenEntry> open_entry(const TransportEntry& entry);

// All about an entry but its bytes, and how many those are. kDataLoss: damaged streams.
struct EntryFacts {
    MemberFacts facts;
    uint64_t size = 0;
};
Result<EntryFacts> read_facts(const TransportEntry& entry);

}  // namespace slipway::windows_backend
