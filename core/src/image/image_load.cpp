// Images that come in: archives with images (`docker load`) and single trees (`docker import`). The spooling and
// checking needs no lock; the writer lock is taken for the layers and the records.
#include "image/archive_plan.hpp"
#include "image/archive_reader.hpp"
#include "image/changes.hpp"
#include "image/image_store.hpp"
#include "image/layer_import.hpp"

#include <algorithm>
#include <map>

namespace slipway::core {

namespace {

using nlohmann::json;

UnixNanos created_of(const json& document) {
    const auto created = document.find("created");
    if (created == document.end() || !created->is_string()) return 0;
    Result<UnixNanos> when = parse_time(created->get_ref<const std::string&>());
    return when ? *when : 0;
}

json document_for_import(const std::string& diff_id, const std::string& platform, const std::string& message,
                         json config) {
    const std::string now = to_rfc3339(unix_now());
    return {{"architecture", machine_architecture()},
            {"os", platform},
            {"created", now},
            {"config", std::move(config)},
            {"history", json::array({{{"created", now}, {"comment", message.empty() ? "Imported from -" : message}}})},
            {"rootfs", {{"type", "layers"}, {"diff_ids", json::array({diff_id})}}}};
}

}  // namespace

Result<ImageRecord> ImageStore::record_of(const PlannedImage& planned, LayerImport& layers) {
    ImageRecord record;
    record.id = planned.id;
    record.document = planned.document;
    record.diff_ids = planned.diff_ids;
    record.created = created_of(planned.document);
    record.tags = planned.tags;
    for (const std::string& id : chain_ids(planned.diff_ids)) {
        const size_t index = record.layers.size();
        Result<uint64_t> size = layers.ensure(id, record.layers, planned.diff_ids[index], planned.layers[index]->file);
        if (!size) return std::move(size).error();
        record.size_bytes += *size;
        record.layers.push_back(id);
    }
    // The image may be here already under other names, which it keeps.
    std::shared_lock lock(mutex_);
    if (const auto present = images_.find(record.id); present != images_.end()) {
        record.tags.insert(record.tags.end(), present->second->tags.begin(), present->second->tags.end());
    }
    return record;
}

Result<std::vector<std::string>> ImageStore::load(const ByteSource& archive, const Progress& progress) {
    Result<SpoolDir> spool = SpoolDir::make(options_.spool_dir);
    if (!spool) return std::move(spool).error();
    Result<ArchiveContent> content = spool_archive(archive, *spool, {options_.max_archive_bytes});
    if (!content) return std::move(content).error();
    const PlanOptions plan_options{options_.backend->info().image_os, options_.max_document_bytes};
    Result<std::vector<PlannedImage>> planned = plan_images(*content, plan_options);
    if (!planned) return std::move(planned).error();

    std::lock_guard writer(writer_);
    LayerImport layers(*options_.backend, options_.max_archive_bytes);
    std::map<std::string, Change> by_id;       // an image given twice has the names of both
    std::map<std::string, std::string> owner;  // by name; the last image of the archive that claims it
    std::vector<std::string> names;
    for (const PlannedImage& image : *planned) {
        if (progress) progress("Loading " + (image.tags.empty() ? image.id : image.tags.front()));
        Result<ImageRecord> record = record_of(image, layers);
        if (!record) return std::move(record).error();
        const auto [entry, added] = by_id.try_emplace(image.id, Change{std::move(*record), "load", image.id});
        if (!added) {
            std::vector<std::string>& tags = entry->second.image.tags;
            tags.insert(tags.end(), image.tags.begin(), image.tags.end());
        }
        for (const std::string& tag : image.tags) owner[tag] = image.id;
        if (image.tags.empty()) names.push_back(image.id);
        names.insert(names.end(), image.tags.begin(), image.tags.end());
    }
    std::vector<Change> changes;
    for (auto& [id, change] : by_id) {
        // An image keeps the names it had before but for those that now belong to another: the order of the changes is
        // that of the ids and must not decide.
        std::erase_if(change.image.tags, [&](const std::string& tag) {
            const auto named = owner.find(tag);
            return named != owner.end() && named->second != id;
        });
        changes.push_back(std::move(change));
    }
    if (Status done = commit(std::move(changes)); !done) return std::move(done).error();
    layers.keep();
    return names;
}

Result<std::string> ImageStore::import(const ByteSource& tar, const std::string& repository, const std::string& tag,
                                       const std::string& message, const std::vector<std::string>& changes) {
    // What can be wrong about the request is found before a byte of the body is read.
    std::vector<std::string> tags;
    if (!repository.empty()) {
        Result<Reference> name = parse_reference(tag.empty() ? repository : repository + ":" + tag);
        if (!name) return std::move(name).error();
        if (!name->digest.empty()) {
            return Error(ErrorCode::kInvalidArgument, "cannot import digest reference");
        }
        tags.push_back(name->familiar());
    }
    json config = json::object();
    if (Status applied = apply_changes(config, changes); !applied) return std::move(applied).error();

    Result<SpoolDir> spool = SpoolDir::make(options_.spool_dir);
    if (!spool) return std::move(spool).error();
    Result<Member> plain = spool_plain(tar, *spool, options_.max_archive_bytes);
    if (!plain) return std::move(plain).error();
    if (Status checked = check_is_tar(plain->file); !checked) return std::move(checked).error();
    const std::string platform = options_.backend->info().image_os;
    const json document = document_for_import("sha256:" + plain->sha256, platform, message, std::move(config));
    const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
    Result<PlannedImage> planned = plan_from_config(text, {platform, options_.max_document_bytes});
    if (!planned) return std::move(planned).error();
    planned->layers.push_back(&*plain);
    planned->tags = std::move(tags);

    std::lock_guard writer(writer_);
    LayerImport layers(*options_.backend, options_.max_archive_bytes);
    Result<ImageRecord> record = record_of(*planned, layers);
    if (!record) return std::move(record).error();
    if (Status done = commit({{std::move(*record), "import", planned->id}}); !done) return std::move(done).error();
    layers.keep();
    return planned->id;
}

}  // namespace slipway::core
