// core/src/image/archive_plan.hpp - what an archive says it holds, checked before anything is imported. Pure but for
// reading spool files.
#pragma once

#include "image/archive_reader.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::core {

struct PlannedImage {
    std::string id;  // "sha256:<hex>" of the configuration's bytes
    nlohmann::json document;
    std::vector<std::string> tags;      // familiar names
    std::vector<std::string> diff_ids;  // as many as layers
    std::vector<const Member*> layers;  // lowest first; owned by the archive's content
};

struct PlanOptions {
    std::string platform = "linux";  // what the backend runs
    uint64_t max_document_bytes = 0;
};

// Reads manifest.json (docker save) or index.json (OCI layout). Every document and every blob that is named by digest
// must have that digest. kInvalidArgument says which member is missing, malformed or does not match.
Result<std::vector<PlannedImage>> plan_images(const ArchiveContent& content, const PlanOptions& options);

// The processor this engine runs on in the words of image documents: "amd64".
std::string_view machine_architecture();

// Checks an image configuration and takes id, document and diff ids from its text.
Result<PlannedImage> plan_from_config(const std::string& text, const PlanOptions& options);

}  // namespace slipway::core
