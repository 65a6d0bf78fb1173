// core/include/slipway/core/image.hpp - images: metadata, references, and how they come in.
#pragma once

#include <slipway/core/clock.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace slipway::core {

struct ImageRecord {
    std::string id;                     // "sha256:<hex>" of the configuration document
    std::vector<std::string> tags;      // familiar names, "busybox:latest", sorted
    std::vector<std::string> layers;    // layer ids (chain ids, hex without prefix), lowest first
    std::vector<std::string> diff_ids;  // "sha256:<hex>" of each uncompressed layer tar
    nlohmann::json document;            // the OCI/Docker image configuration, whole
    uint64_t size_bytes = 0;            // sum over its layers
    UnixNanos created = 0;              // from the document, 0 when absent
    UnixNanos tagged_at = 0;            // last tag or import here
};

using ImagePtr = std::shared_ptr<const ImageRecord>;

// A reference split up. `familiar()` is what people write: "busybox:latest", "example.org/a/b:1".
struct Reference {
    std::string domain;  // "docker.io" when not given
    std::string path;    // "library/busybox"
    std::string tag;     // "latest" when neither tag nor digest is given
    std::string digest;  // "sha256:..." or empty
    std::string familiar() const;
    std::string familiar_name() const;  // without the tag
};

// kInvalidArgument "invalid reference format", as Docker says it.
Result<Reference> parse_reference(std::string_view text);

}  // namespace slipway::core
