// tests/unit/api/support/fake_engine.hpp - an engine whose answers a test sets and whose calls it can read back.
#pragma once

#include "support/stream_copy.hpp"

#include <slipway/core/engine.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace slipway::test {

// A subscription that hands out a list and then stays silent until it is closed.
class FakeSubscription : public core::EventSubscription {
public:
    FakeSubscription(std::deque<core::EventOrGap> events, std::shared_ptr<std::atomic<bool>> closed)
        : events_(std::move(events)), closed_(std::move(closed)) {}

    std::optional<core::EventOrGap> next(std::chrono::milliseconds) override {
        if (events_.empty()) {
            silent_ = true;
            return std::nullopt;
        }
        core::EventOrGap first = std::move(events_.front());
        events_.pop_front();
        return first;
    }
    bool closed() const override { return silent_ && closed_->load(); }

private:
    std::deque<core::EventOrGap> events_;
    std::shared_ptr<std::atomic<bool>> closed_;
    bool silent_ = false;
};

class FakeEngine : public core::Engine {
public:
    // --- what a test sets ---
    std::map<std::string, core::RecordPtr> containers;  // by id or name
    std::map<std::string, core::ImagePtr> images;
    std::vector<core::NetworkRecord> networks;
    std::vector<core::BackendStatus> backend_list;
    core::EngineMetrics figures;
    std::vector<core::BackendProblem> problem_list;
    core::EngineOptions engine_options;
    std::optional<Error> failure;  // what every change answers
    core::StartOutcome start_outcome;
    std::function<void()> on_start;  // what happens meanwhile
    core::WaitResult wait_result;
    std::vector<core::LogLine> log_lines;
    std::deque<core::EventOrGap> event_list;
    std::shared_ptr<std::atomic<bool>> events_closed = std::make_shared<std::atomic<bool>>(true);
    bool wait_until_cancelled = false;
    bool fail_late = false;  // archive_get() fails after its first bytes
    core::ExecInfo exec;     // the only one there is
    std::vector<core::StatsSample> samples;
    bool stats_until_cancelled = false;
    bool refuse_exec = false;  // start_exec() fails before it was accepted
    std::vector<std::string> exec_ids;

    // --- what a test reads ---
    std::vector<std::string> calls;
    core::CreateContainer created;
    core::StartContainer start_request;
    core::AttachOptions attached;
    core::StartExec exec_started;
    core::LogOptions logged;
    core::ListOptions listed;
    std::vector<core::VolumeRecord> volumes;
    core::Filters filtered;
    std::optional<uint64_t> since_sequence;
    std::string received;  // bytes of an archive
    std::atomic<int> waits_running{0};
    std::atomic<bool> stats_ended{false};

    void shut_down() override {}

