#include "client.hpp"
#include "commands.hpp"
#include "format.hpp"
#include "streams.hpp"
#include "terminal.hpp"
#include "trace.hpp"

#include <ctime>
#include <iostream>

namespace slipway::cli {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

// Does `action` for each name, reports every failure, and ends with 1 when there was one.
void for_each(Context& context, const Names& names, const std::function<void(const std::string&)>& action) {
    for (const std::string& name : names) {
        try {
            action(name);
        } catch (const CommandError& e) {
            std::cerr << "slipway: " << printable(e.what()) << '\n';
            context.exit_code = 1;
        }
    }
}

void add_signal_command(CLI::App& app, Context& context, const std::string& verb, const std::string& help) {
    struct Options {
        Names names;
        std::string signal;
        int timeout = -2;  // -1 is a value of its own: wait without end
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(verb, help);
    command->add_option("-s,--signal", options->signal, "Signal to send");
    if (verb != "kill") command->add_option("-t,--time", options->timeout, "Seconds before it is killed");
    command->add_option("containers", options->names, "Names or ids")->required();
    command->callback([options, verb, &context] {
        Query query;
        if (!options->signal.empty()) query["signal"] = options->signal;
        if (options->timeout != -2) query["t"] = std::to_string(options->timeout);
        for_each(context, options->names, [&](const std::string& name) {
            context.client().expect("POST", container_path(name, "/" + verb), query);
            std::cout << name << '\n';
        });
    });
}

void add_plain_command(CLI::App& app, Context& context, const std::string& verb, const std::string& help) {
    auto names = std::make_shared<Names>();
    CLI::App* command = app.add_subcommand(verb, help);
    command->add_option("containers", *names, "Names or ids")->required();
    command->callback([names, verb, &context] {
        for_each(context, *names, [&](const std::string& name) {
            context.client().expect("POST", container_path(name, "/" + verb));
            std::cout << name << '\n';
        });
    });
}

std::string ports_of(const json& container) {
    std::string text;
    for (const json& port : container.value("Ports", json::array())) {
        if (!text.empty()) text += ", ";
        if (port.contains("PublicPort")) {
            text += port.value("IP", std::string()) + ":" + std::to_string(port["PublicPort"].get<int>()) + "->";
        }
        text += std::to_string(port.value("PrivatePort", 0)) + "/" + port.value("Type", std::string());
    }
    return text;
}

void list_containers(const Client& client, bool all, bool quiet, bool whole_ids,
                     const std::vector<std::string>& filters) {
    Query query = {{"all", all ? "1" : "0"}};
    json filter = json::object();
    for (const std::string& entry : filters) {
        const size_t equals = entry.find('=');
        if (equals == std::string::npos) throw CommandError("a filter is KEY=VALUE, not '" + printable(entry) + "'");
        filter[entry.substr(0, equals)].push_back(entry.substr(equals + 1));
    }
    if (!filter.empty()) query["filters"] = filter.dump();
    const json containers = client.get_json("/containers/json", query);
    std::vector<std::vector<std::string>> rows = {
        {"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}};
    for (const json& container : containers) {
        const std::string id = container.value("Id", std::string());
        const std::string shown = whole_ids ? id : short_id(id);
        if (quiet) {
            std::cout << shown << '\n';
            continue;
        }
        std::string command = printable(container.value("Command", std::string()));
        if (command.size() > 20) command = command.substr(0, 19) + "~";
        const int64_t age = std::time(nullptr) - container.value("Created", int64_t{0});
        const json names = container.value("Names", json::array());
        rows.push_back({shown, printable(container.value("Image", std::string())), "\"" + command + "\"",
                        human_duration(age) + " ago", container.value("Status", std::string()), ports_of(container),
                        names.empty() ? "" : names[0].get<std::string>().substr(1)});
    }
    if (!quiet) print_table(std::cout, rows);
}

int terminal_width() {
    const int columns = terminal_size().second;
    return columns > 0 ? columns : 100;
}

void add_ps(CLI::App& app, Context& context) {
    struct Options {
        bool all = false, quiet = false, whole = false;
        std::vector<std::string> filters;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("ps", "List containers");
    command->add_flag("-a,--all", options->all, "Those that do not run, too");
    command->add_flag("-q,--quiet", options->quiet, "Only ids");
    command->add_flag("--no-trunc", options->whole, "Whole ids");
    command->add_option("-f,--filter", options->filters, "KEY=VALUE")->allow_extra_args(false);
    command->callback([options, &context] {
        list_containers(context.client(), options->all, options->quiet, options->whole, options->filters);
    });
}

void add_logs(CLI::App& app, Context& context) {
    struct Options {
        std::string name, tail = "all", since, until;
        bool follow = false, timestamps = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("logs", "Show what a container printed");
    command->add_flag("-f,--follow", options->follow, "Go on until the container ends");
    command->add_flag("-t,--timestamps", options->timestamps, "With times");
    command->add_option("-n,--tail", options->tail, "Lines from the end");
    command->add_option("--since", options->since, "RFC 3339 time or Unix seconds");
    command->add_option("--until", options->until, "RFC 3339 time or Unix seconds");
    command->add_option("container", options->name, "Name or id")->required();
    command->callback([options, &context] {
        Query query = {{"stdout", "1"},
                       {"stderr", "1"},
                       {"tail", options->tail},
                       {"follow", options->follow ? "1" : "0"},
                       {"timestamps", options->timestamps ? "1" : "0"}};
        if (!options->since.empty()) query["since"] = options->since;
        if (!options->until.empty()) query["until"] = options->until;
        Demultiplexer demultiplexer([](int stream, const char* data, size_t size) { write_all(stream, data, size); });
        context.client().stream(container_path(options->name, "/logs"), query,
                                [&](const char* data, size_t size, bool multiplexed) {
                                    if (multiplexed) {
                                        demultiplexer.feed(data, size);
                                    } else {
                                        write_all(1, data, size);
                                    }
                                });
    });
}

}  // namespace

void add_container_commands(CLI::App& app, Context& context) {
    add_signal_command(app, context, "stop", "Stop containers: the stop signal, then SIGKILL");
    add_signal_command(app, context, "restart", "Stop and start containers");
    add_signal_command(app, context, "kill", "Send containers a signal, SIGKILL by default");
    add_plain_command(app, context, "pause", "Hold all processes of containers still");
    add_plain_command(app, context, "unpause", "Let the processes of paused containers go on");
    add_ps(app, context);
    add_logs(app, context);

    struct RemoveOptions {
        Names names;
        bool force = false;
    };
    auto remove_options = std::make_shared<RemoveOptions>();
    CLI::App* remove = app.add_subcommand("rm", "Remove containers");
    remove->add_flag("-f,--force", remove_options->force, "Kill running ones first");
    remove->add_option("containers", remove_options->names, "Names or ids")->required();
    remove->callback([remove_options, &context] {
        for_each(context, remove_options->names, [&](const std::string& name) {
            context.client().expect("DELETE", container_path(name), {{"force", remove_options->force ? "1" : "0"}});
            std::cout << name << '\n';
        });
    });

    auto wait_names = std::make_shared<Names>();
    CLI::App* wait = app.add_subcommand("wait", "Wait for containers to end and print their exit codes");
    wait->add_option("containers", *wait_names, "Names or ids")->required();
    wait->callback([wait_names, &context] {
        for_each(context, *wait_names, [&](const std::string& name) {
            const Reply reply = context.client().expect("POST", container_path(name, "/wait"));
            std::cout << json::parse(reply.body, nullptr, false).value("StatusCode", int64_t{-1}) << '\n';
        });
    });

    auto rename_words = std::make_shared<Names>();
    CLI::App* rename = app.add_subcommand("rename", "Rename a container: slipway rename OLD NEW");
    rename->add_option("names", *rename_words, "Old name, new name")->required()->expected(2);
    rename->callback([rename_words, &context] {
        context.client().expect("POST", container_path((*rename_words)[0], "/rename"), {{"name", (*rename_words)[1]}});
    });

    auto inspect_names = std::make_shared<Names>();
    CLI::App* inspect = app.add_subcommand("inspect", "Everything known about containers or images, as JSON");
    inspect->add_option("names", *inspect_names, "Names or ids")->required();
    inspect->callback([inspect_names, &context] {
        json found = json::array();
        for_each(context, *inspect_names, [&](const std::string& name) {
            const Reply container = context.client().call("GET", container_path(name, "/json"));
            const Reply reply =
                container.status == 404 ? context.client().call("GET", "/images/" + name + "/json") : container;
            if (!reply.ok()) throw CommandError("no container or image '" + name + "'");
            found.push_back(json::parse(reply.body));
        });
        std::cout << found.dump(4) << '\n';
    });

    auto trace_name = std::make_shared<std::string>();
    CLI::App* trace = app.add_subcommand("trace", "The phases of a container's last start, as a waterfall");
    trace->add_option("container", *trace_name, "Name or id")->required();
    trace->callback([trace_name, &context] {
        print_trace(std::cout, context.client().get_json(container_path(*trace_name, "/json")), terminal_width());
    });
}

}  // namespace slipway::cli
