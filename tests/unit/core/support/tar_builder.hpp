// tests/unit/core/support/tar_builder.hpp - archives in memory, whole or broken.
#pragma once

#include <slipway/core/backend.hpp>

#include <string>
#include <utility>
#include <vector>

namespace slipway::test {

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };

class TarBuilder {
public:
    TarBuilder& file(std::string name, std::string content);
    TarBuilder& symlink(std::string name, std::string target);
    std::string build(Compression compression = Compression::kNone) const;

private:
    struct Entry {
        std::string name, content, link;
    };
    std::vector<Entry> entries_;
};

// Compresses without making an archive of it.
std::string compress(const std::string& data, Compression compression);

// Gives `data` out in pieces of at most `piece` bytes.
core::ByteSource source_of(std::string data, size_t piece = 1000);

}  // namespace slipway::test
