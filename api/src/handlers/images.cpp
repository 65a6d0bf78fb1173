#include "handlers/handlers.hpp"
#include "render/image_json.hpp"

namespace slipway::api {
namespace {

using nlohmann::json;

core::ByteSource source_of(Exchange& exchange) {
    return [&exchange](void* buffer, uint64_t capacity) { return exchange.body.read(buffer, capacity); };
}

// A stream of JSON lines that begins with the first line, so that an early failure still gets a status of its own.
class ProgressLines {
public:
    explicit ProgressLines(Exchange& exchange) : exchange_(exchange) {}

    void write(const json& line) {
        if (!exchange_.response.is_begun()) exchange_.response.begin_stream(200, "application/json");
        exchange_.response.write(to_text(line) + "\r\n");
    }

    // Ends the reply: with the status of `failure` when nothing was sent yet, else with a line that carries it.
    Status fail(const Error& failure) {
        if (!exchange_.response.is_begun()) return failure;
        write({{"errorDetail", {{"message", failure.message()}}}, {"error", failure.message()}});
        exchange_.response.end_stream();
        return ok();
    }

    void end() {
        if (!exchange_.response.is_begun()) exchange_.response.begin_stream(200, "application/json");
        exchange_.response.end_stream();
    }

private:
    Exchange& exchange_;
};

Status import_from_body(Exchange& exchange) {
    ProgressLines lines(exchange);
    const Query& query = exchange.query;
    const Result<std::string> id = exchange.engine().import_image(
        source_of(exchange), query.get("repo"), query.get("tag"), query.get("message"), query.all("changes"));
    if (!id) return lines.fail(id.error());
    lines.write({{"status", *id}});
    lines.end();
    return ok();
}

}  // namespace

Status handle_image_list(Exchange& exchange) {
    Result<core::Filters> filters =
        exchange.query.filters({"before", "dangling", "label", "reference", "since", "until"});
    if (!filters) return std::move(filters).error();
    const Result<std::vector<core::ImagePtr>> images = exchange.engine().list_images(*filters);
    if (!images) return images.error();
    json out = json::array();
    for (const core::ImagePtr& image : *images) out.push_back(image_summary_json(*image, exchange.version, -1));
    exchange.reply_json(200, out);
    return ok();
}

Status handle_image_inspect(Exchange& exchange) {
    const Result<core::ImagePtr> image = exchange.engine().find_image(exchange.part("name"));
    if (!image) return image.error();
    exchange.reply_json(200, image_inspect_json(**image, exchange.version));
    return ok();
}

Status handle_image_create(Exchange& exchange) {
    if (const std::string& image = exchange.query.get("fromImage"); !image.empty()) {
        return Error(ErrorCode::kUnimplemented,
                     "pulling images is not implemented in this version of Slipway: bring '" + image +
                         "' in with `docker load` or `docker import`");
    }
    const std::string& source = exchange.query.get("fromSrc");
    if (source.empty()) {
        return Error(ErrorCode::kInvalidArgument, "one of 'fromImage' and 'fromSrc' must be given");
    }
    if (source != "-") {
        return Error(ErrorCode::kUnimplemented,
                     "importing from a URL is not implemented in this version of Slipway: send the archive as the "
                     "request body with fromSrc=-");
    }
    return import_from_body(exchange);
}

Status handle_image_load(Exchange& exchange) {
    ProgressLines lines(exchange);
    const bool quiet = exchange.query.flag("quiet", true);
    const auto progress = [&lines, quiet](const std::string& text) {
        if (!quiet) lines.write({{"status", text}});
    };
    const Result<std::vector<std::string>> loaded = exchange.engine().load_images(source_of(exchange), progress);
    if (!loaded) return lines.fail(loaded.error());
    for (const std::string& name : *loaded) {
        const std::string_view kind = name.starts_with("sha256:") ? "Loaded image ID: " : "Loaded image: ";
        lines.write({{"stream", std::string(kind) + name + "\n"}});
    }
    lines.end();
    return ok();
}

Status handle_image_tag(Exchange& exchange) {
    const Query& query = exchange.query;
    if (Status tagged = exchange.engine().tag_image(exchange.part("name"), query.get("repo"), query.get("tag"));
        !tagged) {
        return tagged;
    }
    exchange.response.send_empty(201);
    return ok();
}

Status handle_image_remove(Exchange& exchange) {
    const Result<std::vector<core::DeletedImagePart>> parts =
        exchange.engine().remove_image(exchange.part("name"), exchange.query.flag("force"));
    if (!parts) return parts.error();
    json out = json::array();
    for (const core::DeletedImagePart& part : *parts) {
        if (!part.untagged.empty()) out.push_back({{"Untagged", part.untagged}});
        if (!part.deleted.empty()) out.push_back({{"Deleted", part.deleted}});
    }
    exchange.reply_json(200, out);
    return ok();
}

}  // namespace slipway::api
