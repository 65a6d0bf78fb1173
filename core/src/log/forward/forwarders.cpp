#include "log/forward/forwarders.hpp"

#include "log/forward/messages.hpp"
#include "model/log_attributes.hpp"
#include "model/log_config.hpp"

#include <slipway/core/path.hpp>

#include <Poco/Environment.h>
#include <Poco/Process.h>

#include <filesystem>

namespace slipway::core {

namespace {

using nlohmann::json;

constexpr std::string_view kDefaultTag = "{{.ID}}";
constexpr size_t kShortBytes = 12;

std::string driver_of(const json& host_config) {
    return host_config.at("LogConfig").value("Type", "");
}

Result<std::map<std::string, std::string>> journal_fields(const ContainerRecord& record, const std::string& tag) {
    auto fields = log_extras(record, journal_field_name);
    if (!fields) return fields;
    fields->erase("");
    // Last: a label must not pass for what the engine says.
    for (const auto& [name, value] :
         std::map<std::string, std::string>{{"CONTAINER_ID", record.id.substr(0, kShortBytes)},
                                            {"CONTAINER_ID_FULL", record.id},
                                            {"CONTAINER_NAME", record.name},
                                            {"CONTAINER_TAG", tag},
                                            {"IMAGE_NAME", record.image},
                                            {"SYSLOG_IDENTIFIER", tag}}) {
        (*fields)[name] = value;
    }
    for (const char* own : {"MESSAGE", "PRIORITY", "SYSLOG_TIMESTAMP", "CONTAINER_PARTIAL_MESSAGE"}) fields->erase(own);
    return fields;
}

}  // namespace

bool is_forwarded(const json& host_config) {
    const std::string driver = driver_of(host_config);
    return driver == "syslog" || driver == "journald";
}

Status Forwarders::check(const json& host_config) const {
    std::error_code error;
    if (driver_of(host_config) != "journald" || std::filesystem::exists(options_.journal_socket, error)) return ok();
    return Error(ErrorCode::kSystem, "failed to initialize logging driver: journald is not enabled on this host")
        .with_resource(options_.journal_socket.string());
}

Result<ForwardPlan> Forwarders::plan(const ContainerRecord& record) const {
    ForwardPlan plan;
    plan.log = path_of(record.log_path);
    plan.position = path_of(record.data_dir) / "forwarded";
    plan.log_line = [this, id = record.id](const std::string& line) { say(LogLevel::kWarn, id, line); };
    auto policy = log_policy(record.host_config);
    if (!policy) return std::move(policy).error();
    plan.max_backlog_bytes = policy->max_backlog_bytes;
    auto tag = log_tag(record, kDefaultTag);
    if (!tag) return std::move(tag).error();

    if (driver_of(record.host_config) == "journald") {
        auto fields = journal_fields(record, *tag);
        if (!fields) return std::move(fields).error();
        ReceiverAddress address;
        address.kind = ReceiverAddress::Kind::kUnixDatagram;
        address.path = options_.journal_socket.string();
        plan.receiver = make_receiver(std::move(address), plan.log_line);
        plan.format = [fields = std::move(*fields)](const LogLine& line) { return journal_entry(fields, line); };
        return plan;
    }
    auto target = syslog_target(record.host_config.at("LogConfig").at("Config"));
    if (!target) return std::move(target).error();
    plan.receiver = make_receiver(target->address, plan.log_line);
    const SyslogSender sender{Poco::Environment::nodeName(), *tag, static_cast<int64_t>(Poco::Process::id())};
    plan.format = [target = *target, sender](const LogLine& line) { return syslog_message(target, sender, line); };
    return plan;
}

void Forwarders::start(const ContainerRecord& record, std::function<bool()> ended) {
    if (!is_forwarded(record.host_config) || record.log_path.empty()) return;
    std::shared_ptr<Forwarder> old;  // joined outside the lock; its thread has ended
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    std::shared_ptr<Forwarder>& mine = forwarders_[record.id];
    if (mine != nullptr && mine->go_on()) return;
    old = std::move(mine);
    auto made = plan(record);
    if (!made) {
        say(LogLevel::kError, record.id, "is not forwarded: " + made.error().message());
        forwarders_.erase(record.id);
        return;
    }
    made->ended = std::move(ended);
    mine = std::make_shared<Forwarder>(std::move(*made));
}

bool Forwarders::finish(const std::string& id, std::chrono::milliseconds patience) {
    std::shared_ptr<Forwarder> forwarder;
    {
        const std::lock_guard lock(mutex_);
        const auto found = forwarders_.find(id);
        if (found == forwarders_.end()) return true;
        forwarder = found->second;
    }
    const bool sent = forwarder->drain(patience);
    forwarder->stop();
    if (!sent) say(LogLevel::kWarn, id, "is removed before its end was forwarded: the receiver is away");
    const std::lock_guard lock(mutex_);
    forwarders_.erase(id);
    return sent;
}

void Forwarders::stop_all() {
    std::map<std::string, std::shared_ptr<Forwarder>> all;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        all.swap(forwarders_);
    }
    for (const auto& [id, forwarder] : all) forwarder->ask_to_stop();
    for (const auto& [id, forwarder] : all) forwarder->stop();
}

void Forwarders::say(LogLevel level, const std::string& id, const std::string& line) const {
    if (options_.log) options_.log(level, "log of container " + id + ": " + line);
}

}  // namespace slipway::core
