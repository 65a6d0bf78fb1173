#include "daemon.hpp"
#include "probe.hpp"
#include "sys/process.hpp"
#include "sys/service.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    using namespace slipway::daemon;
    try {
        const std::vector<std::string> arguments = command_line(argc, argv);
        const slipway::Result<Invocation> invocation = parse_invocation(arguments);
        if (!invocation) {
            std::cerr << "slipwayd: " << invocation.error().message() << "\n";
            return 1;
        }
        // Lives to the very end: threads of the engine and the backends write to it.
        static Logger logger;
        const auto serve = [&]() {
            logger.set_level(*parse_log_level(invocation->options.log_level));
            return run_daemon(invocation->options, logger);
        };
        switch (invocation->kind) {
            case Invocation::Kind::kExit:
                return invocation->exit_code;
            case Invocation::Kind::kProbe:
                return run_probe(invocation->probe_file);
            case Invocation::Kind::kService:
                return handle_service_request(invocation->service, arguments, serve);
            case Invocation::Kind::kServe:
                return serve();
        }
    } catch (const std::exception& failure) {
        std::cerr << "slipwayd: " << failure.what() << "\n";
    }
    return 1;
}
