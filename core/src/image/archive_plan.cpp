#include "image/archive_plan.hpp"

#include "names/identity.hpp"

#include <slipway/core/image.hpp>
#include <slipway/core/schema.hpp>

#include <algorithm>

namespace slipway::core {

namespace {

using nlohmann::json;

constexpr size_t kMostLayers = 500;  // what overlayfs stacks
constexpr size_t kMostImages = 1000;

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, "archive: " + std::move(message));
}

Result<std::string> read_document(const ArchiveContent& content, const std::string& name, uint64_t limit) {
    const Member* member = content.find(name);
    if (member == nullptr) return invalid("'" + name + "' is missing");
    Result<std::string> text = read_small_file(member->file, limit);
    if (!text) return std::move(text).error().context("archive: '" + name + "'");
    return text;
}

Result<json> read_json(const ArchiveContent& content, const std::string& name, uint64_t limit) {
    Result<std::string> text = read_document(content, name, limit);
    if (!text) return std::move(text).error();
    json document = json::parse(*text, nullptr, false);
    if (document.is_discarded()) return invalid("'" + name + "' is not valid JSON");
    return document;
}

// The digest a member's name promises: "blobs/sha256/<hex>" and "<hex>.json". Empty: it promises nothing.
std::string promised_digest(const std::string& name) {
    constexpr std::string_view kBlobs = "blobs/sha256/";
    if (name.starts_with(kBlobs)) return name.substr(kBlobs.size());
    if (name.ends_with(".json") && is_full_id(name.substr(0, name.size() - 5))) return name.substr(0, name.size() - 5);
    return {};
}

Result<const Member*> find_checked(const ArchiveContent& content, const std::string& name) {
    const Member* member = content.find(name);
    if (member == nullptr) return invalid("'" + name + "' is missing");
    const std::string digest = promised_digest(name);
    if (!digest.empty() && digest != member->sha256) return invalid("'" + name + "' does not match its digest");
    return member;
}

