#include <spec/cdi_devices.hpp>
#include <spec/json_access.hpp>
#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t kLongestFile = size_t{4} << 20;

struct File {
    std::string path;
    CdiSpec spec;
};

// Everything in the directories, later ones first.
struct Library {
    std::vector<std::vector<File>> by_directory;
    std::vector<Error> problems;
};

Result<std::string> read_file(const std::string& path) {
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) {
        return Error::from_errno(errno, "CDI specification '" + path + "'").with_resource(path);
    }
    if (!S_ISREG(info.st_mode)) return Error(ErrorCode::kInvalidArgument, "CDI specification '" + path + "': no file");
    std::string text(kLongestFile + 1, '\0');
    size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
        if (got < 0) return Error::from_errno(errno, "CDI specification '" + path + "'").with_resource(path);
        if (got == 0) break;
        size += static_cast<size_t>(got);
    }
    if (size > kLongestFile) return Error(ErrorCode::kInvalidArgument, "CDI specification '" + path + "': too large");
    text.resize(size);
    return text;
}

void read_one(const std::string& path, std::vector<File>& files, std::vector<Error>& problems) {
    if (path.ends_with(".yaml") || path.ends_with(".yml")) {
        problems.emplace_back(ErrorCode::kUnimplemented,
                              "CDI specification '" + path + "': YAML is not read, convert it to JSON");
        return;
    }
    if (!path.ends_with(".json")) return;
    Result<std::string> text = read_file(path);
    Result<CdiSpec> spec = text ? parse_cdi_spec(*text, path) : Result<CdiSpec>(std::move(text).error());
    if (spec) {
        files.push_back({path, std::move(*spec)});
    } else {
        problems.push_back(std::move(spec).error());
    }
}

Library read_library(const std::vector<std::string>& directories) {
    Library library;
    for (auto directory = directories.rbegin(); directory != directories.rend(); ++directory) {
        std::error_code none;
        std::set<std::string> paths;  // in order, so that errors are always the same
        for (const auto& entry : fs::directory_iterator(*directory, none)) paths.insert(entry.path());
        std::vector<File> files;
        for (const std::string& path : paths) read_one(path, files, library.problems);
        library.by_directory.push_back(std::move(files));
    }
    return library;
}

// The file that defines it; null: none, or two that contradict each other.
const File* find_file(const Library& library, const CdiName& name) {
    for (const std::vector<File>& files : library.by_directory) {
        const File* found = nullptr;
        for (const File& file : files) {
            if (file.spec.kind != name.kind || !file.spec.devices.contains(name.device)) continue;
            if (found != nullptr) return nullptr;
            found = &file;
        }
        if (found != nullptr) return found;
    }
    return nullptr;
}

Error unresolvable(const std::vector<std::string>& names, const Library& library) {
    std::string text = "CDI device injection failed: unresolvable CDI devices ";
    for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + names[i];
    ErrorCode code = ErrorCode::kInvalidArgument;
    for (const Error& problem : library.problems) {
        text += "; " + problem.message();
        if (problem.code() == ErrorCode::kUnimplemented) code = problem.code();
    }
    return Error(code, text).with_resource(names.front());
}

// Docker's text: "could not select device driver \"\" with capabilities: [[gpu]]".
Error no_driver(const json& request) {
    std::string capabilities;
    for (const json& all : member_of(request, "Capabilities")) {
        std::string words;
        for (const json& one : all) {
            if (one.is_string()) words += (words.empty() ? "" : " ") + one.get<std::string>();
        }
        capabilities += (capabilities.empty() ? "[" : " [") + words + "]";
    }
    const std::string driver = read_text(request, "Driver");
    return Error(ErrorCode::kInvalidArgument,
                 "could not select device driver \"" + driver + "\" with capabilities: [" + capabilities + "]")
        .with_resource(driver)
        .with_hint(
            "devices of CDI specifications are asked for with the driver \"cdi\", or as --device vendor/class=name");
}

}  // namespace

std::vector<std::string> default_cdi_directories() {
    return {"/etc/cdi", "/var/run/cdi"};
}

Result<std::vector<std::string>> requested_cdi_devices(const json& host_config) {
    std::vector<std::string> names;
    const json& requests = member_of(host_config, "DeviceRequests");
    for (const json& request : requests.is_array() ? requests : json::array()) {
        if (read_text(request, "Driver") != "cdi") return no_driver(request);
        for (const std::string& name : read_texts(request, "DeviceIDs")) {
            if (!parse_cdi_name(name)) {
                return Error(ErrorCode::kInvalidArgument, "invalid CDI device name \"" + name + "\"")
                    .with_resource(name);
            }
            names.push_back(name);
        }
    }
    const json& devices = member_of(host_config, "Devices");
    for (const json& device : devices.is_array() ? devices : json::array()) {
        const std::string path = read_text(device, "PathOnHost");
        if (parse_cdi_name(path)) names.push_back(path);
    }
    return names;
}

Result<CdiEdits> resolve_cdi_devices(const std::vector<std::string>& names,
                                     const std::vector<std::string>& directories) {
    CdiEdits edits;
    if (names.empty()) return edits;
    const Library library = read_library(directories);
    std::set<const File*> used;
    std::set<std::string> done;
    std::vector<std::string> missing;
    for (const std::string& text : names) {
        const std::optional<CdiName> name = parse_cdi_name(text);
        const File* file = name ? find_file(library, *name) : nullptr;
        if (file == nullptr) {
            missing.push_back(text);
            continue;
        }
        if (!done.insert(text).second) continue;
        if (used.insert(file).second) edits.add(file->spec.edits);
        edits.add(file->spec.devices.at(name->device));
    }
    if (!missing.empty()) return unresolvable(missing, library);
    return edits;
}

}  // namespace slipway::linux_backend
