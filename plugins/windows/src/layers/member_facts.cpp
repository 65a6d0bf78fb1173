#include <layers/member_facts.hpp>

#include <documents/base64.hpp>
#include <layers/security_descriptor.hpp>
#include <sys/sddl.hpp>

#include <algorithm>
#include <charconv>

namespace slipway::windows_backend {
namespace {

constexpr const char* kFileAttributes = "MSWINDOWS.fileattr";
constexpr const char* kRawDescriptor = "MSWINDOWS.rawsd";
constexpr const char* kTextDescriptor = "MSWINDOWS.sd";
constexpr const char* kMountPoint = "MSWINDOWS.mountpoint";
constexpr const char* kExtendedAttribute = "MSWINDOWS.xattr.";
constexpr const char* kCreationTime = "LIBARCHIVE.creationtime";

Error bad_record(const std::string& record, const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "has a record " + record + " that " + why);
}

const std::string* find(const TarMember& member, const std::string& record) {
    const auto found = member.records.find(record);
    return found == member.records.end() ? nullptr : &found->second;
}

Status read_time(const TarMember& member, const char* record, int64_t& time) {
    const std::string* const text = find(member, record);
    if (text == nullptr) return ok();
    const std::optional<int64_t> read = file_time_of_pax(*text);
    if (!read) return bad_record(record, "is no time");
    time = *read;
    return ok();
}

Status read_times(const TarMember& member, BasicInfo& basic) {
    const std::optional<int64_t> whole = file_time_of_seconds(member.mtime);
    if (!whole) return Error(ErrorCode::kInvalidArgument, "has a time that Windows cannot have");
    basic.write = *whole;
    if (Status read = read_time(member, "mtime", basic.write); !read) return read;
    basic.creation = basic.access = basic.change = basic.write;
    if (Status read = read_time(member, kCreationTime, basic.creation); !read) return read;
    if (Status read = read_time(member, "atime", basic.access); !read) return read;
    return read_time(member, "ctime", basic.change);
}

Status read_file_attributes(const TarMember& member, uint32_t& attributes) {
    const std::string* const text = find(member, kFileAttributes);
    if (text != nullptr) {
        const char* const end = text->data() + text->size();
        const auto [next, problem] = std::from_chars(text->data(), end, attributes);
        if (problem != std::errc() || next != end) return bad_record(kFileAttributes, "is no number of 32 bits");
    }
    const bool directory = (attributes & kAttributeDirectory) != 0;
    if (member.type == '0' && directory) return bad_record(kFileAttributes, "makes a file a directory");
    if (member.type == '5' || (member.type == '2' && find(member, kMountPoint) != nullptr)) {
        attributes |= kAttributeDirectory;
    }
    // Whether it is a link says the member alone.
    attributes &= ~kAttributeReparsePoint;
    if (member.type == '2') attributes |= kAttributeReparsePoint;
    return ok();
}

Status read_security(const TarMember& member, std::string& security) {
    if (const std::string* const raw = find(member, kRawDescriptor)) {
        const std::optional<std::string> bytes = from_base64(*raw);
        if (!bytes) return bad_record(kRawDescriptor, "is not base64");
        if (Status whole = check_security_descriptor(*bytes); !whole) {
            return std::move(whole).error().context(std::string("record ") + kRawDescriptor);
        }
        security = *bytes;
    } else if (const std::string* const text = find(member, kTextDescriptor)) {
        Result<std::string> bytes = descriptor_of_sddl(*text);
        if (!bytes) return std::move(bytes).error().context(std::string("record ") + kTextDescriptor);
        security = std::move(*bytes);
    }
    return ok();
}

Status read_extended_attributes(const TarMember& member, ExtendedAttributes& attributes) {
    const std::string prefix = kExtendedAttribute;
    for (auto record = member.records.lower_bound(prefix);
         record != member.records.end() && record->first.starts_with(prefix); ++record) {
        const std::optional<std::string> value = from_base64(record->second);
        if (!value) return bad_record(record->first, "is not base64");
        attributes[record->first.substr(prefix.size())] = *value;
    }
    if (const auto encoded = encode_attributes(attributes); !encoded) return encoded.error();
    return ok();
}

}  // namespace

Result<MemberFacts> facts_of(const TarMember& member) {
    MemberFacts facts;
    if (Status read = read_times(member, facts.basic); !read) return std::move(read).error();
    if (Status read = read_file_attributes(member, facts.basic.attributes); !read) return std::move(read).error();
    if (Status read = read_security(member, facts.security); !read) return std::move(read).error();
    if (Status read = read_extended_attributes(member, facts.attributes); !read) return std::move(read).error();
    if (member.type == '2') {
        ReparsePoint point{member.link, find(member, kMountPoint) != nullptr};
        std::replace(point.target.begin(), point.target.end(), '/', '\\');
        if (const auto encoded = encode_reparse(point); !encoded) return encoded.error();
        facts.reparse = std::move(point);
    } else if (find(member, kMountPoint) != nullptr) {
        return bad_record(kMountPoint, "only links may have");
    }
    return facts;
}

TarMember member_of(const MemberFacts& facts) {
    TarMember member;
    member.type = facts.reparse ? '2' : facts.is_directory() ? '5' : '0';
    member.mtime = unix_time_of(facts.basic.write).seconds;
    if (unix_time_of(facts.basic.write).ticks != 0) member.records["mtime"] = pax_of_file_time(facts.basic.write);
    member.records[kCreationTime] = pax_of_file_time(facts.basic.creation);
    member.records[kFileAttributes] = std::to_string(facts.basic.attributes);
    if (!facts.security.empty()) member.records[kRawDescriptor] = to_base64(facts.security);
    for (const auto& [name, value] : facts.attributes) member.records[kExtendedAttribute + name] = to_base64(value);
    if (facts.reparse) {
        member.link = facts.reparse->target;
        if (facts.reparse->mount_point) member.records[kMountPoint] = "1";
    }
    return member;
}

}  // namespace slipway::windows_backend
