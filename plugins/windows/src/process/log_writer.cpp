#include <process/log_writer.hpp>

#include <documents/utf8_text.hpp>
#include <sys/clock.hpp>
#include <sys/remove_open.hpp>
#include <sys/rotation_lock.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>

namespace slipway::windows_backend {
namespace {

constexpr size_t kLineBytes = 16 * 1024;

namespace fs = std::filesystem;

std::string numbered(const std::string& path, uint32_t number) {
    return number == 0 ? path : path + "." + std::to_string(number);
}

// What is there in its place goes first, whether or not there is anything to move.
std::error_code move_file(const std::string& from, const std::string& to) {
    std::error_code failed = remove_open_file(path_from_utf8(to));
    if (!failed && fs::exists(path_from_utf8(from), failed)) {
        fs::rename(path_from_utf8(from), path_from_utf8(to), failed);
    }
    return failed;
}

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::open(LogTarget target) {
    nlohmann::ordered_json attributes;
    if (!target.attributes.empty()) {
        attributes = nlohmann::ordered_json::parse(target.attributes, nullptr, false);
        if (!attributes.is_object()) return Error(ErrorCode::kInvalidArgument, "log attributes are no JSON object");
    }
    std::unique_ptr<LogWriter> writer(new LogWriter(std::move(target), std::move(attributes)));
    const fs::path path = path_from_utf8(writer->target_.path);
    writer->file_.open(path, std::ios::binary | std::ios::app);
    if (!writer->file_) {
        return Error(ErrorCode::kSystem, "open log '" + writer->target_.path + "' failed")
            .with_resource(writer->target_.path);
    }
    std::error_code ignored;
    const uintmax_t size = fs::file_size(path, ignored);
    writer->written_ = ignored ? 0 : size;
    return writer;
}

void LogWriter::write(int stream, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    std::string& rest = rest_[stream == 2];
    while (!bytes.empty()) {
        const size_t newline = bytes.find('\n');
        const size_t room = kLineBytes - rest.size();
        const size_t take = std::min(newline == std::string_view::npos ? bytes.size() : newline + 1, room);
        rest.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        if (rest.size() < kLineBytes && rest.back() != '\n') return;
        record(stream, rest);
        rest.clear();
    }
}

void LogWriter::finish() {
    const std::lock_guard lock(mutex_);
    for (const int stream : {1, 2}) {
        std::string& rest = rest_[stream == 2];
        if (!rest.empty()) record(stream, rest);
        rest.clear();
    }
    file_.flush();
}

void LogWriter::record(int stream, std::string_view line) {
    nlohmann::ordered_json document = {{"log", line}, {"stream", stream == 2 ? "stderr" : "stdout"}};
    if (attributes_.is_object()) document["attrs"] = attributes_;
    document["time"] = utc_text(unix_now_ns());
    const std::string text = document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    if (target_.max_bytes > 0 && written_ > 0 && written_ + text.size() > target_.max_bytes) rotate();
    file_.write(text.data(), static_cast<std::streamsize>(text.size()));
    file_.flush();
    file_.clear();  // a full disk may have room later
    written_ += text.size();
}

// name.N-1 becomes name.N, ..., name becomes name.1, compressed or not. What cannot be moved is written to further:
// nothing is lost, and the next record tries again.
void LogWriter::rotate() {
    const fs::path log = path_from_utf8(target_.path);
    const std::optional<RotationLock> lock = RotationLock::try_take(log);
    if (!lock) return;
    file_.close();
    std::error_code failed;
    for (uint32_t number = target_.max_files; number-- > 1 && !failed;) {
        const std::string from = numbered(target_.path, number - 1), to = numbered(target_.path, number);
        failed = move_file(from, to);
        if (number > 1 && !failed) failed = move_file(from + ".gz", to + ".gz");
    }
    file_.open(log, std::ios::binary | (failed ? std::ios::app : std::ios::trunc));
    if (!failed) written_ = 0;
}

}  // namespace slipway::windows_backend