const std::string* text_at(const json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

Status add_tag(PlannedImage& image, const std::string& text) {
    Result<Reference> reference = parse_reference(text);
    if (!reference) return std::move(reference).error().context("archive: tag '" + text.substr(0, 256) + "'");
    if (reference->tag.empty()) return ok();  // by digest alone there is nothing to call it
    reference->digest.clear();
    image.tags.push_back(reference->familiar());
    return ok();
}

Status check_layer_count(const PlannedImage& image) {
    if (image.layers.size() == image.diff_ids.size()) return ok();
    return invalid("image " + short_id(image.id.substr(7)) + " has " + std::to_string(image.layers.size()) +
                   " layers, its configuration names " + std::to_string(image.diff_ids.size()));
}

// --- manifest.json: [{"Config": "<name>", "RepoTags": [...] or null, "Layers": ["<name>", ...]}] ---

Result<PlannedImage> plan_docker_entry(const ArchiveContent& content, const json& entry, const PlanOptions& options) {
    const std::string* config = text_at(entry, "Config");
    if (config == nullptr) return invalid("manifest.json: an entry has no Config");
    if (auto checked = find_checked(content, *config); !checked) return std::move(checked).error();
    Result<std::string> text = read_document(content, *config, options.max_document_bytes);
    if (!text) return std::move(text).error();
    Result<PlannedImage> image = plan_from_config(*text, options);
    if (!image) return std::move(image).error().context("archive: '" + *config + "'");

    const json layers = entry.value("Layers", json::array());
    if (!layers.is_array()) return invalid("manifest.json: Layers is not a list");
    for (const json& name : layers) {
        if (!name.is_string()) return invalid("manifest.json: Layers holds something that is not a string");
        Result<const Member*> member = find_checked(content, name.get<std::string>());
        if (!member) return std::move(member).error();
        image->layers.push_back(*member);
    }
    const json tags = entry.value("RepoTags", json());
    if (!tags.is_array() && !tags.is_null()) return invalid("manifest.json: RepoTags is not a list");
    for (const json& tag : tags) {
        if (!tag.is_string()) return invalid("manifest.json: RepoTags holds something that is not a string");
        if (Status added = add_tag(*image, tag.get<std::string>()); !added) return std::move(added).error();
    }
    if (Status counted = check_layer_count(*image); !counted) return std::move(counted).error();
    return image;
}

Result<std::vector<PlannedImage>> plan_docker(const ArchiveContent& content, const PlanOptions& options) {
    Result<json> manifest = read_json(content, "manifest.json", options.max_document_bytes);
    if (!manifest) return std::move(manifest).error();
    if (!manifest->is_array() || manifest->size() > kMostImages)
        return invalid("manifest.json is not a list of images");
    std::vector<PlannedImage> images;
    for (const json& entry : *manifest) {
        if (!entry.is_object()) return invalid("manifest.json: an entry is not an object");
        Result<PlannedImage> image = plan_docker_entry(content, entry, options);
        if (!image) return std::move(image).error();
        images.push_back(std::move(*image));
    }
    return images;
}

// --- OCI layout: index.json -> (index ->)* manifest -> configuration and layers, all by digest ---

// The blob of a descriptor, its digest and size checked.
Result<const Member*> find_blob(const ArchiveContent& content, const json& descriptor) {
    const std::string* digest = text_at(descriptor, "digest");
    if (digest == nullptr) return invalid("a descriptor has no digest");
    Result<std::string> hex = parse_digest(*digest);
    if (!hex) return std::move(hex).error().context("archive");
    Result<const Member*> member = find_checked(content, "blobs/sha256/" + *hex);
    if (!member) return member;
    const auto size = descriptor.find("size");
    if (size != descriptor.end() && *size != (*member)->size) return invalid("blob " + *digest + " has another size");
    return member;
}

Result<json> read_blob(const ArchiveContent& content, const json& descriptor, uint64_t limit) {
    Result<const Member*> member = find_blob(content, descriptor);
    if (!member) return std::move(member).error();
    return read_json(content, "blobs/sha256/" + (*member)->sha256, limit);
}

bool is_index(const json& document) {
    return document.is_object() && document.contains("manifests");
}

bool suits(const json& descriptor, const PlanOptions& options) {
    const auto platform = descriptor.find("platform");
    if (platform == descriptor.end() || !platform->is_object()) return true;
    const std::string* os = text_at(*platform, "os");
    const std::string* architecture = text_at(*platform, "architecture");
    return (os == nullptr || *os == options.platform) &&
           (architecture == nullptr || *architecture == machine_architecture());
}

// The manifest a descriptor leads to: through lists of platforms to the one that suits this machine.
Result<json> resolve_manifest(const ArchiveContent& content, json descriptor, const PlanOptions& options) {
    constexpr int kDeepest = 4;
    for (int depth = 0; depth < kDeepest; ++depth) {
        Result<json> document = read_blob(content, descriptor, options.max_document_bytes);
        if (!document || !is_index(*document)) return document;
        const json& choices = (*document)["manifests"];
        if (!choices.is_array()) return invalid("an index has no list of manifests");
        const auto chosen = std::find_if(choices.begin(), choices.end(), [&](const json& choice) {
            return choice.is_object() && suits(choice, options);
        });
        if (chosen == choices.end()) {
            return invalid("no image for " + options.platform + "/" + std::string(machine_architecture()));
        }
        descriptor = json(*chosen);
    }
    return invalid("indexes are nested too deeply");
}

Status add_oci_tag(PlannedImage& image, const json& descriptor) {
    const auto annotations = descriptor.find("annotations");
    if (annotations == descriptor.end()) return ok();
    if (const std::string* name = text_at(*annotations, "io.containerd.image.name")) return add_tag(image, *name);
    const std::string* name = text_at(*annotations, "org.opencontainers.image.ref.name");
    // Often only a tag, "latest", which does not say of what.
    if (name == nullptr || name->find_first_of("/:") == std::string::npos) return ok();
    return add_tag(image, *name);
}

Result<PlannedImage> plan_oci_manifest(const ArchiveContent& content, const json& descriptor,
                                       const PlanOptions& options) {
    Result<json> manifest = resolve_manifest(content, descriptor, options);
    if (!manifest) return std::move(manifest).error();
    if (!manifest->is_object() || !manifest->contains("config") || !(*manifest)["layers"].is_array()) {
        return invalid("a manifest has no config or no layers");
    }
    Result<const Member*> config = find_blob(content, (*manifest)["config"]);
    if (!config) return std::move(config).error();
    Result<std::string> text = read_small_file((*config)->file, options.max_document_bytes);
    if (!text) return std::move(text).error().context("archive: image configuration");
    Result<PlannedImage> image = plan_from_config(*text, options);
    if (!image) return std::move(image).error().context("archive: blob sha256:" + (*config)->sha256);
    for (const json& layer : (*manifest)["layers"]) {
        Result<const Member*> member = find_blob(content, layer);
        if (!member) return std::move(member).error();
        image->layers.push_back(*member);
    }
    if (Status added = add_oci_tag(*image, descriptor); !added) return std::move(added).error();
    if (Status counted = check_layer_count(*image); !counted) return std::move(counted).error();
    return image;
}

Result<std::vector<PlannedImage>> plan_oci(const ArchiveContent& content, const PlanOptions& options) {
    Result<json> layout = read_json(content, "oci-layout", options.max_document_bytes);
    if (!layout) return std::move(layout).error();
    const std::string* version = text_at(*layout, "imageLayoutVersion");
    if (version == nullptr || !version->starts_with("1.")) return invalid("oci-layout is of an unknown version");
    Result<json> index = read_json(content, "index.json", options.max_document_bytes);
    if (!index) return std::move(index).error();
    if (!is_index(*index) || !(*index)["manifests"].is_array() || (*index)["manifests"].size() > kMostImages) {
        return invalid("index.json has no list of manifests");
    }
    std::vector<PlannedImage> images;
    for (const json& descriptor : (*index)["manifests"]) {
        if (!descriptor.is_object()) return invalid("index.json: a manifest is not an object");
        if (!suits(descriptor, options)) continue;
        Result<PlannedImage> image = plan_oci_manifest(content, descriptor, options);
        if (!image) return std::move(image).error();
        images.push_back(std::move(*image));
    }
    return images;
}

Status read_diff_ids(const json& document, PlannedImage& image) {
    const auto rootfs = document.find("rootfs");
    const json ids =
        rootfs != document.end() && rootfs->is_object() ? rootfs->value("diff_ids", json::array()) : json();
    if (!ids.is_array()) return Error(ErrorCode::kInvalidArgument, "image configuration has no rootfs.diff_ids");
    if (ids.size() > kMostLayers) {
        return Error(ErrorCode::kInvalidArgument, "more than " + std::to_string(kMostLayers) + " layers");
    }
    for (const json& id : ids) {
        const std::string* text = id.get_ptr<const std::string*>();
        Result<std::string> hex = parse_digest(text == nullptr ? std::string_view() : std::string_view(*text));
        if (!hex) return std::move(hex).error().context("rootfs.diff_ids");
        image.diff_ids.push_back(*text);
    }
    return ok();
}

}  // namespace

