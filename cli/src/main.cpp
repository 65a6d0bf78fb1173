// cli/src/main.cpp - slipway, the small native client.
#include "client.hpp"
#include "commands.hpp"
#include "format.hpp"
#include "host.hpp"
#include "program.hpp"

#include <cstdlib>
#include <iostream>
#include <optional>

namespace {

std::string host_from_environment() {
    const char* host = std::getenv("SLIPWAY_HOST");
    return host != nullptr && *host != '\0' ? host : slipway::cli::default_host();
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> words = slipway::cli::start_program(argc, argv);
    CLI::App app{"slipway: run containers on the Slipway engine"};
    std::string host = host_from_environment();
    app.add_option("-H,--host", host, "Daemon to talk to; SLIPWAY_HOST sets the default")->capture_default_str();
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("slipway ") + SLIPWAY_VERSION);

    std::optional<slipway::cli::Client> client;
    slipway::cli::Context context;
    context.client = [&]() -> const slipway::cli::Client& {
        if (!client) client.emplace(host);
        return *client;
    };
    slipway::cli::add_run_commands(app, context);
    slipway::cli::add_exec_command(app, context);
    slipway::cli::add_container_commands(app, context);
    slipway::cli::add_copy_command(app, context);
    slipway::cli::add_observe_commands(app, context);
    slipway::cli::add_image_commands(app, context);
    slipway::cli::add_volume_commands(app, context);
    slipway::cli::add_system_commands(app, context);

    try {
        app.parse(std::move(words));
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e, std::cout, std::cerr);
        return code == 0 ? 0 : 125;
    } catch (const slipway::cli::CommandError& e) {
        std::cerr << "slipway: " << slipway::cli::printable(e.what()) << '\n';
        return e.exit_code();
    } catch (const std::exception& e) {
        std::cerr << "slipway: " << slipway::cli::printable(e.what()) << '\n';
        return 1;
    }
    return context.exit_code;
}
