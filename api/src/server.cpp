#include <slipway/api/server.hpp>

#include "connection.hpp"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnection.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace slipway::api {
namespace {

// Handlers parse and print JSON, whose depth is bounded, and call into backends. Pages that are never touched cost
// nothing, so what counts is address space: 2048 threads take 1 GiB of it.
constexpr int kThreadStackBytes = 512 * 1024;
constexpr int kSpareThreads = 8;
constexpr int kThreadIdleSeconds = 120;

// How long a thread waits in Poco's dispatcher before it goes back to the pool, where it stays ready. Stopping a server
// in Poco 1.11 misses a thread that is just about to wait there, and then takes this long.
constexpr Poco::Timespan::TimeDiff kDispatcherWaitMicros = 250'000;

class Connection : public Poco::Net::TCPServerConnection {
public:
    Connection(const Poco::Net::StreamSocket& stream, const ConnectionContext& context, bool browser_check)
        : TCPServerConnection(stream), context_(context), browser_check_(browser_check) {}

    void run() override {
        // The descriptor itself is closed by Poco when the last reference to the socket goes; that ends the connection
        // unless a backend holds a duplicate of it, which close() does not disturb.
        serve_connection(context_, static_cast<slw_os_handle>(socket().impl()->sockfd()), browser_check_);
    }

private:
    const ConnectionContext& context_;
    bool browser_check_;
};

class ConnectionFactory : public Poco::Net::TCPServerConnectionFactory {
public:
    ConnectionFactory(const ConnectionContext& context, bool browser_check)
        : context_(context), browser_check_(browser_check) {}

    Poco::Net::TCPServerConnection* createConnection(const Poco::Net::StreamSocket& stream) override {
        return new Connection(stream, context_, browser_check_);
    }

private:
    const ConnectionContext& context_;
    bool browser_check_;
};

}  // namespace

class Server::Impl {
public:
    Impl(core::Engine& engine, Facts facts, ServerOptions options, std::vector<Listener> listeners)
        : facts_(std::move(facts)),
          options_(std::move(options)),
          listeners_(std::move(listeners)),
          is_stopping_([this]() { return stopping_.load(std::memory_order_acquire); }),
          registry_(static_cast<size_t>(options_.max_connections) * 3 / 4),
          context_{{engine, facts_, options_, addresses_, is_stopping_}, common_headers(facts_), registry_},
          pool_("slipway-api", kSpareThreads, options_.max_connections, kThreadIdleSeconds, kThreadStackBytes) {
        for (const Listener& listener : listeners_) addresses_.push_back(listener.address());
    }

    void start() {
        for (const Listener& listener : listeners_) {
            Poco::Net::TCPServerParams::Ptr params = new Poco::Net::TCPServerParams;
            params->setMaxThreads(options_.max_connections);
            // A burst waits here while idle connections give their threads back; Poco drops what does not fit.
            params->setMaxQueued(std::max(1024, options_.max_connections));
            params->setThreadIdleTime(Poco::Timespan(kDispatcherWaitMicros));
            servers_.push_back(std::make_unique<Poco::Net::TCPServer>(
                new ConnectionFactory(context_, listener.is_open_to_browsers()), pool_, listener.socket(), params));
            servers_.back()->start();
        }
    }

    void stop(std::chrono::milliseconds grace) {
        const std::lock_guard lock(stop_mutex_);
        if (stopping_.exchange(true, std::memory_order_acq_rel)) return;
        registry_.begin_stop();
        for (const auto& server : servers_) server->stop();
        registry_.finish_stop(grace);
        pool_.joinAll();
        servers_.clear();
        listeners_.clear();
    }

    const std::vector<std::string>& addresses() const { return addresses_; }

private:
    Facts facts_;
    ServerOptions options_;
    std::vector<Listener> listeners_;
    std::vector<std::string> addresses_;
    std::atomic<bool> stopping_{false};
    std::function<bool()> is_stopping_;
    ConnectionRegistry registry_;
    ConnectionContext context_;
    Poco::ThreadPool pool_;
    std::vector<std::unique_ptr<Poco::Net::TCPServer>> servers_;
    std::mutex stop_mutex_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
    stop();
}

Result<std::unique_ptr<Server>> Server::start(core::Engine& engine, Facts facts, ServerOptions options,
                                              std::vector<Listener> listeners) {
    try {
        auto impl = std::make_unique<Impl>(engine, std::move(facts), std::move(options), std::move(listeners));
        impl->start();
        return std::unique_ptr<Server>(new Server(std::move(impl)));
    } catch (const std::exception& failure) {
        return Error(ErrorCode::kSystem, std::string("start the API server: ") + failure.what());
    }
}

std::vector<std::string> Server::addresses() const {
    return impl_->addresses();
}

void Server::stop(std::chrono::milliseconds grace) {
    impl_->stop(grace);
}

}  // namespace slipway::api
