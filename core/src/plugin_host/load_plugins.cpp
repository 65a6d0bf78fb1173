// Finds plugins in directories and takes each through its checks.
#include <slipway/core/plugin_host.hpp>

#include <algorithm>
#include <set>

#include "plugin_host/naming.hpp"
#include "plugin_host/plugin_backend.hpp"
#include "plugin_host/trust.hpp"

namespace slipway::core {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

#if defined(_WIN32)
constexpr const char* kLibrarySuffix = ".dll";
constexpr const char* kPlatform = "windows";
#else
constexpr const char* kLibrarySuffix = ".so";
constexpr const char* kPlatform = "linux";
#endif

void log_to(const LogFunction& log, LogLevel level, const std::string& line) {
    if (log) log(level, line);
}

// Every library and every manifest's library in `directory`, by name, so that the order is the same each time. Both are
// looked for: a library without a manifest and a manifest without a library deserve a word.
std::set<fs::path> find_libraries(const fs::path& directory, std::error_code& ec) {
    std::set<fs::path> found;
    fs::directory_iterator entries(directory, ec);
    while (!ec && entries != fs::directory_iterator()) {
        fs::path path = entries->path();
        if (path.extension() == kLibrarySuffix) found.insert(path);
        if (path.extension() == ".json") found.insert(path.replace_extension(kLibrarySuffix));
        entries.increment(ec);
    }
    return found;
}

json config_for(const PluginHostOptions& options, const std::string& name) {
    json config = options.common_config.is_object() ? options.common_config : json::object();
    if (!options.data_root.empty()) config["data_root"] = (options.data_root / "backends" / name).string();
    if (!options.exec_root.empty()) config["exec_root"] = (options.exec_root / "backends" / name).string();
    if (const auto own = options.backend_config.find(name); own != options.backend_config.end()) {
        if (own->second.is_object()) config.update(own->second);
    }
    return config;
}

Result<std::shared_ptr<Backend>> load_one(const PluginHostOptions& options, const PluginManifest& manifest,
                                          const std::shared_ptr<BackendEventQueue>& queue) {
    if (manifest.platform != kPlatform) {
        return Error(ErrorCode::kUnavailable, "is for " + manifest.platform + ", this host is " + kPlatform);
    }
    std::error_code ec;
    if (!fs::is_regular_file(manifest.library, ec)) {
        return Error(ErrorCode::kNotFound, "there is no library '" + manifest.library.string() + "'");
    }
    if (Status trusted = check_trusted(manifest.library); !trusted) return std::move(trusted).error();
    if (options.probe) {
        if (Status probed = options.probe(manifest.library); !probed) return std::move(probed).error();
    }
    Result<std::shared_ptr<PluginInstance>> plugin =
        PluginInstance::start(manifest, config_for(options, manifest.name), options.log, queue);
    if (!plugin) return std::move(plugin).error();
    return std::shared_ptr<Backend>(std::make_shared<PluginBackend>(std::move(*plugin)));
}

class Loader {
public:
    Loader(const PluginHostOptions& options, std::shared_ptr<BackendEventQueue> queue)
        : options_(options), queue_(std::move(queue)) {}

    void search(const fs::path& directory) {
        std::error_code ec;
        const fs::path absolute = fs::absolute(directory, ec).lexically_normal();
        if (!ec && !fs::exists(absolute, ec) && !ec) {
            log_to(options_.log, LogLevel::kDebug, "backend directory '" + absolute.string() + "' does not exist");
            return;
        }
        const std::set<fs::path> libraries = find_libraries(absolute, ec);
        if (ec)
            report(absolute, Error(ErrorCode::kSystem, "cannot search '" + absolute.string() + "': " + ec.message()));
        for (const fs::path& library : libraries) load(library);
    }

    LoadedPlugins take() { return std::move(loaded_); }

private:
    void load(const fs::path& library) {
        const Result<PluginManifest> manifest = read_manifest(library);
        if (!manifest) return report(library, manifest.error());
        const std::string& name = manifest->name;
        if (const Backend* owner = find(name)) {
            return report(library, Error(ErrorCode::kConflict, "backend '" + name + "' is loaded already, from '" +
                                                                   owner->info().path + "'"));
        }
        Result<std::shared_ptr<Backend>> backend = load_one(options_, *manifest, queue_);
        if (!backend) return report(library, name_backend(std::move(backend).error(), name));

        const BackendInfo& info = (*backend)->info();
        log_to(options_.log, LogLevel::kInfo,
               "backend '" + name + "' " + info.version + " loaded from '" + info.path + "', ABI " +
                   abi_text(info.abi_major, info.abi_minor));
        loaded_.backends.push_back(std::move(*backend));
    }

    const Backend* find(const std::string& name) const {
        const auto found = std::find_if(loaded_.backends.begin(), loaded_.backends.end(),
                                        [&](const auto& backend) { return backend->info().name == name; });
        return found == loaded_.backends.end() ? nullptr : found->get();
    }

    void report(const fs::path& path, const Error& error) {
        log_to(options_.log, LogLevel::kWarn, error.message() + ", skipping '" + path.string() + "'");
        loaded_.problems.push_back({path.string(), error.message()});
    }

    const PluginHostOptions& options_;
    std::shared_ptr<BackendEventQueue> queue_;
    LoadedPlugins loaded_;
};

}  // namespace

LoadedPlugins load_plugins(const PluginHostOptions& options, std::shared_ptr<BackendEventQueue> queue) {
    Loader loader(options, std::move(queue));
    for (const fs::path& directory : options.directories) loader.search(directory);
    return loader.take();
}

Status probe_plugin(const std::filesystem::path& library) {
    const Result<PluginManifest> manifest = read_manifest(library);
    if (!manifest) return manifest.error();
    std::error_code ec;
    fs::path nowhere = fs::temp_directory_path(ec);
    if (ec) nowhere = "/tmp";
    nowhere /= "slipway-probe-without-directories";
    const json config = {{"data_root", (nowhere / "data").string()},
                         {"exec_root", (nowhere / "exec").string()},
                         {"instance", "00000000"}};
    Result<std::shared_ptr<PluginInstance>> plugin = PluginInstance::start(*manifest, config, nullptr, nullptr);
    if (!plugin) return name_backend(std::move(plugin).error(), manifest->name);
    return ok();  // deinit runs as the instance goes
}

}  // namespace slipway::core
