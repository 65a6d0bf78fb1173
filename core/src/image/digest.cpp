#include "image/digest.hpp"

#include "names/identity.hpp"

#include <algorithm>

namespace slipway::core {

void Sha256::update(const void* data, size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {  // the engine counts in unsigned ints
        const size_t piece = std::min<size_t>(size, size_t{1} << 30);
        engine_->update(at, piece);
        at += piece;
        size -= piece;
    }
}

std::string Sha256::hex() {
    return Poco::DigestEngine::digestToHex(engine_->digest());
}

std::string sha256_hex(std::string_view text) {
    Sha256 hash;
    hash.update(text.data(), text.size());
    return hash.hex();
}

Result<std::string> parse_digest(std::string_view text) {
    constexpr std::string_view kPrefix = "sha256:";
    if (text.starts_with(kPrefix) && is_full_id(text.substr(kPrefix.size()))) {
        return std::string(text.substr(kPrefix.size()));
    }
    return Error(ErrorCode::kInvalidArgument,
                 "digest '" + std::string(text.substr(0, 128)) + "' is not of the form sha256:<64 hex digits>");
}

std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids) {
    std::vector<std::string> chain;
    for (const std::string& diff : diff_ids) {
        if (chain.empty()) {
            chain.push_back(diff.substr(diff.find(':') + 1));
        } else {
            chain.push_back(sha256_hex("sha256:" + chain.back() + " " + diff));
        }
    }
    return chain;
}

}  // namespace slipway::core
