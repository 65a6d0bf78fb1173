#include "plugin_host/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <mutex>
#include <system_error>
#include <vector>

#include "plugin_host/naming.hpp"

namespace slipway::core {
namespace {

namespace dll = boost::dll;

Error bad(const PluginManifest& manifest, const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "backend '" + manifest.name + "': " + what)
        .with_resource(manifest.library.string());
}

// Reads struct_size and the ABI numbers first: nothing else of the entry means anything until they fit.
Status check_entry(const PluginManifest& manifest, const slw_plugin& entry) {
    if (!SLW_HAS(&entry, slw_plugin, abi_minor)) {
        return bad(manifest, "slw_plugin_entry has struct_size " + std::to_string(entry.struct_size) +
                                 ", too small to hold its ABI version");
    }
    if (entry.abi_major != SLW_ABI_MAJOR) {
        return abi_refusal(manifest.name, "has an entry", entry.abi_major, entry.abi_minor)
            .with_resource(manifest.library.string());
    }
    if (!SLW_HAS(&entry, slw_plugin, get_extension)) {
        return bad(manifest, "slw_plugin_entry has struct_size " + std::to_string(entry.struct_size) +
                                 ", ABI 1.0 has " + std::to_string(sizeof(slw_plugin)));
    }
    if (entry.name == nullptr || entry.version == nullptr)
        return bad(manifest, "slw_plugin_entry has no name or version");
    if (manifest.name != entry.name) {
        return bad(manifest, "slw_plugin_entry is named '" + std::string(entry.name) + "', unlike the manifest");
    }
    if (entry.init == nullptr || entry.deinit == nullptr || entry.get_extension == nullptr) {
        return bad(manifest, "slw_plugin_entry lacks init, deinit or get_extension");
    }
    return ok();
}

class BoostLibrary final : public PluginLibrary {
public:
    BoostLibrary(dll::shared_library library, const slw_plugin& entry) : library_(std::move(library)), entry_(entry) {}

    const slw_plugin& entry() const override { return entry_; }

private:
    dll::shared_library library_;
    const slw_plugin& entry_;
};

}  // namespace

void PluginLibrary::pin() {
    static std::mutex mutex;
    // On the heap for good: a static object would unload the libraries while the process ends.
    static auto* const pinned = new std::vector<std::shared_ptr<PluginLibrary>>;  // guarded by mutex
    const std::lock_guard lock(mutex);
    pinned->push_back(shared_from_this());
}

Result<std::shared_ptr<PluginLibrary>> PluginLibrary::open(const PluginManifest& manifest) {
    try {
        dll::shared_library library(manifest.library, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
        if (!library.has(SLW_PLUGIN_SYMBOL)) return bad(manifest, "the library exports no " SLW_PLUGIN_SYMBOL);
        const auto& entry = library.get<const slw_plugin>(SLW_PLUGIN_SYMBOL);
        if (Status checked = check_entry(manifest, entry); !checked) return std::move(checked).error();
        return std::shared_ptr<PluginLibrary>(std::make_shared<BoostLibrary>(std::move(library), entry));
    } catch (const std::exception& e) {  // what Boost.DLL throws; the text has the loader's own words
        return bad(manifest, std::string("cannot load the library: ") + e.what());
    }
}

}  // namespace slipway::core
