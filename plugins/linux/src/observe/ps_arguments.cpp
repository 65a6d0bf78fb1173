#include <observe/ps_arguments.hpp>

#include <algorithm>

namespace slipway::linux_backend {
namespace {

constexpr size_t kMaxFields = 64;

// "name" or "name=TITLE", separated by commas.
constexpr std::string_view kPlain = "pid,tname,time,ucmd";
constexpr std::string_view kFull = "user=UID,pid,ppid,c,stime,tname,time,cmd";
constexpr std::string_view kExtraFull = "user=UID,pid,ppid,c,sz,rss,psr,stime,tname,time,cmd";
constexpr std::string_view kLong = "f,s,uid,pid,ppid,c,opri,ni,addr,sz,wchan,tname,time,ucmd";
constexpr std::string_view kFullLong = "f,s,user=UID,pid,ppid,c,opri,ni,addr,sz,wchan,stime,tname,time,cmd";
constexpr std::string_view kJobs = "pid,pgid,sid,tname,time,ucmd";
constexpr std::string_view kFullJobs = "user=UID,pid,ppid,pgid,sid,c,stime,tname,time,cmd";
constexpr std::string_view kBsdPlain = "pid,tname,stat,bsdtime,args";
constexpr std::string_view kBsdUser = "user,pid,%cpu,%mem,vsz,rss,tname,stat,bsdstart,bsdtime,args";
constexpr std::string_view kBsdLong = "f,uid,pid,ppid,pri,ni,vsz,rss,wchan,stat,tname,bsdtime,args";
constexpr std::string_view kBsdJobs = "ppid,pid,pgid,sid,tname,tpgid,stat,uid,bsdtime,args";

std::vector<PsField> fields_of(std::string_view format) {
    std::vector<PsField> fields;
    while (!format.empty()) {
        const std::string_view part = format.substr(0, format.find(','));
        format.remove_prefix(std::min(part.size() + 1, format.size()));
        const size_t equals = part.find('=');
        const PsColumn* column = find_ps_column(part.substr(0, equals));
        fields.push_back(
            {column, std::string(equals == std::string_view::npos ? column->title : part.substr(equals + 1))});
    }
    return fields;
}

class Parser {
public:
    explicit Parser(std::string_view text) : words_(words_of(text)) {}

    Result<std::vector<PsField>> parse() {
        for (next_ = 0; next_ < words_.size();) {
            if (Status read = read_word(words_[next_++]); !read) return std::move(read).error();
        }
        if (!fields_.empty()) return std::move(fields_);
        return fields_of(format());
    }

private:
    static Error unknown(std::string_view argument) {
        const std::string shown = printable_text(argument);
        return Error(ErrorCode::kInvalidArgument, "ps argument '" + shown + "' is not supported").with_resource(shown);
    }

    Status read_word(std::string_view word) {
        if (word == "--format") return read_list(word, {});
        if (word.starts_with("--format=")) return read_list(word, word.substr(sizeof("--format=") - 1));
        const bool dashed = word.starts_with('-');
        if (word.starts_with("--") || word == "-") return unknown(word);
        bsd_ = bsd_ || !dashed;
        for (size_t i = dashed ? 1 : 0; i < word.size(); ++i) {
            // Takes the rest of the word, or the next one.
            if (word[i] == 'o') return read_list(word, word.substr(i + 1));
            const std::string_view known = dashed ? "eAafFljw" : "axuljw";
            if (known.find(word[i]) == std::string_view::npos) return unknown(word);
            letters_ += word[i];
        }
        return ok();
    }

    Status read_list(std::string_view option, std::string_view list) {
        if (list.empty()) {
            if (next_ == words_.size()) return unknown(option);
            list = words_[next_++];
        }
        while (!list.empty()) {
            const size_t end = list.find_first_of(",=");
            const bool has_title = end != std::string_view::npos && list[end] == '=';
            std::string_view name = list.substr(0, end);
            // A width is for columns that are lined up; a client lines them up itself.
            const size_t colon = name.find(':');
            const bool has_width = colon != std::string_view::npos && colon + 1 < name.size() &&
                                   name.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
            if (has_width) name = name.substr(0, colon);
            const PsColumn* column = find_ps_column(name);
            if (column == nullptr) {
                const std::string shown = printable_text(name);
                return Error(ErrorCode::kInvalidArgument, "ps column '" + shown + "' is not supported")
                    .with_resource(shown);
            }
            if (fields_.size() == kMaxFields) return Error(ErrorCode::kInvalidArgument, "more than 64 ps columns");
            fields_.push_back({column, has_title ? printable_text(list.substr(end + 1)) : std::string(column->title)});
            if (has_title || end == std::string_view::npos) break;
            list.remove_prefix(end + 1);
            if (list.empty()) return unknown(",");
        }
        return ok();
    }

    std::string_view format() const {
        const auto has = [&](char letter) { return letters_.find(letter) != std::string::npos; };
        if (words_.empty()) return kFull;
        if (has('F')) return kExtraFull;
        if (has('u')) return kBsdUser;
        if (has('l')) return bsd_ ? kBsdLong : has('f') ? kFullLong : kLong;
        if (has('j')) return bsd_ ? kBsdJobs : has('f') ? kFullJobs : kJobs;
        if (has('f')) return kFull;
        return bsd_ ? kBsdPlain : kPlain;
    }

    std::vector<std::string_view> words_;
    size_t next_ = 0;
    std::string letters_;
    bool bsd_ = false;
    std::vector<PsField> fields_;
};

}  // namespace

Result<std::vector<PsField>> parse_ps_arguments(std::string_view arguments) {
    return Parser(arguments).parse();
}

}  // namespace slipway::linux_backend
