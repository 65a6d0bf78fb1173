#include "client.hpp"

#include "host.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include <memory>

namespace slipway::cli {
namespace {

using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::SocketAddress;

template <class Parameters>
std::string target(const std::string& path, const Parameters& query) {
    Poco::URI uri;
    uri.setPath(path);
    for (const auto& [key, value] : query) uri.addQueryParameter(key, value);
    return uri.toString();
}

HTTPRequest make_request(const std::string& method, const std::string& uri) {
    HTTPRequest request(method, uri, HTTPRequest::HTTP_1_1);
    request.setHost("slipway");
    return request;
}

bool is_multiplexed(const HTTPResponse& response) {
    return response.getContentType() == "application/vnd.docker.multiplexed-stream";
}

std::string read_all(std::istream& stream) {
    std::string text;
    Poco::StreamCopier::copyToString(stream, text);
    return text;
}

// The body of a success; anything else is thrown with the daemon's message.
std::istream& receive_success(HTTPClientSession& session, HTTPResponse& response, int exit_code = 1) {
    std::istream& answer = session.receiveResponse(response);
    if (response.getStatus() >= 300)
        throw CommandError(Reply{response.getStatus(), read_all(answer), {}}.message(), exit_code);
    return answer;
}

// What breaks on the way is said with the name of the host.
template <class Talk>
auto talk_to(const std::string& host, Talk talk) {
    try {
        return talk();
    } catch (const Poco::Exception& e) {
        throw CommandError("the connection to " + host + " broke: " + e.displayText());
    }
}

void set_json(HTTPRequest& request, const std::string& text) {
    request.setContentLength64(static_cast<Poco::Int64>(text.size()));
    if (!text.empty()) request.setContentType("application/json");
}

void set_archive(HTTPRequest& request) {
    request.setChunkedTransferEncoding(true);
    request.setContentType("application/x-tar");
}

}  // namespace

std::string Reply::message() const {
    const auto document = nlohmann::json::parse(body, nullptr, false);
    if (document.is_object() && document.contains("message") && document["message"].is_string()) {
        return document["message"].get<std::string>();
    }
    if (!body.empty()) return body;
    return "the daemon answered with status " + std::to_string(status);
}

Client::Client(std::string host) : host_(std::move(host)) {
    if (!is_local_host(host_) && host_.rfind("tcp://", 0) != 0) {
        throw CommandError("host '" + host_ + "' is neither " + host_forms());
    }
}

Poco::Net::StreamSocket Client::connect() const {
    try {
        if (is_local_host(host_)) return connect_locally(host_);
        return Poco::Net::StreamSocket(SocketAddress(host_.substr(6)));
    } catch (const Poco::Exception& e) {
        throw CommandError("cannot connect to the daemon at " + host_ + ": " + e.displayText() +
                           "; is slipwayd running?");
    }
}

std::shared_ptr<HTTPClientSession> Client::open_session() const {
    auto session = std::make_shared<HTTPClientSession>(connect());
    session->setTimeout(Poco::Timespan(0));  // `wait` and `stop` answer when they are done
    return session;
}

Reply Client::call(const std::string& method, const std::string& path, const Query& query,
                   const nlohmann::json& body) const {
    const auto session = open_session();
    HTTPRequest request = make_request(method, target(path, query));
    const std::string text = body.is_null() ? std::string() : body.dump();
    set_json(request, text);
    return talk_to(host_, [&] {
        session->sendRequest(request) << text;
        HTTPResponse response;
        Reply reply;
        reply.body = read_all(session->receiveResponse(response));
        reply.status = response.getStatus();
        for (const auto& [key, value] : response) reply.headers[key] = value;
        return reply;
    });
}

Reply Client::expect(const std::string& method, const std::string& path, const Query& query, const nlohmann::json& body,
                     int exit_code) const {
    Reply reply = call(method, path, query, body);
    if (!reply.ok() && reply.status != HTTPResponse::HTTP_NOT_MODIFIED) throw CommandError(reply.message(), exit_code);
    return reply;
}

nlohmann::json Client::get_json(const std::string& path, const Query& query) const {
    auto document = nlohmann::json::parse(expect("GET", path, query).body, nullptr, false);
    if (document.is_discarded()) throw CommandError("the daemon's answer to GET " + path + " is not JSON");
    return document;
}

std::function<std::string()> Client::begin(const std::string& path, const Query& query, int exit_code) const {
    const auto session = open_session();
    HTTPRequest request = make_request(HTTPRequest::HTTP_POST, target(path, query));
    request.setContentLength64(0);
    return talk_to(host_, [&]() -> std::function<std::string()> {
        session->sendRequest(request);
        HTTPResponse response;
        std::istream& answer = receive_success(*session, response, exit_code);
        return [session, &answer] { return read_all(answer); };
    });
}

void Client::upload(const std::string& path, const QueryList& query, std::istream& body,
                    const std::function<void(const std::string&)>& on_line) const {
    const auto session = open_session();
    HTTPRequest request = make_request(HTTPRequest::HTTP_POST, target(path, query));
    set_archive(request);
    try {
        Poco::StreamCopier::copyStream(body, session->sendRequest(request), 65536);
    } catch (const Poco::Exception&) {
        // The daemon may refuse before it has read everything; its answer says why.
    }
    talk_to(host_, [&] {
        HTTPResponse response;
        std::istream& answer = receive_success(*session, response);
        for (std::string line; std::getline(answer, line);) on_line(line);
    });
}

void Client::stream(const std::string& path, const Query& query,
                    const std::function<void(const char*, size_t, bool)>& on_data) const {
    get(path, query, [&](std::istream& answer, const HTTPResponse& response) {
        char buffer[16384];
        // One character waits for data, the rest takes what has arrived: a plain read() would wait for a full buffer.
        while (answer.get(buffer[0])) {
            const std::streamsize more = answer.readsome(buffer + 1, sizeof(buffer) - 1);
            on_data(buffer, static_cast<size_t>(1 + more), is_multiplexed(response));
        }
    });
}

void Client::receive(const std::string& path, const Query& query,
                     const std::function<void(std::istream&)>& read) const {
    get(path, query, [&](std::istream& answer, const HTTPResponse&) { read(answer); });
}

void Client::get(const std::string& path, const Query& query,
                 const std::function<void(std::istream&, const HTTPResponse&)>& read) const {
    const auto session = open_session();
    HTTPRequest request = make_request(HTTPRequest::HTTP_GET, target(path, query));
    talk_to(host_, [&] {
        session->sendRequest(request);
        HTTPResponse response;
        std::istream& answer = receive_success(*session, response);
        read(answer, response);
    });
}

void Client::put(const std::string& path, const Query& query, const std::function<void(std::ostream&)>& write) const {
    const auto session = open_session();
    HTTPRequest request = make_request(HTTPRequest::HTTP_PUT, target(path, query));
    set_archive(request);
    std::string cut;  // why the body did not get through, unless the daemon has a better answer
    try {
        write(session->sendRequest(request));
    } catch (const Poco::Exception& e) {
        cut = e.displayText();
    } catch (const CommandError& e) {
        cut = e.what();
    }
    talk_to(host_, [&] {
        HTTPResponse response;
        try {
            receive_success(*session, response);
        } catch (const Poco::Exception&) {
            if (cut.empty()) throw;
        }
        if (!cut.empty()) throw CommandError(cut);
    });
}

Upgraded Client::upgrade(const std::string& path, const Query& query, const nlohmann::json& body) const {
    const auto session = open_session();
    session->setKeepAlive(true);  // otherwise Poco replaces our Connection header by "Close"
    HTTPRequest request = make_request(HTTPRequest::HTTP_POST, target(path, query));
    const std::string text = body.is_null() ? "" : body.dump();
    set_json(request, text);
    request.set("Connection", "Upgrade");
    request.set("Upgrade", "tcp");
    return talk_to(host_, [&] {
        session->sendRequest(request) << text << std::flush;
        HTTPResponse response;
        std::istream& answer = session->receiveResponse(response);
        if (response.getStatus() != HTTPResponse::HTTP_SWITCHING_PROTOCOLS) {
            throw CommandError(Reply{response.getStatus(), read_all(answer), {}}.message());
        }
        Upgraded upgraded;
        Poco::Buffer<char> buffered(0);
        session->drainBuffer(buffered);
        upgraded.early.assign(buffered.begin(), buffered.size());
        upgraded.socket = session->detachSocket();
        upgraded.multiplexed = is_multiplexed(response);
        return upgraded;
    });
}

std::string container_path(const std::string& reference, const std::string& rest) {
    // A path is escaped by Poco::URI later; what may not appear is a separator that changes the route.
    if (reference.empty()) throw CommandError("an empty container name");
    if (reference.find_first_of("?#%") != std::string::npos) throw CommandError("No such container: " + reference);
    return "/containers/" + reference + rest;
}

}  // namespace slipway::cli
