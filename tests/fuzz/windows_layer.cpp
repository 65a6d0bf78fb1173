// A layer of Windows as tar: members come out clean or the archive is refused; and the formats inside of its records
// and of an exported layer, which once read must come back the same.
#include "fuzz_source.hpp"

#include <layers/backup_stream.hpp>
#include <layers/extended_attributes.hpp>
#include <layers/layer_unpack.hpp>
#include <layers/reparse_point.hpp>
#include <layers/security_descriptor.hpp>
#include <layers/transport_format.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace {

using namespace slipway;
using namespace slipway::windows_backend;

void require(bool promised) {
    if (!promised) __builtin_trap();
}

void check_path(const LayerPath& path) {
    require(!path.empty());
    for (const std::string& part : path) {
        require(!part.empty() && part != "." && part != ".." && part.find_first_of("/\\:") == std::string::npos);
        require(part.find('\0') == std::string::npos);
    }
}

// Keeps what the caller promises: whole streams, directories first.
class CheckingWriter final : public LayerWriter {
public:
    Status add(const LayerPath& path, const MemberFacts& facts, bool) override {
        require(left_ == 0);
        check_path(path);
        require(facts.security.empty() || check_security_descriptor(facts.security));
        return write_fact_streams(facts, [](const StreamHeader& header, const std::string& content) -> Status {
            require(header.size == content.size());
            return ok();
        });
    }
    Status begin_stream(const StreamHeader& header) override {
        require(left_ == 0);
        left_ = header.size;
        return ok();
    }
    Status write(const char*, size_t size) override {
        require(size <= left_);
        left_ -= size;
        return ok();
    }
    Status add_link(const LayerPath& path, const LayerPath& target, bool, bool) override {
        check_path(path);
        check_path(target);
        return ok();
    }
    Status remove(const LayerPath& path) override {
        check_path(path);
        return ok();
    }
    Status finish() override {
        require(left_ == 0);
        return ok();
    }

private:
    uint64_t left_ = 0;
};

void read_streams(const std::string& bytes) {
    size_t at = 0;
    BackupStreamReader reader([&](char* buffer, size_t capacity) -> Result<size_t> {
        const size_t size = std::min(capacity, bytes.size() - at);
        std::memcpy(buffer, bytes.data() + at, size);
        at += size;
        return size;
    });
    while (true) {
        const auto header = reader.next();
        if (!header || !*header) return;
        (void)reader.read_all(4096);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    if (const auto point = decode_reparse(bytes)) {
        // A name may have more than one spelling; the one that is written stays.
        if (const auto once = encode_reparse(*point)) {
            const auto twice = encode_reparse(*decode_reparse(*once));
            require(twice && *decode_reparse(*twice) == *decode_reparse(*once));
        }
    }
    if (const auto list = decode_attributes(bytes)) {
        const auto again = encode_attributes(*list);
        require(again && *decode_attributes(*again) == *list);
    }
    if (const auto paths = decode_tombstones(bytes)) require(*decode_tombstones(encode_tombstones(*paths)) == *paths);
    (void)check_security_descriptor(bytes);
    read_streams(bytes);

    fuzz::FuzzSource input(data, size);
    const slw_source source = input.source();
    TarStream tar(source, [] { return Status(ok()); });
    CheckingWriter writer;
    (void)unpack_layer(tar, writer);
    return 0;
}
