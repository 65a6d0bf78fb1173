// Output in large amounts, readers that are slow or do not read at all, and processes that do not end.
#include <tree/tree.hpp>
#include "client.hpp"

#include <support/raw_http.hpp>

#include <nlohmann/json.hpp>

#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

// The line that the containers below repeat: 8894 bytes whose place in it any of them tells by its neighbours.
std::string pattern_line() {
    std::string line;
    for (int i = 1; i <= 2000; ++i) line += std::to_string(i) + ",";
    return line + "\n";
}

std::string pattern_script(uint64_t bytes) {
    return "yes \"$(seq 1 2000 | tr '\\n' ,)\" | head -c " + std::to_string(bytes);
}

// Takes the multiplexed stream of an attach or of logs apart and compares it with the pattern as it comes.
class PatternReader {
public:
    explicit PatternReader(RawRequest& from) : from_(from), line_(pattern_line()) {}

    // Reads to the end, slowly: a long pause first, and a short one after each megabyte. "" when every byte was as
    // expected, else what was wrong.
    std::string read_all(uint64_t expected) {
        std::string buffer(256 * 1024, '\0');
        uint64_t next_pause = 64 * 1024;
        while (true) {
            const size_t got = from_.receive(buffer.data(), buffer.size());
            if (got == 0) break;
            if (!take(std::string_view(buffer).substr(0, got))) return "differs in byte " + std::to_string(seen_);
            if (seen_ < next_pause) continue;
            std::this_thread::sleep_for(next_pause <= 64 * 1024 ? 2000ms : 1ms);
            next_pause = seen_ + (1 << 20);
        }
        return seen_ == expected ? "" : "ends after " + std::to_string(seen_) + " bytes";
    }

private:
    bool take(std::string_view bytes) {
        while (!bytes.empty()) {
            if (!in_body_) {
                head_ += bytes.front();
                bytes.remove_prefix(1);
                in_body_ = head_.ends_with("\r\n\r\n");
                is_chunked_ = in_body_ && head_.find("chunked") != std::string::npos;
            } else if (is_chunked_ && chunk_left_ == 0) {
                // "\r\n" of the chunk before, then its size.
                chunk_head_ += bytes.front();
                bytes.remove_prefix(1);
                if (chunk_head_.size() > 2 && chunk_head_.ends_with("\r\n")) {
                    chunk_left_ = std::stoull(chunk_head_, nullptr, 16);
                    chunk_head_.clear();
                    if (chunk_left_ == 0) return true;
                }
            } else {
                const size_t part = is_chunked_ ? std::min<uint64_t>(bytes.size(), chunk_left_) : bytes.size();
                if (!take_frames(bytes.substr(0, part))) return false;
                bytes.remove_prefix(part);
                chunk_left_ -= is_chunked_ ? part : 0;
            }
        }
        return true;
    }

    bool take_frames(std::string_view bytes) {
        while (!bytes.empty()) {
            if (frame_left_ == 0) {
                frame_head_ += bytes.front();
                bytes.remove_prefix(1);
                if (frame_head_.size() < 8) continue;
                for (size_t i = 4; i < 8; ++i) {
                    frame_left_ = frame_left_ * 256 + static_cast<unsigned char>(frame_head_[i]);
                }
                if (frame_head_[0] != 1) return false;
                frame_head_.clear();
                continue;
            }
            const size_t at = seen_ % line_.size();
            const size_t part = std::min({bytes.size(), static_cast<size_t>(frame_left_), line_.size() - at});
            if (bytes.substr(0, part) != std::string_view(line_).substr(at, part)) return false;
            seen_ += part;
            frame_left_ -= part;
            bytes.remove_prefix(part);
        }
        return true;
    }

    RawRequest& from_;
    const std::string line_;
    std::string head_, chunk_head_, frame_head_;
    bool in_body_ = false, is_chunked_ = false;
    uint64_t chunk_left_ = 0, frame_left_ = 0, seen_ = 0;
};

class Streams : public DockerClient {
protected:
    RawRequest attach(const std::string& name) const {
        return RawRequest(daemon->socket(), "POST", "/containers/" + name + "/attach?stream=1&stdout=1&stderr=1");
    }
    // Once the head of its answer is there, the client is attached.
    static void expect_head(const RawRequest& client) {
        char nothing[1];
        ASSERT_EQ(client.receive(nothing, 0), 0U);
    }
    // The time it takes until the container has ended.
    std::chrono::milliseconds time_to_end(const std::string& name) const {
        const auto began = Clock::now();
        const auto has_ended = [&] {
            const HttpReply reply = raw_http(daemon->socket(), "GET", "/containers/" + name + "/json");
            return reply.body.find("\"Status\":\"exited\"") != std::string::npos;
        };
        EXPECT_TRUE(eventually(has_ended, 20s));
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
    }
    // Of a process of the daemon: "VmRSS" in KiB, "Threads".
    uint64_t of_daemon(const std::string& key) const {
        std::istringstream status(read_file("/proc/" + std::to_string(daemon->pid()) + "/status"));
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1));
        }
        return 0;
    }
    size_t descriptors() const {
        const std::filesystem::directory_iterator all("/proc/" + std::to_string(daemon->pid()) + "/fd");
        return static_cast<size_t>(std::distance(begin(all), end(all)));
    }
};

