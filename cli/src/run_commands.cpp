#include "client.hpp"
#include "commands.hpp"
#include "format.hpp"
#include "run_options.hpp"
#include "terminal.hpp"

#include <functional>
#include <iostream>

namespace slipway::cli {
namespace {

using nlohmann::json;

// docker's exit codes for a container that could not be started: by the words every Docker client looks for.
int exit_code_for_start(const std::string& message) {
    for (const char* text : {"executable file not found", "no such file or directory", "system cannot find the file"}) {
        if (message.find(text) != std::string::npos) return 127;
    }
    for (const char* text : {"permission denied", "is a directory"}) {
        if (message.find(text) != std::string::npos) return 126;
    }
    return 125;
}

void start_or_throw(const Client& client, const std::string& id) {
    const Reply reply = client.call("POST", container_path(id, "/start"));
    if (!reply.ok() && reply.status != 304) throw CommandError(reply.message(), exit_code_for_start(reply.message()));
}

Upgraded attach(const Client& client, const std::string& id, bool with_stdin) {
    Query query = {{"stream", "1"}, {"stdout", "1"}, {"stderr", "1"}};
    if (with_stdin) query["stdin"] = "1";
    return client.upgrade(container_path(id, "/attach"), query);
}

void follow(const Client& client, Upgraded& connection, const std::string& id, bool with_stdin, bool tty) {
    pump(connection, with_stdin, tty, [&](int rows, int cols) {
        client.call("POST", container_path(id, "/resize"), {{"h", std::to_string(rows)}, {"w", std::to_string(cols)}});
    });
}

std::string create(const Client& client, const RunOptions& options, const std::vector<std::string>& words) {
    if (words.empty()) throw CommandError("an image is required: slipway run IMAGE [COMMAND...]", 125);
    const std::vector<std::string> command(words.begin() + 1, words.end());
    Query query;
    if (!options.name.empty()) query["name"] = options.name;
    if (!options.platform.empty()) query["platform"] = options.platform;
    const Reply reply =
        client.expect("POST", "/containers/create", query, create_request(options, words[0], command), 125);
    const json answer = json::parse(reply.body, nullptr, false);
    for (const json& warning : answer.value("Warnings", json::array())) {
        std::cerr << "warning: " << printable(warning.get<std::string>()) << '\n';
    }
    return answer.value("Id", std::string());
}

// Has the daemon watch for the end from before the start, so that a short life is not missed. Ask the result for the
// exit code when the streams have ended.
std::function<int()> watch(const Client& client, const std::string& id, bool removed) {
    return [read = client.begin(container_path(id, "/wait"), {{"condition", removed ? "removed" : "next-exit"}}, 125)] {
        return json::parse(read(), nullptr, false).value("StatusCode", 125);
    };
}

int run_container(const Client& client, const RunOptions& options, const std::vector<std::string>& words) {
    const std::string id = create(client, options, words);
    if (options.detach) {
        start_or_throw(client, id);
        std::cout << id << '\n';
        return 0;
    }
    Upgraded connection = attach(client, id, options.interactive);
    const std::function<int()> exit_code = watch(client, id, options.remove);
    start_or_throw(client, id);
    follow(client, connection, id, options.interactive, options.tty);
    return exit_code();
}

}  // namespace

void add_run_commands(CLI::App& app, Context& context) {
    auto run_options = std::make_shared<RunOptions>();
    CLI::App* run = app.add_subcommand("run", "Create a container and run a command in it");
    run_options->add_to(*run, true);
    run->prefix_command();
    run->callback([run, run_options, &context] {
        context.exit_code = run_container(context.client(), *run_options, run->remaining());
    });

    auto create_options = std::make_shared<RunOptions>();
    CLI::App* create_command = app.add_subcommand("create", "Create a container without starting it");
    create_options->add_to(*create_command, false);
    create_command->prefix_command();
    create_command->callback([create_command, create_options, &context] {
        std::cout << create(context.client(), *create_options, create_command->remaining()) << '\n';
    });

    struct StartOptions {
        std::vector<std::string> containers;
        bool attach = false, interactive = false;
    };
    auto start_options = std::make_shared<StartOptions>();
    CLI::App* start = app.add_subcommand("start", "Start containers");
    start->add_flag("-a,--attach", start_options->attach, "Show the output and end with the exit code");
    start->add_flag("-i,--interactive", start_options->interactive, "Attach stdin as well");
    start->add_option("containers", start_options->containers, "Names or ids")->required();
    start->callback([start_options, &context] {
        const Client& client = context.client();
        if (!start_options->attach && !start_options->interactive) {
            for (const std::string& name : start_options->containers) {
                start_or_throw(client, name);
                std::cout << name << '\n';
            }
            return;
        }
        if (start_options->containers.size() != 1) throw CommandError("attach to one container at a time", 125);
        const std::string& name = start_options->containers[0];
        const json config = client.get_json(container_path(name, "/json")).value("Config", json::object());
        Upgraded connection = attach(client, name, start_options->interactive);
        const std::function<int()> exit_code = watch(client, name, false);
        start_or_throw(client, name);
        follow(client, connection, name, start_options->interactive, config.value("Tty", false));
        context.exit_code = exit_code();
    });
}

}  // namespace slipway::cli
