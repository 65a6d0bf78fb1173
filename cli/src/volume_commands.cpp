#include "client.hpp"
#include "commands.hpp"
#include "format.hpp"

#include <iostream>

namespace slipway::cli {
namespace {

using nlohmann::json;

void list_volumes(const Client& client, bool quiet) {
    std::vector<std::vector<std::string>> rows = {{"DRIVER", "VOLUME NAME"}};
    const json reply = client.get_json("/volumes");
    for (const json& volume : reply.at("Volumes")) {
        const std::string name = printable(volume.value("Name", std::string()));
        if (quiet) {
            std::cout << name << '\n';
        } else {
            rows.push_back({printable(volume.value("Driver", std::string())), name});
        }
    }
    if (!quiet) print_table(std::cout, rows);
}

// "key=value" words as an object.
json to_map(const std::vector<std::string>& words) {
    json map = json::object();
    for (const std::string& word : words) {
        const size_t equals = word.find('=');
        map[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
    }
    return map;
}

void add_create(CLI::App& volume, Context& context) {
    struct Options {
        std::string name, driver;
        std::vector<std::string> labels, options;
    };
    auto options = std::make_shared<Options>();
    CLI::App* create = volume.add_subcommand("create", "Make a volume");
    create->add_option("-d,--driver", options->driver, "Volume driver; local is the only one");
    create->add_option("--label", options->labels, "KEY=VALUE")->allow_extra_args(false);
    create->add_option("-o,--opt", options->options, "Option of the driver, KEY=VALUE")->allow_extra_args(false);
    create->add_option("name", options->name, "Name; made up when not given");
    create->callback([options, &context] {
        const json body = {{"Name", options->name},
                           {"Driver", options->driver},
                           {"Labels", to_map(options->labels)},
                           {"DriverOpts", to_map(options->options)}};
        const Reply reply = context.client().expect("POST", "/volumes/create", {}, body);
        std::cout << json::parse(reply.body).value("Name", std::string()) << '\n';
    });
}

void add_prune(CLI::App& volume, Context& context) {
    auto all = std::make_shared<bool>(false);
    CLI::App* prune = volume.add_subcommand("prune", "Remove anonymous volumes that no container uses");
    prune->add_flag("-a,--all", *all, "Named ones as well");
    prune->callback([all, &context] {
        Query query;
        if (*all) query["filters"] = R"({"all":["true"]})";
        const Reply reply = context.client().expect("POST", "/volumes/prune", query);
        const json report = json::parse(reply.body);
        if (report.at("VolumesDeleted").is_array()) {
            for (const json& name : report["VolumesDeleted"]) std::cout << printable(name.get<std::string>()) << '\n';
        }
        std::cout << "Reclaimed: " << human_size(report.value("SpaceReclaimed", uint64_t{0})) << '\n';
    });
}

}  // namespace

void add_volume_commands(CLI::App& app, Context& context) {
    CLI::App* volume = app.add_subcommand("volume", "Volumes: ls, create, inspect, rm, prune");
    volume->require_subcommand(1);

    auto quiet = std::make_shared<bool>(false);
    CLI::App* ls = volume->add_subcommand("ls", "List volumes");
    ls->add_flag("-q,--quiet", *quiet, "Only names");
    ls->callback([quiet, &context] { list_volumes(context.client(), *quiet); });

    add_create(*volume, context);

    auto inspected = std::make_shared<std::vector<std::string>>();
    CLI::App* inspect = volume->add_subcommand("inspect", "Show volumes as JSON");
    inspect->add_option("names", *inspected, "Volumes")->required();
    inspect->callback([inspected, &context] {
        json list = json::array();
        for (const std::string& name : *inspected) list.push_back(context.client().get_json("/volumes/" + name));
        std::cout << list.dump(4) << '\n';
    });

    struct RemoveOptions {
        std::vector<std::string> names;
        bool force = false;
    };
    auto removal = std::make_shared<RemoveOptions>();
    CLI::App* remove = volume->add_subcommand("rm", "Remove volumes that no container uses");
    remove->add_flag("-f,--force", removal->force, "Missing ones are no error");
    remove->add_option("names", removal->names, "Volumes")->required();
    remove->callback([removal, &context] {
        for (const std::string& name : removal->names) {
            context.client().expect("DELETE", "/volumes/" + name, {{"force", removal->force ? "1" : "0"}});
            std::cout << printable(name) << '\n';
        }
    });

    add_prune(*volume, context);
}

}  // namespace slipway::cli
