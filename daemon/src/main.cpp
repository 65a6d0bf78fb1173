#include "daemon.hpp"
#include "probe.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    using namespace slipway::daemon;
    try {
        const slipway::Result<Invocation> invocation = parse_invocation(argc, argv);
        if (!invocation) {
            std::cerr << "slipwayd: " << invocation.error().message() << "\n";
            return 1;
        }
        switch (invocation->kind) {
            case Invocation::Kind::kExit:
                return invocation->exit_code;
            case Invocation::Kind::kProbe:
                return run_probe(invocation->probe_file);
            case Invocation::Kind::kServe:
                break;
        }
        // Lives to the very end: threads of the engine and the backends write to it.
        static Logger logger;
        logger.set_level(*parse_log_level(invocation->options.log_level));
        return run_daemon(invocation->options, logger);
    } catch (const std::exception& failure) {
        std::cerr << "slipwayd: " << failure.what() << "\n";
        return 1;
    }
}