    Result<core::RecordPtr> find_container(const std::string& ref) const override {
        const auto found = containers.find(ref);
        if (found == containers.end()) return Error(ErrorCode::kNotFound, "No such container: " + ref);
        return found->second;
    }
    Result<std::vector<core::RecordPtr>> list_containers(const core::ListOptions& options) const override {
        const_cast<FakeEngine*>(this)->listed = options;
        std::vector<core::RecordPtr> out;
        for (const auto& [ref, record] : containers) {
            if (ref == record->id) out.push_back(record);
        }
        return out;
    }
    Result<core::CreatedContainer> create_container(const core::CreateContainer& request) override {
        created = request;
        if (failure) return *failure;
        return core::CreatedContainer{std::string(64, 'a'), {"a warning"}};
    }
    Result<core::StartOutcome> start_container(const std::string& ref, const core::StartContainer& request) override {
        note("start " + ref);
        start_request = request;
        if (on_start) on_start();
        if (failure) return *failure;
        if (!containers.count(ref)) return Error(ErrorCode::kNotFound, "No such container: " + ref);
        return start_outcome;
    }
    Status stop_container(const std::string& ref, std::optional<std::string> signal,
                          std::optional<std::chrono::seconds> timeout) override {
        return answer("stop " + ref + " " + signal.value_or("-") + " " +
                      (timeout ? std::to_string(timeout->count()) : "-"));
    }
    Status restart_container(const std::string& ref, std::optional<std::string> signal,
                             std::optional<std::chrono::seconds> timeout) override {
        return answer("restart " + ref + " " + signal.value_or("-") + " " +
                      (timeout ? std::to_string(timeout->count()) : "-"));
    }
    Status kill_container(const std::string& ref, const std::string& signal) override {
        return answer("kill " + ref + " " + signal);
    }
    Status pause_container(const std::string& ref) override { return answer("pause " + ref); }
    Status unpause_container(const std::string& ref) override { return answer("unpause " + ref); }
    Status rename_container(const std::string& ref, const std::string& name) override {
        return answer("rename " + ref + " " + name);
    }
    Status remove_container(const std::string& ref, const core::RemoveOptions& options) override {
        return answer("remove " + ref + (options.force ? " force" : "") + (options.volumes ? " volumes" : ""));
    }
    Result<core::PruneReport> prune_containers(const core::Filters&) override { return core::PruneReport{}; }
    Result<core::WaitResult> wait_container(const std::string& ref, core::WaitCondition,
                                            const std::function<void()>& registered,
                                            const std::function<bool()>& cancelled) override {
        if (!containers.count(ref)) return Error(ErrorCode::kNotFound, "No such container: " + ref);
        ++waits_running;
        registered();
        while (wait_until_cancelled && !cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        --waits_running;
        if (wait_until_cancelled) return Error(ErrorCode::kCancelled, "given up");
        return wait_result;
    }
    Status attach_container(const std::string& ref, const core::AttachOptions& options) override {
        note("attach " + ref);
        attached = options;
        if (failure) return *failure;
        // What a backend does: keeps its own copy of the socket and writes the head first.
        stream_copy = StreamCopy(options.stream_handle);
        stream_copy->send(options.preamble);
        return ok();
    }
    Result<std::vector<std::string>> update_container(const std::string& ref, const nlohmann::json& update) override {
        note("update " + ref + " " + update.dump());
        if (failure) return *failure;
        return std::vector<std::string>{"a warning"};
    }
    Status resize_container(const std::string& ref, uint16_t rows, uint16_t cols) override {
        return answer("resize " + ref + " " + std::to_string(rows) + "x" + std::to_string(cols));
    }
    Status read_logs(const std::string&, const core::LogOptions& options, const core::LogSink& sink,
                     const std::function<bool()>&) override {
        logged = options;
        for (const core::LogLine& line : log_lines) {
            if (!sink(line)) break;
        }
        return ok();
    }
    Status read_stats(const std::string& ref, const core::StatsOptions& options, const core::StatsSink& sink,
                      const std::function<bool()>& cancelled) override {
        note("stats " + ref + (options.stream ? " stream" : "") + (options.one_shot ? " one-shot" : ""));
        if (failure) return *failure;
        core::StatsSample before;
        for (const core::StatsSample& sample : samples) {
            if (!sink(sample, before)) break;
            before = sample;
        }
        while (stats_until_cancelled && !cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        stats_ended = true;
        return ok();
    }
    Result<nlohmann::json> list_processes(const std::string& ref, const std::string& arguments) override {
        note("top " + ref + " " + arguments);
        if (failure) return *failure;
        return nlohmann::json{{"Titles", {"PID"}}, {"Processes", {{"7"}}}};
    }
    Result<uint64_t> container_size_rw(const std::string&) override { return uint64_t{1000}; }

    Result<std::string> create_exec(const std::string& ref, const core::ExecConfig& config) override {
        note("exec " + ref);
        exec.config = config;
        if (failure) return *failure;
        return exec.id;
    }
    Status start_exec(const std::string& id, const core::StartExec& request) override {
        note("start exec " + id);
        exec_started = request;
        // Before the head goes out: a test looks at it as soon as it has read the head.
        if (!request.detach && !failure) stream_copy = StreamCopy(request.stream_handle);
        if (request.accepted && !refuse_exec && !request.accepted()) return Error(ErrorCode::kCancelled, "gone");
        if (failure) return *failure;
        return ok();
    }
    Result<core::ExecInfo> find_exec(const std::string& id) const override {
        if (id != exec.id) return Error(ErrorCode::kNotFound, "No such exec instance: " + id);
        return exec;
    }
    std::vector<std::string> list_execs(const std::string&) const override { return exec_ids; }
    Status resize_exec(const std::string& id, uint16_t rows, uint16_t cols) override {
        return answer("resize exec " + id + " " + std::to_string(rows) + "x" + std::to_string(cols));
    }

    Result<nlohmann::json> container_changes(const std::string& ref) override {
        note("changes " + ref);
        if (failure) return *failure;
        return nlohmann::json::array();
    }
    Result<nlohmann::json> archive_stat(const std::string& ref, const std::string& path) override {
        note("stat " + ref + " " + path);
        if (failure) return *failure;
        return nlohmann::json{{"name", "f"}, {"size", 3}};
    }
    Status archive_get(const std::string& ref, const std::string& path,
                       const std::function<void(const nlohmann::json&)>& head, const core::ByteSink& tar) override {
        note("get " + ref + " " + path);
        if (failure && !fail_late) return *failure;
        head({{"name", "f"}, {"size", 3}});
        tar("abc", 3);
        return fail_late ? Status(*failure) : Status(ok());
    }
    Status archive_put(const std::string& ref, const std::string& path, const core::ArchivePutOptions& options,
                       const core::ByteSource& archive) override {
        note("put " + ref + " " + path + (options.keep_kinds ? " kinds" : "") + (options.keep_owners ? " owners" : ""));
        if (Status read = drain(archive); !read) return read;
        return failure ? Status(*failure) : Status(ok());
    }
    Status export_container(const std::string& ref, const core::ByteSink& tar) override {
        note("export " + ref);
        if (failure) return *failure;
        tar("abc", 3);
        return ok();
    }

    Result<core::ImagePtr> find_image(const std::string& ref) const override {
        const auto found = images.find(ref);
        if (found == images.end()) return Error(ErrorCode::kNotFound, "No such image: " + ref);
        return found->second;
    }
    Result<std::vector<core::ImagePtr>> list_images(const core::Filters&) const override {
        std::vector<core::ImagePtr> out;
        for (const auto& [ref, image] : images) out.push_back(image);
        return out;
    }
    Result<std::vector<std::string>> load_images(const core::ByteSource& archive,
                                                 const std::function<void(const std::string&)>& progress) override {
        if (Status read = drain(archive); !read) return std::move(read).error();
        progress("Loading layer");
        if (failure) return *failure;
        return std::vector<std::string>{"busybox:latest"};
    }
    Result<std::string> import_image(const core::ByteSource& tar, const std::string& repository, const std::string& tag,
                                     const std::string&, const std::vector<std::string>&) override {
        if (Status read = drain(tar); !read) return std::move(read).error();
        note("import " + repository + " " + tag);
        if (failure) return *failure;
        return "sha256:" + std::string(64, 'b');
    }
    Status tag_image(const std::string& ref, const std::string& repository, const std::string& tag) override {
        return answer("tag " + ref + " " + repository + " " + tag);
    }
    Result<std::vector<core::DeletedImagePart>> remove_image(const std::string& ref, bool force) override {
        note("rmi " + ref + (force ? " force" : ""));
        return std::vector<core::DeletedImagePart>{{ref, ""}, {"", "sha256:1"}};
    }
    int64_t containers_using(const std::string&) const override { return 0; }
    std::vector<core::NetworkRecord> list_networks() const override { return networks; }
    Result<core::NetworkRecord> find_network(const std::string& ref) const override {
        for (const core::NetworkRecord& network : networks) {
            if (network.name == ref || network.id == ref) return network;
        }
        return Error(ErrorCode::kNotFound, "network " + ref + " not found");
    }
    Result<std::vector<core::VolumeRecord>> list_volumes(const core::Filters& filters) const override {
        const_cast<FakeEngine*>(this)->filtered = filters;
        return volumes;
    }
    Result<core::VolumeRecord> find_volume(const std::string& name) const override {
        for (const core::VolumeRecord& volume : volumes) {
            if (volume.name == name) return volume;
        }
        return Error(ErrorCode::kNotFound, "get " + name + ": no such volume");
    }
    Result<core::VolumeRecord> create_volume(const core::CreateVolume& wanted) override {
        if (failure) return *failure;
        core::VolumeRecord volume;
        volume.name = wanted.name;
        volume.labels = wanted.labels;
        volume.options = wanted.options;
        volume.mountpoint = "/data/volumes/" + wanted.name + "/_data";
        return volume;
    }
    Status remove_volume(const std::string& name, bool force) override {
        return answer("remove volume " + name + (force ? " force" : ""));
    }
    Result<core::PruneReport> prune_volumes(const core::Filters& filters) override {
        filtered = filters;
        return core::PruneReport{{"v1"}, 7};
    }
    std::unique_ptr<core::EventSubscription> subscribe(core::UnixNanos, core::UnixNanos,
                                                       std::optional<uint64_t> sequence, core::Filters) override {
        since_sequence = sequence;
        return std::make_unique<FakeSubscription>(event_list, events_closed);
    }
    std::vector<core::BackendStatus> backends() const override { return backend_list; }
    core::EngineMetrics metrics() const override { return figures; }
    const std::vector<core::BackendProblem>& backend_problems() const override { return problem_list; }
    const std::string& engine_id() const override { return id_; }
    const core::EngineOptions& options() const override { return engine_options; }

    std::optional<StreamCopy> stream_copy;

private:
    void note(std::string call) {
        const std::lock_guard lock(mutex_);
        calls.push_back(std::move(call));
    }
    Status answer(std::string call) {
        note(std::move(call));
        return failure ? Status(*failure) : Status(ok());
    }
    Status drain(const core::ByteSource& source) {
        char piece[4096];
        for (;;) {
            const int64_t got = source(piece, sizeof(piece));
            if (got == 0) return ok();
            if (got < 0) return Error(ErrorCode::kInvalidArgument, "unexpected end of the archive");
            received.append(piece, static_cast<size_t>(got));
        }
    }

    std::mutex mutex_;
    std::string id_ = "engine-id";
};

}  // namespace slipway::test
