// core/src/image/image_store.hpp - the images of this engine: lookup, tags, removal, and the layers they stand on.
#pragma once

#include "store/store.hpp"

#include <slipway/core/backend.hpp>
#include <slipway/core/engine.hpp>
#include <slipway/core/image.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace slipway::core {

class ImageStore;
class LayerImport;
struct PlannedImage;

// Keeps an image's layers on disk while a container is being made from it. Move-only; give it up once the container's
// record is listed.
class ImagePin {
public:
    ImagePin() = default;
    ImagePin(ImagePin&& other) noexcept;
    ImagePin& operator=(ImagePin&& other) noexcept;
    ~ImagePin();

    const ImageRecord& image() const { return *image_; }
    const ImagePtr& pointer() const { return image_; }

private:
    friend class ImageStore;
    ImagePin(ImageStore* owner, ImagePtr image) : owner_(owner), image_(std::move(image)) {}
    void reset();

    ImageStore* owner_ = nullptr;  // outlives every pin
    ImagePtr image_;
};

using Progress = std::function<void(const std::string&)>;

struct ImageStoreOptions {
    std::shared_ptr<Store> store;
    std::shared_ptr<Backend> backend;  // where layers live
    std::filesystem::path spool_dir;   // <data root>/tmp; created and emptied at open as far as that works
    // The containers there are, to know which images and layers are used. Called without the store's lock held.
    std::function<std::vector<RecordPtr>()> containers;
    uint64_t max_archive_bytes = uint64_t{64} << 30;  // compressed or not
    uint64_t max_document_bytes = uint64_t{8} << 20;  // manifests, configurations
};

// Thread-safe. Lookups never wait for a load or an import.
class ImageStore {
public:
    // `damaged` receives what could not be read, `untidy` what stays in the spool directory, or why there is none, for
    // the log.
    static Result<std::unique_ptr<ImageStore>> open(ImageStoreOptions options, std::vector<DamagedRow>& damaged,
                                                    std::vector<Error>& untidy);

    // By reference, "sha256:<hex>", or an unambiguous hex prefix. kNotFound "No such image: <ref>", with ":latest"
    // added to a reference without a tag, which is what clients look for before they offer to pull.
    Result<ImagePtr> find(const std::string& ref) const;
    Result<ImagePin> find_and_pin(const std::string& ref);

    // Filters: reference, dangling, label, before, since, until. Newest first. kInvalidArgument "invalid filter
    // '<key>'".
    Result<std::vector<ImagePtr>> list(const Filters& filters) const;

    // One durable transaction with its event.
    Status tag(const std::string& ref, const std::string& repository, const std::string& tag);

    // Docker's rules: a tag of several is only untagged; the last tag removes the image unless a container uses it; an
    // id with several tags needs `force`. kConflict with Docker's texts. Layers nobody uses any more are removed.
    Result<std::vector<DeletedImagePart>> remove(const std::string& ref, bool force);

    int64_t containers_using(const std::string& image_id) const;

    // As Engine::load_images and Engine::import_image.
    Result<std::vector<std::string>> load(const ByteSource& archive, const Progress& progress);
    Result<std::string> import(const ByteSource& tar, const std::string& repository, const std::string& tag,
                               const std::string& message, const std::vector<std::string>& changes);

    // Removes those of `layers` that nothing uses any more; for when a container is gone whose image went before it.
    void release_layers(const std::vector<std::string>& layers);

    // From now on no layer is removed: there are records that cannot be read, and nobody knows what those stand on.
    // Images that cannot be read do the same.
    void keep_all_layers();

    // Removes layers of the backend that no image, container or pin refers to; at boot, after a crash during a load.
    // Returns how many.
    Result<size_t> remove_unused_layers();

private:
    friend class ImagePin;
    explicit ImageStore(ImageStoreOptions options) : options_(std::move(options)) {}

    Result<ImagePtr> find_locked(const std::string& ref) const;
    void pin_layers(const ImageRecord& image, int change);

    // All with writer_ held.
    struct Change {
        ImageRecord image;  // as it shall be; a tag given here is taken from whoever has it
        std::string action, event_name;
    };
    Status commit(std::vector<Change> changes);
    Result<ImageRecord> record_of(const PlannedImage& planned, LayerImport& layers);
    Status conflict_of(const ImageRecord& image, bool force, bool& in_use) const;
    Status untag(const std::string& name, std::vector<DeletedImagePart>& parts);
    Status erase(const ImageRecord& image, std::vector<DeletedImagePart>& parts);
    std::vector<std::string> drop_unused(const std::vector<std::string>& layers);

    ImageStoreOptions options_;

    // Serialises what changes images or layers: load, import, tag, remove. Taken before mutex_; held across calls into
    // the backend's layer functions, never by a lookup.
    std::mutex writer_;
    bool keeps_all_layers_ = false;  // guarded by writer_

    mutable std::shared_mutex mutex_;
    std::map<std::string, ImagePtr> images_;    // by id; guarded by mutex_
    std::map<std::string, std::string> tags_;   // familiar name to id; guarded by mutex_
    std::map<std::string, int> pinned_layers_;  // guarded by mutex_
};

}  // namespace slipway::core
