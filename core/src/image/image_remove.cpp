// Removing images by Docker's rules: what `docker rmi` unties, refuses and deletes.
#include "image/image_store.hpp"
#include "names/identity.hpp"

#include <algorithm>
#include <set>

namespace slipway::core {

namespace {

std::string short_image_id(const std::string& id) {
    return short_id(id.substr(id.find(':') + 1));
}

Error conflict(const std::string& id, bool can_be_forced, const std::string& why) {
    return Error(ErrorCode::kConflict, "conflict: unable to delete " + short_image_id(id) +
                                           (can_be_forced ? " (must be forced) - " : " (cannot be forced) - ") + why)
        .with_resource(id);
}

// True when the user named the image by its id and not by a tag.
bool names_by_id(const std::string& ref, const ImageRecord& image) {
    Result<Reference> reference = parse_reference(ref);
    return !reference || std::find(image.tags.begin(), image.tags.end(), reference->familiar()) == image.tags.end();
}

Event removal_event(const ImageRecord& image, const std::string& action) {
    Event event;
    event.type = "image";
    event.action = action;
    event.actor_id = image.id;
    event.attributes["name"] = image.id;
    return event;
}

}  // namespace

// `in_use` tells whether it was a container that forbids it.
Status ImageStore::conflict_of(const ImageRecord& image, bool force, bool& in_use) const {
    in_use = false;
    RecordPtr stopped;
    for (const RecordPtr& container : options_.containers()) {
        if (container->image_id != image.id) continue;
        in_use = true;
        if (container->is_running()) {
            return conflict(image.id, false, "image is being used by running container " + short_id(container->id));
        }
        stopped = container;
    }
    if (stopped && !force) {
        return conflict(image.id, true, "image is being used by stopped container " + short_id(stopped->id));
    }
    return ok();
}

// Takes one tag away, durably, with its event.
Status ImageStore::untag(const std::string& name, std::vector<DeletedImagePart>& parts) {
    ImagePtr before;
    {
        std::shared_lock lock(mutex_);
        before = images_.at(tags_.at(name));
    }
    ImageRecord image = *before;
    std::erase(image.tags, name);
    Batch batch;
    batch.put(image).append(removal_event(image, "untag"));
    if (auto done = options_.store->commit(std::move(batch), Durability::kFull); !done) return std::move(done).error();
    parts.push_back({name, ""});
    std::unique_lock lock(mutex_);
    tags_.erase(name);
    images_[image.id] = std::make_shared<const ImageRecord>(image);
    return ok();
}

// Takes the image and what tags it has left away in one transaction, then the layers nobody else needs.
Status ImageStore::erase(const ImageRecord& image, std::vector<DeletedImagePart>& parts) {
    Batch batch;
    for (size_t i = 0; i < image.tags.size(); ++i) batch.append(removal_event(image, "untag"));
    batch.erase_image(image.id).append(removal_event(image, "delete"));
    if (auto done = options_.store->commit(std::move(batch), Durability::kFull); !done) return std::move(done).error();
    {
        std::unique_lock lock(mutex_);
        for (const std::string& tag : image.tags) tags_.erase(tag);
        images_.erase(image.id);
    }
    for (const std::string& tag : image.tags) parts.push_back({tag, ""});
    parts.push_back({"", image.id});
    for (const std::string& layer : drop_unused(image.layers)) parts.push_back({"", "sha256:" + layer});
    return ok();
}

Result<std::vector<DeletedImagePart>> ImageStore::remove(const std::string& ref, bool force) {
    std::lock_guard writer(writer_);
    Result<ImagePtr> found = find(ref);
    if (!found) return std::move(found).error();
    ImagePtr image = *found;
    std::vector<DeletedImagePart> parts;
    bool in_use = false;
    Status allowed = conflict_of(*image, force, in_use);

    if (names_by_id(ref, *image)) {
        if (!allowed) return std::move(allowed).error();
        if (image->tags.size() > 1 && !force) {
            return conflict(image->id, true, "image is referenced in multiple repositories");
        }
        if (Status erased = erase(*image, parts); !erased) return std::move(erased).error();
        return parts;
    }

    const std::string name = parse_reference(ref)->familiar();
    const bool last_tag = image->tags.size() <= 1;
    if (last_tag && in_use && !force) {
        const std::vector<RecordPtr> containers = options_.containers();
        const auto user = std::find_if(containers.begin(), containers.end(),
                                       [&](const RecordPtr& each) { return each->image_id == image->id; });
        const std::string who = user == containers.end() ? std::string() : short_id((*user)->id);
        return Error(ErrorCode::kConflict, "conflict: unable to remove repository reference \"" + ref +
                                               "\" (must force) - container " + who +
                                               " is using its referenced image " + short_image_id(image->id))
            .with_resource(image->id);
    }
    // An image a container runs from only loses its name, even when forced.
    const bool only_untag = !last_tag || !allowed;
    Status done = only_untag ? untag(name, parts) : erase(*image, parts);
    if (!done) return std::move(done).error();
    return parts;
}

}  // namespace slipway::core
