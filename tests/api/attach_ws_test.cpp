// GET /containers/{id}/attach/ws with a client that others wrote (Debian's python3-websocket).
#include "client.hpp"

#include <chrono>
#include <thread>

namespace slipway::testing {
namespace {

// Arguments: socket (a path, or ADDRESS:PORT), path, then steps. "send TEXT", "key HEX",
// "until TEXT" (what came since the connection must hold it), "close". Prints what came, kind by kind, and the status
// the server closed with.
constexpr const char* kClient = R"(
import socket, sys, websocket
path, target, *steps = sys.argv[1:]
address, _, port = path.rpartition(":")
sock = socket.socket(socket.AF_INET if address else socket.AF_UNIX)
sock.settimeout(30)
sock.connect((address, int(port)) if address else path)
try:
    ws = websocket.create_connection("ws://localhost" + target, socket=sock, origin=next(
        (step[7:] for step in steps if step.startswith("origin ")), None), timeout=30)
except websocket.WebSocketBadStatusException as refused:
    print("refused", refused.status_code)
    sys.exit(0)
seen, kinds, closed = b"", set(), None
def take():
    global seen, closed
    opcode, data = ws.recv_data()
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        closed = int.from_bytes(data[:2], "big")
    else:
        kinds.add({1: "text", 2: "binary"}[opcode])
        seen += data
for step in steps:
    verb, _, rest = step.partition(" ")
    if verb == "send":
        ws.send(rest.encode().decode("unicode_escape"))
    elif verb == "key":
        ws.send_binary(bytes.fromhex(rest))
    elif verb == "flood":
        for _ in range(int(rest)):
            ws.send_binary(b"0123456789abcdef" * 4096)
    elif verb == "ping":
        ws.ping("hello")
    elif verb == "until":
        while rest.encode() not in seen and closed is None:
            take()
    elif verb == "close":
        ws.close(timeout=5)
        closed = "by client"
while closed is None:
    take()
print("/".join(sorted(kinds)), closed)
sys.stdout.write(seen.decode("utf-8", "replace") if len(seen) < 65536 else f"{len(seen)} bytes")
)";

class AttachWebSocket : public DockerClient {
protected:
    // Output of the client: a line with the kinds of frames and the closing status, then what came.
    std::string talk(const std::string& target, const std::vector<std::string>& steps) const {
        std::vector<std::string> argv = {"/usr/bin/python3", "-c", kClient, daemon->socket(), target};
        argv.insert(argv.end(), steps.begin(), steps.end());
        const RunResult result = run(argv);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return result.out;
    }
};

TEST_F(AttachWebSocket, PassesBothWaysInBinaryFramesAndClosesWithTheContainer) {
    docker_ok({"run", "-di", "--name", "one", "box", "sh", "-c", "read x; echo got $x; echo bad >&2; read y; exit 3"});

    const std::string out = talk("/v1.51/containers/one/attach/ws?stream=1&stdin=1&stdout=1&stderr=1",
                                 {"send hello\\n", "ping", "until bad", "send more\\n"});

    EXPECT_THAT(out, StartsWith("binary 1000\n"));
    EXPECT_THAT(out, HasSubstr("got hello\n"));
    EXPECT_THAT(out, HasSubstr("bad\n"));
    EXPECT_EQ(docker_ok({"wait", "one"}), "3");
}

TEST_F(AttachWebSocket, QueryChoosesLogAndStreams) {
    docker({"run", "--name", "one", "box", "sh", "-c", "echo out; echo err >&2"});
    EXPECT_TRUE(eventually([&] { return inspect("one", "{{.State.Status}}") == "exited"; }));

    EXPECT_EQ(talk("/v1.51/containers/one/attach/ws?logs=1&stdout=1", {}), "binary 1000\nout\n");
    EXPECT_EQ(talk("/v1.51/containers/one/attach/ws?logs=1&stderr=1", {}), "binary 1000\nerr\n");
    // All streams, and text before 1.28.
    const std::string old = talk("/v1.27/containers/one/attach/ws?logs=1", {});
    EXPECT_THAT(old, StartsWith("text 1000\n"));
    EXPECT_THAT(old, HasSubstr("out\n"));
    EXPECT_THAT(old, HasSubstr("err\n"));
    EXPECT_EQ(talk("/v1.51/containers/nobody/attach/ws?logs=1", {}), "refused 404\n");
}

TEST_F(AttachWebSocket, ALogLongerThanAnyBufferIsReplayed) {
    docker({"run", "--name", "one", "box", "sh", "-c",
            "i=0; while [ $i -lt 20000 ]; do echo 0123456789abcdef0123456789abcdef; i=$((i+1)); done"});

    EXPECT_EQ(talk("/containers/one/attach/ws?logs=1&stdout=1", {}), "binary 1000\n660000 bytes");
}

TEST_F(AttachWebSocket, ATerminalHasDetachKeys) {
    docker_ok({"run", "-dit", "--name", "one", "box", "sh", "-c", "read x; echo got $x; sleep 600"});

    const std::string out = talk("/containers/one/attach/ws?stream=1&stdin=1&stdout=1&detachKeys=ctrl-a,x",
                                 {"send hi\\r", "until got hi", "key 01", "key 78"});

    EXPECT_THAT(out, StartsWith("binary 1000\n"));
    EXPECT_THAT(out, HasSubstr("got hi\r\n"));
    EXPECT_EQ(inspect("one", "{{.State.Running}}"), "true");
}

TEST_F(AttachWebSocket, AClientThatGoesLeavesTheContainerAlone) {
    docker_ok({"run", "-di", "--name", "one", "box", "sh", "-c", "while read x; do echo got $x; done; sleep 600"});
    const MachineState before = daemon->machine_at_rest();

    talk("/containers/one/attach/ws?stream=1&stdin=1&stdout=1", {"send a\\n", "until got a", "close"});
    EXPECT_THAT(talk("/containers/one/attach/ws?stream=1&stdin=1&stdout=1", {"send b\\n", "until got b", "close"}),
                HasSubstr("got b"));

    EXPECT_EQ(inspect("one", "{{.State.Running}}"), "true");
    EXPECT_EQ(daemon->leaks_since(before), "");
}

TEST_F(AttachWebSocket, WaitsForAContainerThatIsStartedLater) {
    docker_ok({"create", "-i", "--name", "one", "box", "cat"});
    Background client = Background::start(
        {"/usr/bin/python3", "-c", kClient, daemon->socket(), "/containers/one/attach/ws?stream=1&stdin=1&stdout=1",
         "send early\\n", "until early", "close"},
        daemon->root() + "/client.log");
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    docker_ok({"start", "one"});

    EXPECT_EQ(client.wait(std::chrono::milliseconds(20'000)), 0);
    EXPECT_THAT(read_file(daemon->root() + "/client.log"), HasSubstr("early"));
}

TEST_F(AttachWebSocket, ADaemonThatStopsDoesNotWaitForAStuckContainer) {
    docker_ok({"run", "-di", "--name", "one", "box", "sleep", "600"});
    Background client = Background::start({"/usr/bin/python3", "-c", kClient, daemon->socket(),
                                           "/containers/one/attach/ws?stream=1&stdin=1&stdout=1", "flood 200"},
                                          daemon->root() + "/client.log");
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    const auto began = std::chrono::steady_clock::now();

    daemon->stop_daemon();

    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
    daemon->start_daemon();
    EXPECT_EQ(inspect("one", "{{.State.Running}}"), "true");
}

TEST_F(AttachWebSocket, PagesOfOtherSitesAndOtherHandshakesAreRefused) {
    docker_ok({"run", "-di", "--name", "one", "box", "cat"});

    EXPECT_EQ(talk("/containers/one/attach/ws?stream=1", {"origin http://example.org"}), "refused 403\n");
    const RunResult plain = daemon->http("GET", "/containers/one/attach/ws?stream=1");
    EXPECT_THAT(plain.out, HasSubstr("does not ask to upgrade to websocket"));
    EXPECT_THAT(plain.out, ::testing::EndsWith("400"));
}

}  // namespace
}  // namespace slipway::testing
