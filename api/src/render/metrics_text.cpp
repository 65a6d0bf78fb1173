#include "render/metrics_text.hpp"

#include <cstdio>

namespace slipway::api {
namespace {

void head(std::string& out, const char* name, const char* type, const char* help) {
    out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void sample(std::string& out, const std::string& name, const std::string& labels, const std::string& value) {
    out += name + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
}

std::string label(const char* key, const std::string& value) {
    return std::string(key) + "=\"" + value + "\"";
}

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.9g", value);
    return text;
}

// `labels` may be empty.
void histogram(std::string& out, const std::string& name, const std::string& labels, const core::Histogram& data) {
    const std::string before = labels.empty() ? "" : labels + ",";
    uint64_t below = 0;
    for (size_t i = 0; i < core::kBucketBounds.size(); ++i) {
        below += data.counts[i];
        sample(out, name + "_bucket", before + label("le", number(core::kBucketBounds[i])), std::to_string(below));
    }
    sample(out, name + "_bucket", before + label("le", "+Inf"), std::to_string(data.count));
    sample(out, name + "_sum", labels, number(data.sum_seconds));
    sample(out, name + "_count", labels, std::to_string(data.count));
}

}  // namespace

std::string metrics_text(const core::EngineMetrics& metrics) {
    std::string out;
    head(out, "slipway_start_seconds", "histogram", "Duration of whole container starts, failed ones included.");
    histogram(out, "slipway_start_seconds", "", metrics.start);
    head(out, "slipway_start_phase_seconds", "histogram", "Duration of the phases of container starts.");
    for (const auto& [phase, data] : metrics.phases) {
        histogram(out, "slipway_start_phase_seconds", label("phase", phase), data);
    }
    head(out, "slipway_starts_total", "counter", "Container starts that succeeded.");
    sample(out, "slipway_starts_total", "", std::to_string(metrics.starts_succeeded));
    head(out, "slipway_start_failures_total", "counter", "Container starts that failed, by the phase that failed.");
    for (const auto& [phase, count] : metrics.starts_failed) {
        sample(out, "slipway_start_failures_total", label("phase", phase), std::to_string(count));
    }
    head(out, "slipway_relaunches_total", "counter", "Starts by restart policy after an exit.");
    sample(out, "slipway_relaunches_total", "", std::to_string(metrics.relaunches));
    head(out, "slipway_slow_operations_total", "counter", "Operations that held their container for long.");
    sample(out, "slipway_slow_operations_total", "", std::to_string(metrics.slow_operations));
    head(out, "slipway_containers", "gauge", "Containers by state.");
    for (const auto& [state, count] : metrics.containers) {
        sample(out, "slipway_containers", label("state", state), std::to_string(count));
    }
    head(out, "slipway_last_event", "counter", "Sequence number of the newest event.");
    sample(out, "slipway_last_event", "", std::to_string(metrics.last_event));
    return out;
}

}  // namespace slipway::api
