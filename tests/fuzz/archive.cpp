// Archives as clients send them: to `docker load`, which spools and plans, and to PUT archive and `docker import`,
// which decompress and hand a tar on. Whatever comes out has names that stay inside, whatever does not is refused.
#include <image/archive_plan.hpp>

#include <fs/tar_reader.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>

namespace {

using namespace slipway;

constexpr uint64_t kMostBytes = 1 << 20;

core::ByteSource source_of(const uint8_t* data, size_t size) {
    return [data, size](void* buffer, uint64_t capacity) mutable -> int64_t {
        const size_t n = std::min<size_t>(size, capacity);
        std::memcpy(buffer, data, n);
        data += n;
        size -= n;
        return static_cast<int64_t>(n);
    };
}

void check_inside(const std::string& name) {
    if (name.starts_with('/') || name.find('\0') != std::string::npos) __builtin_trap();
    for (size_t at = 0; at <= name.size();) {
        const size_t end = std::min(name.find('/', at), name.size());
        if (name.compare(at, end - at, "..") == 0) __builtin_trap();
        at = end + 1;
    }
}

// The spool must hold exactly what the members say.
void check_member(const core::ArchiveContent& content, const std::string& name, const core::Member& member) {
    check_inside(name);
    check_inside(member.link);
    const core::Member* found = content.find(name);
    if (!member.link.empty()) {
        if (found != nullptr && !found->link.empty()) __builtin_trap();
        return;
    }
    if (found != &member || std::filesystem::file_size(member.file) != member.size) __builtin_trap();
    if (member.sha256.size() != 64) __builtin_trap();
}

void load(const uint8_t* data, size_t size) {
    auto spool = core::SpoolDir::make("/dev/shm");
    if (!spool) __builtin_trap();
    const auto content = core::spool_archive(source_of(data, size), *spool, {kMostBytes, 200});
    if (!content) return;
    uint64_t bytes = 0;
    for (const auto& [name, member] : content->members) {
        check_member(*content, name, member);
        bytes += member.size;
    }
    if (bytes > kMostBytes || content->members.size() > 200) __builtin_trap();
    const auto images = core::plan_images(*content, {"linux", 1 << 16});
    if (!images) return;
    for (const core::PlannedImage& image : *images) {
        if (image.layers.size() != image.diff_ids.size() || !image.id.starts_with("sha256:")) __builtin_trap();
        for (const core::Member* layer : image.layers) {
            if (layer == nullptr || !layer->link.empty()) __builtin_trap();
        }
    }
}

int64_t read_plain(void* stream, void* buffer, uint64_t capacity) {
    return static_cast<core::PlainStream*>(stream)->read(buffer, capacity);
}

void put(const uint8_t* data, size_t size) {
    static const int sink = memfd_create("data", MFD_CLOEXEC);
    const core::ByteSource compressed = source_of(data, size);
    core::PlainStream plain(compressed);
    const slw_source source{sizeof(slw_source), 0, &plain, &read_plain};
    linux_backend::ImportLimits limits;
    limits.max_entries = 200;
    limits.max_total_bytes = kMostBytes;
    limits.max_header_bytes = 1 << 16;
    limits.take_absolute = true;
    linux_backend::TarReader reader(&source, limits, [] { return Status(ok()); });
    for (;;) {
        const auto member = reader.next();
        if (!member || !*member) return;
        check_inside((*member)->path);
        if ((*member)->type == linux_backend::MemberType::kHardLink) check_inside((*member)->link);
        if ((*member)->type != linux_backend::MemberType::kFile) continue;
        if (lseek(sink, 0, SEEK_SET) != 0 || !reader.copy_data(sink, **member)) return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    load(data, size);
    put(data, size);
    return 0;
}
