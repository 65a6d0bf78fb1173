// core/src/image/digest.hpp - SHA-256 digests, the only kind images are known by.
#pragma once

#include <slipway/cpp/error.hpp>

#include <Poco/SHA2Engine.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::core {

class Sha256 {
public:
    void update(const void* data, size_t size);
    std::string hex();  // once, at the end

private:
    // Behind a pointer because Poco's engine cannot be moved.
    std::unique_ptr<Poco::SHA2Engine> engine_ = std::make_unique<Poco::SHA2Engine>(Poco::SHA2Engine::SHA_256);
};

std::string sha256_hex(std::string_view text);

// The 64 hex digits of "sha256:<hex>". kInvalidArgument for any other text: other algorithms are not accepted.
Result<std::string> parse_digest(std::string_view text);

// Ids of layers, lowest first, from the digests ("sha256:<hex>") of their uncompressed tars: a layer is known by its
// own content and by what it lies on. Plain hex.
std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids);

}  // namespace slipway::core
