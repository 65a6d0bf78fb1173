#include "client.hpp"
#include "commands.hpp"
#include "terminal.hpp"

#include <cstdlib>
#include <iostream>

namespace slipway::cli {
namespace {

using nlohmann::json;

struct ExecOptions {
    std::string user, workdir;
    std::vector<std::string> env;
    bool interactive = false, tty = false, detach = false;
};

// "K" takes the value from our own environment, as docker does; one that is not set is left out.
json environment(const std::vector<std::string>& entries) {
    json list = json::array();
    for (const std::string& entry : entries) {
        if (entry.find('=') != std::string::npos) {
            list.push_back(entry);
        } else if (const char* value = std::getenv(entry.c_str()); value != nullptr) {
            list.push_back(entry + "=" + value);
        }
    }
    return list;
}

int exec(const Client& client, const ExecOptions& options, const std::vector<std::string>& words) {
    if (words.size() < 2) throw CommandError("a container and a command are required: slipway exec CONTAINER COMMAND");
    const std::vector<std::string> command(words.begin() + 1, words.end());
    const bool with_stdin = options.interactive && !options.detach;
    const json request = {{"Cmd", command},
                          {"Env", environment(options.env)},
                          {"User", options.user},
                          {"WorkingDir", options.workdir},
                          {"Tty", options.tty},
                          {"AttachStdin", with_stdin},
                          {"AttachStdout", !options.detach},
                          {"AttachStderr", !options.detach}};
    const Reply created = client.expect("POST", container_path(words[0], "/exec"), {}, request);
    const std::string id = json::parse(created.body, nullptr, false).value("Id", std::string());
    if (options.detach) {
        client.expect("POST", "/exec/" + id + "/start", {}, {{"Detach", true}, {"Tty", options.tty}});
        return 0;
    }
    Upgraded connection = client.upgrade("/exec/" + id + "/start", {}, {{"Detach", false}, {"Tty", options.tty}});
    pump(connection, with_stdin, options.tty, [&](int rows, int cols) {
        client.call("POST", "/exec/" + id + "/resize", {{"h", std::to_string(rows)}, {"w", std::to_string(cols)}});
    });
    const json ended = client.get_json("/exec/" + id + "/json");
    return ended["ExitCode"].is_number_integer() ? ended["ExitCode"].get<int>() : 0;
}

}  // namespace

void add_exec_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<ExecOptions>();
    CLI::App* command = app.add_subcommand("exec", "Run a further command in a running container");
    command->add_flag("-d,--detach", options->detach, "Do not wait for it");
    command->add_flag("-i,--interactive", options->interactive, "Pass stdin on");
    command->add_flag("-t,--tty", options->tty, "Give it a terminal");
    command->add_option("-u,--user", options->user, "User or uid, and group: NAME[:GROUP]");
    command->add_option("-w,--workdir", options->workdir, "Working directory inside the container");
    command->add_option("-e,--env", options->env, "Set an environment variable, K=V or K")->allow_extra_args(false);
    command->prefix_command();
    command->callback(
        [command, options, &context] { context.exit_code = exec(context.client(), *options, command->remaining()); });
}

}  // namespace slipway::cli
