#include "log/record.hpp"

#include <cstdint>

namespace slipway::core {

namespace {

void append_utf8(std::string& out, uint32_t point) {
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xC0 | (point >> 6));
        out += static_cast<char>(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        out += static_cast<char>(0xE0 | (point >> 12));
        out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (point & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (point >> 18));
        out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (point & 0x3F));
    }
}

// A reader for the flat records a log consists of. A general JSON parser would refuse bytes that are not UTF-8, and
// building a tree for each line costs more than everything else `logs` does.
class RecordParser {
public:
    RecordParser(std::string_view text, bool want_attributes) : rest_(text), want_attributes_(want_attributes) {}

    bool parse(LogLine& out) {
        bool has_log = false, has_stream = false, has_time = false;
        std::string key, time;
        out.attributes.clear();
        if (!take('{')) return false;
        while (!take('}')) {
            if (!take_string(key) || !take(':')) return false;
            if (key == "log") {
                has_log = take_string(out.text);
                if (!has_log) return false;
            } else if (key == "stream") {
                has_stream = take_string(out.stream);
                if (!has_stream) return false;
            } else if (key == "time") {
                has_time = take_string(time);
                if (!has_time) return false;
            } else if (want_attributes_ && key == "attrs" && peek() == '{') {
                if (!take_object(&out.attributes)) return false;
            } else if (!skip_value()) {
                return false;
            }
            if (!take(',') && !(peek() == '}')) return false;
        }
        skip_spaces();
        if (!rest_.empty() || !has_log || !has_stream || !has_time) return false;
        Result<UnixNanos> when = parse_time(time);
        if (!when) return false;
        out.when = *when;
        return true;
    }

private:
    void skip_spaces() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\r')) {
            rest_.remove_prefix(1);
        }
    }

    char peek() {
        skip_spaces();
        return rest_.empty() ? '\0' : rest_.front();
    }

    bool take(char c) {
        if (peek() != c || rest_.empty()) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool take_string(std::string& out) {
        out.clear();
        if (!take('"')) return false;
        while (!rest_.empty()) {
            size_t plain = 0;
            while (plain < rest_.size() && is_plain(rest_[plain])) ++plain;
            out.append(rest_.substr(0, plain));
            rest_.remove_prefix(plain);
            if (rest_.empty()) return false;
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return true;
            // A raw control character: zeros after a crash, or not a record at all.
            if (c != '\\' || !take_escape(out)) return false;
        }
        return false;
    }

    static bool is_plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

    bool take_escape(std::string& out) {
        if (rest_.empty()) return false;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        switch (c) {
            case 'n':
                out += '\n';
                return true;
            case 't':
                out += '\t';
                return true;
            case 'r':
                out += '\r';
                return true;
            case 'b':
                out += '\b';
                return true;
            case 'f':
                out += '\f';
                return true;
            case '"':
            case '\\':
            case '/':
                out += c;
                return true;
            case 'u':
                return take_code_point(out);
            default:
                return false;
        }
    }

    bool take_hex4(uint32_t& out) {
        if (rest_.size() < 4) return false;
        out = 0;
        for (size_t i = 0; i < 4; ++i) {
            const char c = rest_[i];
            uint32_t digit = 0;
            if (c >= '0' && c <= '9')
                digit = static_cast<uint32_t>(c - '0');
            else if (c >= 'a' && c <= 'f')
                digit = static_cast<uint32_t>(c - 'a' + 10);
            else if (c >= 'A' && c <= 'F')
                digit = static_cast<uint32_t>(c - 'A' + 10);
            else
                return false;
            out = out * 16 + digit;
        }
        rest_.remove_prefix(4);
        return true;
    }

    // Half a surrogate pair becomes the replacement character.
    bool take_code_point(std::string& out) {
        constexpr uint32_t kReplacement = 0xFFFD;
        uint32_t point = 0;
        if (!take_hex4(point)) return false;
        if (point >= 0xD800 && point <= 0xDBFF && rest_.starts_with("\\u")) {
            const std::string_view before = rest_;
            rest_.remove_prefix(2);
            uint32_t low = 0;
            if (!take_hex4(low)) return false;
            if (low >= 0xDC00 && low <= 0xDFFF) {
                append_utf8(out, 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00));
                return true;
            }
            rest_ = before;
        }
        append_utf8(out, point >= 0xD800 && point <= 0xDFFF ? kReplacement : point);
        return true;
    }

    // A value of another key: a string, or flat things up to the next comma or brace.
    bool skip_value() {
        std::string ignored;
        if (peek() == '"') return take_string(ignored);
        if (peek() == '{') return take_object(nullptr);
        const size_t end = rest_.find_first_of(",}\"{[");
        if (end == 0 || end == std::string_view::npos || (rest_[end] != ',' && rest_[end] != '}')) return false;
        rest_.remove_prefix(end);
        return true;
    }

    // Docker's "attrs": an object of strings.
    bool take_object(std::vector<std::pair<std::string, std::string>>* out) {
        std::string key, value;
        if (!take('{')) return false;
        while (!take('}')) {
            if (!take_string(key) || !take(':') || !take_string(value)) return false;
            if (out != nullptr) out->emplace_back(key, value);
            if (!take(',') && peek() != '}') return false;
        }
        return true;
    }

    std::string_view rest_;
    const bool want_attributes_;
};

}  // namespace

bool parse_log_record(std::string_view line, LogLine& out, bool want_attributes) {
    return RecordParser(line, want_attributes).parse(out);
}

}  // namespace slipway::core
