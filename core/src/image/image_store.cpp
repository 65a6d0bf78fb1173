#include "image/image_store.hpp"

#include "image/digest.hpp"

#include <algorithm>
#include <set>
#include <system_error>

namespace slipway::core {

namespace {

Error no_such_image(const std::string& shown) {
    return Error(ErrorCode::kNotFound, "No such image: " + shown).with_resource(shown);
}

bool is_hex(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Event image_event(const ImageRecord& image, const std::string& action, const std::string& name) {
    Event event;
    event.type = "image";
    event.action = action;
    event.actor_id = image.id;
    const auto config = image.document.find("config");
    if (config != image.document.end() && config->is_object()) {
        const auto labels = config->find("Labels");
        if (labels != config->end() && labels->is_object()) {
            for (const auto& [key, value] : labels->items()) {
                if (value.is_string()) event.attributes[key] = value.get<std::string>();
            }
        }
    }
    event.attributes["name"] = name;
    return event;
}

// Leftovers of a daemon that died during a load.
std::vector<Error> empty_directory(const std::filesystem::path& directory) {
    std::vector<Error> failures;
    const auto note = [&](const std::error_code& failed, const char* what, const std::filesystem::path& path) {
        if (failed) failures.push_back(Error::from_code(failed, std::string(what) + " '" + path.string() + "'"));
    };
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    note(failed, "create directory", directory);
    if (failed) return failures;
    std::vector<std::filesystem::path> entries;
    for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) entries.push_back(entry.path());
    note(failed, "read directory", directory);
    for (const std::filesystem::path& entry : entries) {
        std::error_code stays;
        std::filesystem::remove_all(entry, stays);
        note(stays, "remove", entry);
    }
    return failures;
}

}  // namespace

ImagePin::ImagePin(ImagePin&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), image_(std::move(other.image_)) {}

ImagePin& ImagePin::operator=(ImagePin&& other) noexcept {
    if (this != &other) {
        reset();
        owner_ = std::exchange(other.owner_, nullptr);
        image_ = std::move(other.image_);
    }
    return *this;
}

ImagePin::~ImagePin() {
    reset();
}

void ImagePin::reset() {
    if (owner_ != nullptr) {
        std::unique_lock lock(owner_->mutex_);
        owner_->pin_layers(*image_, -1);
    }
    owner_ = nullptr;
}

Result<std::unique_ptr<ImageStore>> ImageStore::open(ImageStoreOptions options, std::vector<DamagedRow>& damaged,
                                                     std::vector<Error>& untidy) {
    untidy = empty_directory(options.spool_dir);
    Result<Loaded<ImageRecord>> loaded = options.store->load_images();
    if (!loaded) return std::move(loaded).error();
    std::unique_ptr<ImageStore> images(new ImageStore(std::move(options)));
    for (ImageRecord& record : loaded->rows) {
        for (const std::string& tag : record.tags) images->tags_[tag] = record.id;
        const std::string id = record.id;
        images->images_[id] = std::make_shared<const ImageRecord>(std::move(record));
    }
    if (!loaded->damaged.empty()) images->keep_all_layers();
    damaged.insert(damaged.end(), loaded->damaged.begin(), loaded->damaged.end());
    return images;
}

Result<ImagePtr> ImageStore::find_locked(const std::string& ref) const {
    constexpr std::string_view kDigest = "sha256:";
    const auto by_id_prefix = [&](const std::string& prefix) -> Result<ImagePtr> {
        const auto first = images_.lower_bound(prefix);
        if (first == images_.end() || !first->first.starts_with(prefix)) return no_such_image(ref);
        const auto second = std::next(first);
        if (second != images_.end() && second->first.starts_with(prefix)) {
            return Error(ErrorCode::kInvalidArgument, "ambiguous image ID prefix: " + ref);
        }
        return first->second;
    };
    if (ref.starts_with(kDigest) && is_hex(std::string_view(ref).substr(kDigest.size()))) return by_id_prefix(ref);
    if (ref.size() == 64 && is_hex(ref)) return by_id_prefix(std::string(kDigest) + ref);

    Result<Reference> reference = parse_reference(ref);
    if (!reference) return std::move(reference).error();
    const std::string familiar = reference->familiar();
    if (const auto tagged = tags_.find(familiar); tagged != tags_.end()) return images_.at(tagged->second);
    if (!reference->digest.empty()) {
        if (const auto image = images_.find(reference->digest); image != images_.end()) return image->second;
    }
    if (is_hex(ref)) {
        Result<ImagePtr> image = by_id_prefix(std::string(kDigest) + ref);
        if (image || image.error().code() != ErrorCode::kNotFound) return image;
    }
    return no_such_image(familiar);
}

Result<ImagePtr> ImageStore::find(const std::string& ref) const {
    std::shared_lock lock(mutex_);
    return find_locked(ref);
}

Result<ImagePin> ImageStore::find_and_pin(const std::string& ref) {
    std::unique_lock lock(mutex_);
    Result<ImagePtr> image = find_locked(ref);
    if (!image) return std::move(image).error();
    pin_layers(**image, 1);
    return ImagePin(this, std::move(*image));
}

void ImageStore::pin_layers(const ImageRecord& image, int change) {
    for (const std::string& layer : image.layers) {
        const auto entry = pinned_layers_.try_emplace(layer, 0).first;
        entry->second += change;
        if (entry->second == 0) pinned_layers_.erase(entry);
    }
}

Status ImageStore::tag(const std::string& ref, const std::string& repository, const std::string& tag) {
    Result<Reference> target = parse_reference(tag.empty() ? repository : repository + ":" + tag);
    if (!target) return std::move(target).error();
    if (!target->digest.empty()) {
        return Error(ErrorCode::kInvalidArgument, "refusing to create a tag with a digest reference");
    }
    std::lock_guard writer(writer_);
    Result<ImagePtr> image = find(ref);
    if (!image) return std::move(image).error();
    ImageRecord tagged = **image;
    const std::string name = target->familiar();
    tagged.tags.push_back(name);
    return commit({{std::move(tagged), "tag", name}});
}

Status ImageStore::commit(std::vector<Change> changes) {
    const UnixNanos now = unix_now();
    Batch batch;
    for (Change& change : changes) {
        ImageRecord& image = change.image;
        std::sort(image.tags.begin(), image.tags.end());
        image.tags.erase(std::unique(image.tags.begin(), image.tags.end()), image.tags.end());
        image.tagged_at = now;
        batch.put(image);
        batch.append(image_event(image, change.action, change.event_name));
    }
    if (auto done = options_.store->commit(std::move(batch), Durability::kFull); !done) return std::move(done).error();

    std::unique_lock lock(mutex_);
    for (Change& change : changes) {
        const auto entry = images_.find(change.image.id);
        if (entry != images_.end()) {
            for (const std::string& tag : entry->second->tags) tags_.erase(tag);
        }
        for (const std::string& tag : change.image.tags) {
            const auto owner = tags_.find(tag);
            if (owner != tags_.end()) {
                ImageRecord other = *images_.at(owner->second);
                std::erase(other.tags, tag);
                images_[owner->second] = std::make_shared<const ImageRecord>(std::move(other));
            }
            tags_[tag] = change.image.id;
        }
        const std::string id = change.image.id;
        images_[id] = std::make_shared<const ImageRecord>(std::move(change.image));
    }
    return ok();
}

int64_t ImageStore::containers_using(const std::string& image_id) const {
    const std::vector<RecordPtr> containers = options_.containers();
    return std::count_if(containers.begin(), containers.end(),
                         [&](const RecordPtr& container) { return container->image_id == image_id; });
}

// Who uses what is asked in this order: images and pins, then containers. A pin is given up only after its container is
// listed, so whatever is not seen as a pin is seen as a container.
std::vector<std::string> ImageStore::drop_unused(const std::vector<std::string>& layers) {
    if (keeps_all_layers_) return {};
    std::set<std::string> used;
    {
        std::shared_lock lock(mutex_);
        for (const auto& [id, image] : images_) used.insert(image->layers.begin(), image->layers.end());
        for (const auto& [layer, count] : pinned_layers_) used.insert(layer);
    }
    for (const RecordPtr& container : options_.containers()) {
        used.insert(container->layers.begin(), container->layers.end());
    }
    std::vector<std::string> removed;
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
        if (used.contains(*layer)) continue;
        // One that stays is found again at the next start of the engine.
        if (options_.backend->layer_remove(CallContext{}, *layer)) removed.push_back(*layer);
    }
    return removed;
}

void ImageStore::keep_all_layers() {
    const std::lock_guard writer(writer_);
    keeps_all_layers_ = true;
}

void ImageStore::release_layers(const std::vector<std::string>& layers) {
    std::lock_guard writer(writer_);
    (void)drop_unused(layers);
}

Result<size_t> ImageStore::remove_unused_layers() {
    std::lock_guard writer(writer_);
    Result<std::vector<std::string>> layers = options_.backend->layer_list(CallContext{});
    if (!layers) return std::move(layers).error();
    return drop_unused(*layers).size();
}

}  // namespace slipway::core
