#include "support/api_fixture.hpp"

#include <cstdlib>
#include <filesystem>

namespace slipway::test {
namespace {

std::string decode_chunks(std::string& buffer, const std::function<bool()>& fill) {
    std::string out;
    for (;;) {
        size_t end = 0;
        while ((end = buffer.find("\r\n")) == std::string::npos) {
            if (!fill()) return out;
        }
        const size_t size = std::stoul(buffer.substr(0, end), nullptr, 16);
        while (buffer.size() < end + 2 + size + 2) {
            if (!fill()) return out;
        }
        out += buffer.substr(end + 2, size);
        buffer.erase(0, end + 2 + size + 2);
        if (size == 0) return out;
    }
}

}  // namespace

std::string Reply::header(const std::string& name) const {
    const size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "(absent)";
    const size_t start = at + 2 + name.size() + 2;
    return head.substr(start, head.find("\r\n", start) - start);
}

bool RawClient::fill() {
    char piece[65536];
    const size_t got = connection_.receive(piece, sizeof(piece));
    buffer_.append(piece, got);
    return got > 0;
}

Reply RawClient::read_reply(bool head_only) {
    Reply reply;
    size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return reply;
    }
    reply.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    reply.status = std::atoi(reply.head.c_str() + 9);
    if (head_only || reply.status == 204 || reply.status == 304) return reply;
    if (reply.header("Transfer-Encoding") == "chunked") {
        reply.body = decode_chunks(buffer_, [this]() { return fill(); });
    } else if (const std::string length = reply.header("Content-Length"); length != "(absent)") {
        const size_t size = std::stoul(length);
        while (buffer_.size() < size && fill()) {
        }
        reply.body = buffer_.substr(0, size);
        buffer_.erase(0, size);
    }
    return reply;
}

std::string RawClient::read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
}

std::string RawClient::read_exactly(size_t count) {
    while (buffer_.size() < count && fill()) {
    }
    std::string out = buffer_.substr(0, count);
    buffer_.erase(0, out.size());
    return out;
}

bool RawClient::is_closed_by_server() {
    return read_to_end().empty();
}

void ApiTest::TearDown() {
    engine.events_closed->store(true);
    server_.reset();
    engine.stream_copy.reset();
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

const std::string& ApiTest::address() {
    if (server_) return address_;
#if defined(_WIN32)
    const std::string host = "tcp://127.0.0.1:0";
#else
    std::string pattern = "/tmp/slipway-api-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    const std::string host = "unix://" + directory_ + "/api.sock";
#endif
    api::ListenOptions listen;
    listen.insecure_loopback = true;
    Result<api::Listener> listener = api::Listener::bind(host, listen);
    EXPECT_TRUE(listener.has_value());
    address_ = listener->address().substr(listener->address().find("://") + 3);
    std::vector<api::Listener> listeners;
    listeners.push_back(std::move(*listener));
    auto server = api::Server::start(engine, facts, options, std::move(listeners));
    EXPECT_TRUE(server.has_value());
    server_ = std::move(*server);
    return address_;
}

Reply ApiTest::request(const std::string& method, const std::string& target, const std::string& body,
                       const std::string& extra_headers) {
    RawClient client(address());
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + extra_headers;
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    client.send(text + "\r\n" + body);
    return client.read_reply(method == "HEAD");
}

core::ContainerRecord ApiTest::sample_record() const {
    core::ContainerRecord record;
    record.id = std::string(64, 'c');
    record.name = "web";
    record.created = 1'700'000'000'000'000'000;
    record.image = "busybox";
    record.image_id = "sha256:" + std::string(64, 'd');
    record.backend = "linux";
    record.config = {{"Tty", false},
                     {"OpenStdin", false},
                     {"Labels", {{"a", "b"}}},
                     {"ExposedPorts", {{"80/tcp", nlohmann::json::object()}, {"81/tcp", nlohmann::json::object()}}}};
    record.host_config = {{"NetworkMode", "bridge"}, {"Memory", 0}};
    record.path = "httpd";
    record.args = {"-f", "a b"};
    record.state = core::RunState::kRunning;
    record.pid = 4242;
    record.started_at = record.created;
    record.log_path = "/var/log/x-json.log";
    core::EndpointRecord endpoint;
    endpoint.network_name = "bridge";
    endpoint.network_id = std::string(64, 'e');
    endpoint.endpoint_id = std::string(64, 'f');
    endpoint.settings = nlohmann::json::object();
    endpoint.result = {
        {"IPAddress", "172.30.0.2"},
        {"IPPrefixLen", 16},
        {"Gateway", "172.30.0.1"},
        {"MacAddress", "02:42:ac:1e:00:02"},
        {"Ports", nlohmann::json::array(
                      {{{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostIp", "0.0.0.0"}, {"HostPort", 8080}}})}};
    record.endpoints.push_back(std::move(endpoint));
    core::StartReport report;
    report.began = record.created;
    report.total_ns = 3'000'000;
    report.succeeded = true;
    report.phases = {{"verify", 0, 1'000'000, false, false, 0, ""},
                     {"mount_root", 1'000'000, 2'000'000, false, false, 0, ""}};
    record.last_start = report;
    return record;
}

void ApiTest::add(core::ContainerRecord record) {
    const auto shared = std::make_shared<const core::ContainerRecord>(std::move(record));
    engine.containers[shared->id] = shared;
    engine.containers[shared->name] = shared;
}

}  // namespace slipway::test
