// A layer as tar: members come out clean or the archive is refused.
#include "fuzz_source.hpp"

#include <fs/tar_reader.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace {

// Every path must stay below the layer's root.
void check_path(const std::string& path) {
    if (!path.empty() && path.front() == '/') __builtin_trap();
    size_t at = 0;
    while (at <= path.size()) {
        const size_t end = std::min(path.find('/', at), path.size());
        if (path.compare(at, end - at, "..") == 0) __builtin_trap();
        at = end + 1;
    }
    if (path.find('\0') != std::string::npos) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace slipway;
    using namespace slipway::linux_backend;
    static const int sink = memfd_create("data", MFD_CLOEXEC);
    fuzz::FuzzSource input(data, size);
    const slw_source source = input.source();
    ImportLimits limits;
    limits.max_entries = 200;
    limits.max_total_bytes = 1 << 20;
    limits.max_header_bytes = 1 << 16;
    TarReader reader(&source, limits, [] { return Status(ok()); });
    for (;;) {
        const auto member = reader.next();
        if (!member || !*member) return 0;
        check_path((*member)->path);
        if ((*member)->type == MemberType::kFile) {
            if (lseek(sink, 0, SEEK_SET) != 0 || !reader.copy_data(sink, **member)) return 0;
        }
    }
}
