#include "http/json_keys.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace slipway::api {
namespace {

using nlohmann::json;

constexpr size_t kLongestKeyShown = 128;

// Watches a parse for the first repetition. The parser keeps nothing of what it reads.
class RepeatedKeyFinder {
public:
    const std::string& repeated() const { return repeated_; }
    bool found() const { return found_; }

    bool start_object(size_t) {
        open_.emplace_back();
        return true;
    }
    bool end_object() {
        open_.pop_back();
        return true;
    }
    bool key(std::string& name) {
        const auto [at, is_new] = open_.back().insert(std::move(name));
        if (is_new) return true;
        found_ = true;
        repeated_ = *at;
        return false;
    }
    bool null() { return true; }
    bool boolean(bool) { return true; }
    bool number_integer(json::number_integer_t) { return true; }
    bool number_unsigned(json::number_unsigned_t) { return true; }
    bool number_float(json::number_float_t, const std::string&) { return true; }
    bool string(std::string&) { return true; }
    bool binary(json::binary_t&) { return true; }
    bool start_array(size_t) { return true; }
    bool end_array() { return true; }
    bool parse_error(size_t, const std::string&, const json::exception&) { return false; }

private:
    // Keys so far of the objects around the place the parser is at. Trees: no choice of keys makes them slow.
    std::vector<std::set<std::string>> open_;
    std::string repeated_;
    bool found_ = false;
};

}  // namespace

Status refuse_repeated_keys(std::string_view text) {
    RepeatedKeyFinder finder;
    constexpr bool kWholeText = false;
    (void)json::sax_parse(text, &finder, json::input_format_t::json, kWholeText);
    if (!finder.found()) return ok();
    return Error(ErrorCode::kInvalidArgument, "invalid JSON: the key '" +
                                                  finder.repeated().substr(0, kLongestKeyShown) +
                                                  "' is there more than once in an object");
}

}  // namespace slipway::api
