#include <layers/layer_writer.hpp>

namespace slipway::windows_backend {

Status write_fact_streams(const MemberFacts& facts,
                          const std::function<Status(const StreamHeader&, const std::string&)>& write) {
    if (!facts.security.empty()) {
        const StreamHeader header{StreamId::kSecurity, kStreamIsSecurity, facts.security.size(), ""};
        if (Status written = write(header, facts.security); !written) return written;
    }
    if (!facts.attributes.empty()) {
        const Result<std::string> list = encode_attributes(facts.attributes);
        if (!list) return list.error();
        const StreamHeader header{StreamId::kExtendedAttributes, 0, list->size(), ""};
        if (Status written = write(header, *list); !written) return written;
    }
    if (facts.reparse) {
        const Result<std::string> buffer = encode_reparse(*facts.reparse);
        if (!buffer) return buffer.error();
        return write({StreamId::kReparse, 0, buffer->size(), ""}, *buffer);
    }
    return ok();
}

}  // namespace slipway::windows_backend