std::string_view machine_architecture() {
#if defined(__x86_64__) || defined(_M_X64)
    return "amd64";
#elif defined(__aarch64__) || defined(_M_ARM64)
    return "arm64";
#elif defined(__riscv) && __riscv_xlen == 64
    return "riscv64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    return "ppc64le";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__arm__)
    return "arm";
#else
    return "unknown";
#endif
}

Result<PlannedImage> plan_from_config(const std::string& text, const PlanOptions& options) {
    PlannedImage image;
    image.id = "sha256:" + sha256_hex(text);
    image.document = json::parse(text, nullptr, false);
    if (!image.document.is_object()) {
        return Error(ErrorCode::kInvalidArgument, "image configuration is not a JSON object");
    }
    const std::string* os = text_at(image.document, "os");
    if (os != nullptr && !os->empty() && *os != options.platform) {
        return Error(ErrorCode::kInvalidArgument, "cannot load " + os->substr(0, 64) + " image on " + options.platform);
    }
    // What a container takes from the image must have the right types before there is a container.
    const auto config = image.document.find("config");
    if (config != image.document.end()) {
        if (auto checked = normalise(config_schema(), *config, "config"); !checked) return std::move(checked).error();
    }
    if (Status read = read_diff_ids(image.document, image); !read) return std::move(read).error();
    return image;
}

Result<std::vector<PlannedImage>> plan_images(const ArchiveContent& content, const PlanOptions& options) {
    // `docker save` writes both since 25; manifest.json has the tags for certain.
    Result<std::vector<PlannedImage>> images =
        content.contains("manifest.json") ? plan_docker(content, options)
        : content.contains("index.json")  ? plan_oci(content, options)
                                          : invalid("has neither manifest.json nor index.json: not an image archive");
    if (images && images->empty()) return invalid("holds no image for this machine");
    return images;
}

}  // namespace slipway::core
