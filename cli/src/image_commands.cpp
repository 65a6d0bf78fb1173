#include "client.hpp"
#include "commands.hpp"
#include "format.hpp"

#include <ctime>
#include <fstream>
#include <iostream>

namespace slipway::cli {
namespace {

using nlohmann::json;

// Splits "a/b:tag" into its two parts; the tag is "latest" when there is none.
std::pair<std::string, std::string> repository_and_tag(const std::string& reference) {
    const size_t colon = reference.rfind(':');
    const size_t slash = reference.rfind('/');
    if (colon == std::string::npos || (slash != std::string::npos && colon < slash)) return {reference, "latest"};
    return {reference.substr(0, colon), reference.substr(colon + 1)};
}

// The progress lines of load and import: {"stream": "..."} , {"status": "..."} or {"error": "..."}.
void print_progress(const std::string& line) {
    const json document = json::parse(line, nullptr, false);
    if (!document.is_object()) return;
    if (document.contains("error")) throw CommandError(document["error"].get<std::string>());
    for (const char* key : {"stream", "status"}) {
        std::string text = document.value(key, std::string());
        while (!text.empty() && text.back() == '\n') text.pop_back();
        if (!text.empty()) std::cout << printable(text) << '\n';
    }
}

void upload_file(const Client& client, const std::string& file, const std::string& path, const QueryList& query) {
    if (file == "-") {
        client.upload(path, query, std::cin, print_progress);
        return;
    }
    std::ifstream stream(path_of(file), std::ios::binary);
    if (!stream) throw CommandError("cannot read '" + file + "'");
    client.upload(path, query, stream, print_progress);
}

void list_images(const Client& client, bool quiet) {
    std::vector<std::vector<std::string>> rows = {{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}};
    for (const json& image : client.get_json("/images/json")) {
        const std::string id = short_id(image.value("Id", std::string()));
        if (quiet) {
            std::cout << id << '\n';
            continue;
        }
        const int64_t created = image.value("Created", int64_t{0});
        const std::string age = created > 0 ? human_duration(std::time(nullptr) - created) + " ago" : "N/A";
        const std::string size = human_size(image.value("Size", uint64_t{0}));
        json tags = image.value("RepoTags", json::array());
        if (tags.is_null() || tags.empty()) tags = {"<none>:<none>"};
        for (const json& tag : tags) {
            const auto [repository, name] = repository_and_tag(tag.get<std::string>());
            rows.push_back({printable(repository), printable(name), id, age, size});
        }
    }
    if (!quiet) print_table(std::cout, rows);
}

}  // namespace

void add_image_commands(CLI::App& app, Context& context) {
    auto quiet = std::make_shared<bool>(false);
    CLI::App* images = app.add_subcommand("images", "List images");
    images->add_flag("-q,--quiet", *quiet, "Only ids");
    images->callback([quiet, &context] { list_images(context.client(), *quiet); });

    auto load_file = std::make_shared<std::string>("-");
    CLI::App* load = app.add_subcommand("load", "Load images from an archive (docker save or OCI layout)");
    load->add_option("-i,--input", *load_file, "Archive; - or nothing for stdin");
    load->callback([load_file, &context] {
        upload_file(context.client(), *load_file, "/images/load", {{"quiet", "1"}});
    });

    struct ImportOptions {
        std::vector<std::string> changes;
        std::string message, file, reference;
    };
    auto import_options = std::make_shared<ImportOptions>();
    CLI::App* import_command = app.add_subcommand("import", "Make an image from the tar of a root file system");
    import_command->add_option("-c,--change", import_options->changes, "Instruction such as CMD [\"sh\"]")
        ->allow_extra_args(false);
    import_command->add_option("-m,--message", import_options->message, "Message for the image's history");
    import_command->add_option("file", import_options->file, "Tar file, - for stdin")->required();
    import_command->add_option("reference", import_options->reference, "REPOSITORY[:TAG]");
    import_command->callback([import_options, &context] {
        QueryList query = {{"fromSrc", "-"}};
        if (!import_options->reference.empty()) {
            const auto [repository, tag_name] = repository_and_tag(import_options->reference);
            query.emplace_back("repo", repository);
            query.emplace_back("tag", tag_name);
        }
        if (!import_options->message.empty()) query.emplace_back("message", import_options->message);
        for (const std::string& change : import_options->changes) query.emplace_back("changes", change);
        upload_file(context.client(), import_options->file, "/images/create", query);
    });

    auto tag_words = std::make_shared<std::vector<std::string>>();
    CLI::App* tag = app.add_subcommand("tag", "Give an image another name: slipway tag IMAGE NAME[:TAG]");
    tag->add_option("names", *tag_words, "Image, new name")->required()->expected(2);
    tag->callback([tag_words, &context] {
        const auto [repository, name] = repository_and_tag((*tag_words)[1]);
        context.client().expect("POST", "/images/" + (*tag_words)[0] + "/tag", {{"repo", repository}, {"tag", name}});
    });

    struct RemoveOptions {
        std::vector<std::string> names;
        bool force = false;
    };
    auto remove_options = std::make_shared<RemoveOptions>();
    CLI::App* remove = app.add_subcommand("rmi", "Remove images");
    remove->add_flag("-f,--force", remove_options->force, "Also when stopped containers use it");
    remove->add_option("images", remove_options->names, "References or ids")->required();
    remove->callback([remove_options, &context] {
        for (const std::string& name : remove_options->names) {
            const Reply reply =
                context.client().expect("DELETE", "/images/" + name, {{"force", remove_options->force ? "1" : "0"}});
            for (const json& part : json::parse(reply.body, nullptr, false)) {
                for (const auto& [kind, what] : part.items())
                    std::cout << kind << ": " << what.get<std::string>() << '\n';
            }
        }
    });
}  // namespace slipway::cli

}  // namespace slipway::cli
