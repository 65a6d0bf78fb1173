#include "image/layer_import.hpp"

#include "names/identity.hpp"

namespace slipway::core {

LayerImport::~LayerImport() {
    for (auto layer = added_.rbegin(); layer != added_.rend(); ++layer) {
        // One that cannot be removed now is an orphan that the next start of the engine removes.
        (void)backend_.layer_remove(CallContext{}, *layer);
    }
}

Result<uint64_t> LayerImport::ensure(const std::string& id, const std::vector<std::string>& parents,
                                     const std::string& diff_id, const std::filesystem::path& file) {
    Result<LayerInfo> present = backend_.layer_stat(id);
    if (present) return present->size_bytes;
    if (present.error().code() != ErrorCode::kNotFound) return std::move(present).error();

    const std::string context = "layer " + short_id(diff_id.substr(diff_id.find(':') + 1));
    Result<LayerStream> stream = LayerStream::open(file, max_layer_bytes_);
    if (!stream) return std::move(stream).error().context(context);
    const ByteSource source = [&](void* buffer, uint64_t capacity) { return stream->read(buffer, capacity); };
    Result<LayerInfo> imported = backend_.layer_import(CallContext{}, id, parents, source);
    if (!imported) {
        // The backend only knows that its source failed; why is here.
        if (stream->error()) return Error(*stream->error()).context(context);
        return std::move(imported).error().context(context);
    }
    added_.push_back(id);

    // A tar reader stops at the end mark; the digest covers what follows it as well.
    Result<std::string> digest = stream->finish();
    if (!digest) return std::move(digest).error().context(context);
    if (*digest != diff_id) {
        return Error(ErrorCode::kInvalidArgument,
                     context + ": content has digest " + *digest + ", expected " + diff_id);
    }
    return imported->size_bytes;
}

}  // namespace slipway::core