TEST_F(Streams, AGigabyteReachesASlowClientToTheByte) {
    const uint64_t bytes = number_from("SLIPWAY_STREAM_BYTES", 1'000'000'000);
    docker_ok({"create", "--name", "con", "--log-driver", "none", "box", "sh", "-c", pattern_script(bytes)});
    RawRequest client = attach("con");
    expect_head(client);
    docker_ok({"start", "con"});
    EXPECT_EQ(PatternReader(client).read_all(bytes), "");
    EXPECT_EQ(docker_ok({"wait", "con"}), "0");
}

TEST_F(Streams, AGigabyteIsReadFromTheLogByASlowClientToTheByte) {
    const uint64_t bytes = number_from("SLIPWAY_STREAM_BYTES", 1'000'000'000);
    docker_ok({"run", "-d", "--name", "con", "box", "sh", "-c", pattern_script(bytes)});
    RawRequest client(daemon->socket(), "GET", "/containers/con/logs?stdout=1&stderr=1&follow=1");
    EXPECT_EQ(PatternReader(client).read_all(bytes), "");
    EXPECT_EQ(docker_ok({"wait", "con"}), "0");
    EXPECT_EQ(of_daemon("VmRSS") > 500 * 1024, false) << "the log is not held in memory";
}

TEST_F(Streams, TheEndDoesNotWaitForAClientThatDoesNotRead) {
    // What such a client and the pipe hold, so that the program can end.
    docker_ok({"create", "--name", "con", "box", "sh", "-c", pattern_script(100'000) + "; echo end >&2"});
    RawRequest attached = attach("con");
    expect_head(attached);
    RawRequest follower(daemon->socket(), "GET", "/containers/con/logs?stdout=1&stderr=1&follow=1");
    docker_ok({"start", "con"});
    EXPECT_LT(time_to_end("con"), 4s);  // well below what a slow client gets after the end
    EXPECT_EQ(docker({"logs", "con"}).out.size(), 100'000U);
    EXPECT_EQ(docker({"logs", "con"}).err, "end\n");
    // And it all is still there for the client.
    std::string all;
    char bytes[65536];
    for (size_t got = attached.receive(bytes, sizeof(bytes)); got > 0; got = attached.receive(bytes, sizeof(bytes))) {
        all.append(bytes, got);
    }
    EXPECT_NE(all.find("end\n"), std::string::npos);  // in its place among the streams, which nobody promises
    EXPECT_GT(all.size(), 100'000U);
}

TEST_F(Streams, APipeFullOfOutputIsInTheLogThoughAClientDoesNotRead) {
    docker_ok({"create", "--name", "con", "box", "/facts", "hoard"});
    docker_ok({"cp", std::string(tree::kBuild) + "/bin/slipway-facts", "con:/facts"});
    const RawRequest attached = attach("con");
    expect_head(attached);
    docker_ok({"start", "con"});
    EXPECT_LT(time_to_end("con"), 3s);
    const std::string out = docker({"logs", "con"}).out;
    EXPECT_GT(out.size(), size_t{600'000});
    size_t expected = 0;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line); ++expected) {
        ASSERT_EQ(std::stoul(line.substr(13, 10)), expected) << line;
    }
}

TEST_F(Streams, StopDoesNotWaitForAClientThatDoesNotRead) {
    docker_ok({"create", "--name", "con", "--log-driver", "none", "box", "yes"});
    const RawRequest attached = attach("con");
    expect_head(attached);
    docker_ok({"start", "con"});
    std::this_thread::sleep_for(300ms);  // until everything is full
    const auto began = Clock::now();
    docker_ok({"stop", "-t", "1", "con"});
    EXPECT_LT(Clock::now() - began, 5s);
    EXPECT_EQ(inspect("con", "{{.State.ExitCode}}"), "137");  // a first process without a handler ignores SIGTERM
}

TEST_F(Streams, AGrandchildThatHoldsTheOutputKeepsNobodyWaiting) {
    // With the host's processes around it, it outlives its parent.
    docker_ok({"run", "-d", "--name", "con", "--pid", "host", "box", "sh", "-c", "sleep 600 & echo parent"});
    EXPECT_LT(time_to_end("con"), 2s);
    EXPECT_EQ(docker_ok({"logs", "con"}), "parent");

    docker_ok({"run", "-d", "--name", "other", "box", "sleep", "600"});
    const auto began = Clock::now();
    EXPECT_EQ(docker_ok({"exec", "other", "sh", "-c", "sleep 600 & echo parent"}), "parent");
    EXPECT_LT(Clock::now() - began, 3s);
    docker_ok({"rm", "-f", "con", "other"});
}

// An ext4 in a file, mounted; frozen and thawed at will.
class FreezableDisk {
public:
    FreezableDisk() : path_("/tmp/slwt-disk-" + std::to_string(getpid())) {
        std::filesystem::create_directories(path_);
        const std::string script = "truncate -s 16M " + image() + " && mkfs.ext4 -q -F " + image() +
                                   " && mount -o loop " + image() + " " + path_;
        ok_ = run({"sh", "-c", script}).exit_code == 0;
    }
    ~FreezableDisk() {
        thaw();
        (void)run({"umount", path_});
        std::filesystem::remove(image());
        std::filesystem::remove(path_);
    }
    FreezableDisk(const FreezableDisk&) = delete;
    FreezableDisk& operator=(const FreezableDisk&) = delete;

    bool ok() const { return ok_; }
    const std::string& path() const { return path_; }
    bool freeze() { return is_frozen_ = run({"fsfreeze", "-f", path_}).exit_code == 0; }
    void thaw() {
        if (std::exchange(is_frozen_, false)) (void)run({"fsfreeze", "-u", path_});
    }

private:
    std::string image() const { return path_ + ".img"; }
    const std::string path_;
    bool ok_ = false, is_frozen_ = false;
};

TEST_F(Streams, AStopOfAProcessThatCannotEndAnswersInTime) {
    FreezableDisk disk;
    SLW_SKIP_WITHOUT(disk.ok(), "no loop devices, or no ext4");
    docker_ok({"run", "-d", "--name", "con", "-v", disk.path() + ":/data", "box", "sh", "-c",
               "while [ ! -e /go ]; do sleep 0.05; done; echo x > /data/f"});
    ASSERT_TRUE(disk.freeze());
    docker_ok({"exec", "con", "touch", "/go"});
    const std::string status = "/proc/" + inspect("con", "{{.State.Pid}}") + "/status";
    ASSERT_TRUE(eventually([&] { return read_file(status).find("State:\tD") != std::string::npos; }));

    const auto began = Clock::now();
    const RunResult stopped = docker({"stop", "-t", "1", "con"});
    EXPECT_LT(Clock::now() - began, 15s);
    EXPECT_NE(stopped.exit_code, 0);
    EXPECT_THAT(stopped.err, HasSubstr("did not end within 10 s after SIGKILL"));
    EXPECT_EQ(inspect("con", "{{.State.Status}}"), "running");
    EXPECT_EQ(docker_ok({"run", "--rm", "box", "echo", "others"}), "others");

    disk.thaw();
    EXPECT_TRUE(eventually([&] { return inspect("con", "{{.State.Status}}") == "exited"; }));
    EXPECT_EQ(inspect("con", "{{.State.ExitCode}}"), "137");
    docker_ok({"rm", "con"});
}

TEST_F(Streams, ThousandsOfExecsLeaveTheDaemonAsItWas) {
    const uint64_t runs = number_from("SLIPWAY_EXEC_RUNS", 2000);
    docker_ok({"run", "-d", "--name", "con", "box", "sleep", "600"});
    std::atomic<uint64_t> begun{0}, failed{0};
    const auto run_until = [&](uint64_t last) {
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, last] {
                for (uint64_t number = begun++; number < last; number = begun++) {
                    const std::string code = std::to_string(number % 100);
                    const json config = {{"Cmd", {"sh", "-c", "echo " + code + "; exit " + code}},
                                         {"AttachStdout", true}};
                    const HttpReply made = raw_http(daemon->socket(), "POST", "/containers/con/exec", config.dump());
                    const std::string id = json::parse(made.body, nullptr, false).value("Id", "");
                    const HttpReply ran = raw_http(daemon->socket(), "POST", "/exec/" + id + "/start", "{}");
                    const HttpReply seen = raw_http(daemon->socket(), "GET", "/exec/" + id + "/json");
                    const json state = json::parse(seen.body, nullptr, false);
                    const bool well = ran.body.ends_with(code + "\n") && state.value("Running", true) == false &&
                                      state.value("ExitCode", -1) == static_cast<int>(number % 100);
                    if (!well) ++failed;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        begun = last;
    };
    run_until(runs / 2);  // until what is kept of ended ones is kept
    const uint64_t memory = of_daemon("VmRSS"), threads = of_daemon("Threads");
    const MachineState before = daemon->machine_at_rest();
    const size_t open = descriptors();

    run_until(runs);

    EXPECT_EQ(failed, 0U);
    EXPECT_EQ(daemon->leaks_since(before), "");
    EXPECT_LE(descriptors(), open);
    EXPECT_LE(of_daemon("Threads"), threads + 4);
    EXPECT_LT(of_daemon("VmRSS"), memory + 4 * 1024) << "KiB, before and after " << runs / 2 << " execs";
    EXPECT_LE(json::parse(raw_http(daemon->socket(), "GET", "/containers/con/json").body)["ExecIDs"].size(), 1010U);
}

}  // namespace
}  // namespace slipway::testing
