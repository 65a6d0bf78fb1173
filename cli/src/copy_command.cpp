// slipway cp: files from a container here, and the other way round.
#include "client.hpp"
#include "commands.hpp"
#include "copy/copy_plan.hpp"
#include "copy/tar_stream.hpp"
#include "format.hpp"

#include <Poco/Base64Decoder.h>
#include <Poco/StreamCopier.h>

#include <iostream>
#include <optional>
#include <sstream>

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uint64_t kGoDirectory = uint64_t{1} << 31, kGoSymlink = uint64_t{1} << 27;

struct Options {
    std::string from, to;
    bool archive = false, follow = false, quiet = false;
};

// What a path in a container stands for.
struct ContainerPath {
    bool is_directory = false;
    std::string link_target;  // of a symbolic link, within the container
};

// nullopt: there is no such path.
std::optional<ContainerPath> look(const Client& client, const CopyArgument& place) {
    const Reply reply = client.call("HEAD", container_path(place.container, "/archive"), {{"path", place.path}});
    if (reply.status == 404) return std::nullopt;
    // The head of an error has no text; the same question as GET does.
    if (!reply.ok()) client.expect("GET", container_path(place.container, "/archive"), {{"path", place.path}});
    const auto header = reply.headers.find("X-Docker-Container-Path-Stat");
    std::string text;
    if (header != reply.headers.end()) {
        std::istringstream encoded(header->second);
        Poco::Base64Decoder decoder(encoded);
        Poco::StreamCopier::copyToString(decoder, text);
    }
    const json stat = json::parse(text, nullptr, false);
    if (!stat.is_object()) throw CommandError("the daemon did not say what '" + place.path + "' is");
    const auto mode = stat.value("mode", uint64_t{0});
    ContainerPath found;
    found.is_directory = (mode & kGoDirectory) != 0;
    if ((mode & kGoSymlink) != 0) found.link_target = stat.value("linkTarget", std::string());
    return found;
}

std::string beside(const std::string& path, const std::string& target) {
    if (target.starts_with("/")) return target;
    const std::string directory = split_entry(path).directory;
    return (directory == "/" ? "/" : directory + "/") + target;
}

void report(const Options& options, uint64_t bytes, const std::string& to) {
    if (!options.quiet) std::cerr << "Successfully copied " << human_size(bytes) << " to " << printable(to) << '\n';
}

// Follows links as far as there is something behind them.
CopyDestination destination_here(const std::string& path) {
    fs::path at = path_of(path);
    std::error_code error;
    for (int i = 0; i < 255 && fs::is_symlink(fs::symlink_status(at, error)); ++i) {
        const fs::path target = fs::read_symlink(at, error);
        at = target.is_absolute() ? target : at.parent_path() / target;
    }
    const fs::file_status status = fs::status(at, error);
    // As it was given, where it was not a link: a slash at its end counts.
    const std::string name = at == path_of(path) ? path : at.generic_string();
    return {name, fs::exists(status), fs::is_directory(status)};
}

void check_output(const std::string& path) {
    const std::string directory = split_entry(path).directory;
    std::error_code error;
    if (fs::exists(path_of(directory), error)) return;
    throw CommandError("invalid output path: directory \"" + directory + "\" does not exist");
}

void copy_from(const Client& client, const Options& options, CopyArgument from) {
    if (options.to != "-") check_output(options.to);
    std::optional<ContainerPath> source = look(client, from);
    std::string name;
    if (options.follow && source && !source->link_target.empty()) {
        const std::string link = split_entry(from.path).base;
        from.path = beside(from.path, source->link_target);
        if (link != split_entry(from.path).base) name = link;
        source = look(client, from);
    }
    uint64_t bytes = 0;
    client.receive(container_path(from.container, "/archive"), {{"path", from.path}}, [&](std::istream& tar) {
        if (options.to == "-") {
            Poco::StreamCopier::copyStream(tar, std::cout, 65536);
            std::cout.flush();
            return;
        }
        const CopySource what{from.path, source && source->is_directory, name};
        bytes = unpack_tar(tar, plan_copy(what, destination_here(options.to)));
    });
    if (options.to != "-") report(options, bytes, options.to);
}

CopyDestination destination_there(const Client& client, CopyArgument to) {
    std::optional<ContainerPath> found = look(client, to);
    if (found && !found->link_target.empty()) {
        to.path = beside(to.path, found->link_target);
        found = look(client, to);
    }
    return {to.path, found.has_value(), found && found->is_directory};
}

// What is copied: a link itself unless it is to be followed, or named as a directory.
CopySource source_here(const Options& options, fs::path& file) {
    const std::string& path = options.from;
    const PathEntry entry = split_entry(path);
    file = path_of(entry.base == "." ? entry.directory : path).lexically_normal();
    if (!file.has_filename() && file.has_relative_path()) file = file.parent_path();
    std::error_code error;
    if (!fs::exists(fs::symlink_status(file, error)))
        throw CommandError("lstat " + path + ": no such file or directory");
    if (options.follow || entry.base == ".") file = fs::canonical(file);
    return {path, fs::is_directory(fs::symlink_status(file, error)), ""};
}

void copy_to(const Client& client, const Options& options, const CopyArgument& to) {
    const CopyDestination destination = destination_there(client, to);
    Query query;
    if (options.archive) query["copyUIDGID"] = "true";
    query["noOverwriteDirNonDir"] = "true";
    const std::string url = container_path(to.container, "/archive");
    if (options.from == "-") {
        if (!destination.is_directory) {
            throw CommandError("destination \"" + to.container + ":" + destination.path + "\" must be a directory");
        }
        query["path"] = destination.path;
        client.put(url, query, [](std::ostream& out) { Poco::StreamCopier::copyStream(std::cin, out, 65536); });
        return;
    }
    fs::path file;
    const CopySource source = source_here(options, file);
    const CopyPlan plan = plan_copy(source, destination);
    query["path"] = plan.directory;
    uint64_t bytes = 0;
    client.put(url, query, [&](std::ostream& out) { bytes = write_tar(file, plan.to, out); });
    report(options, bytes, to.container + ":" + to.path);
}

void copy(const Client& client, const Options& options) {
    const CopyArgument from = split_copy_argument(options.from), to = split_copy_argument(options.to);
    if (from.container.empty() && to.container.empty()) {
        throw CommandError("must specify at least one container source");
    }
    if (!from.container.empty() && !to.container.empty()) {
        throw CommandError("copying between containers is not supported");
    }
    if ((from.container.empty() ? to : from).path.empty()) throw CommandError("a path in the container is missing");
    if (from.container.empty()) return copy_to(client, options, to);
    copy_from(client, options, from);
}

}  // namespace

void add_copy_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("cp",
                                           "Copy files: slipway cp CONTAINER:PATH PATH, or PATH CONTAINER:PATH; - is a "
                                           "tar on stdin or stdout");
    command->add_flag("-a,--archive", options->archive, "Keep owners in the container");
    command->add_flag("-L,--follow-link", options->follow, "Copy what a link leads to");
    command->add_flag("-q,--quiet", options->quiet, "Say nothing about what was copied");
    command->add_option("from", options->from, "Source")->required();
    command->add_option("to", options->to, "Destination")->required();
    command->callback([options, &context] { copy(context.client(), *options); });
}

}  // namespace slipway::cli
