// Elements of the two port maps.
#include <net/firewall.hpp>
#include <net/firewall_maps.hpp>

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace slipway::linux_backend {

namespace {

constexpr uint8_t kCommentType = 0;          // NFTNL_UDATA_SET_ELEM_COMMENT: nft shows it as `comment "..."`
constexpr size_t kElementRoom = 256;         // an encoded element with a comment of 64 digits takes about 150 bytes
constexpr size_t kElementsPerMessage = 200;  // a nest is at most 64 KiB

// Parts of keys and values fill 32-bit registers, padded with zeros.
void append_word(std::string& to, const void* data, size_t size) {
    to.append(static_cast<const char*>(data), size);
    to.append(4 - size, '\0');
}

void append_address(std::string& to, Ipv4 address) {
    const uint32_t raw = address.network_order();
    append_word(to, &raw, sizeof raw);
}

void append_port(std::string& to, uint16_t port) {
    const uint8_t raw[2] = {static_cast<uint8_t>(port >> 8), static_cast<uint8_t>(port & 0xff)};
    append_word(to, raw, sizeof raw);
}

struct EncodedElement {
    const char* map;
    std::string key, value;
};

EncodedElement encode(const Publication& publication) {
    const PortBinding& port = publication.port;
    EncodedElement element{port.host_ip.is_unspecified() ? kPortsAny : kPortsAddr, {}, {}};
    if (!port.host_ip.is_unspecified()) append_address(element.key, port.host_ip);
    append_word(element.key, &port.protocol, sizeof port.protocol);
    append_port(element.key, port.host_port);
    append_address(element.value, publication.container_address);
    append_port(element.value, port.container_port);
    return element;
}

void put_value(NetlinkMessage& message, uint16_t type, const std::string& bytes) {
    const size_t nest = message.begin_nest(type);
    message.put(NFTA_DATA_VALUE, bytes.data(), bytes.size());
    message.end_nest(nest);
}

std::string comment_bytes(const std::string& text) {
    std::string bytes;
    bytes.push_back(static_cast<char>(kCommentType));
    bytes.push_back(static_cast<char>(text.size() + 1));
    return bytes + text + '\0';
}

std::string comment_text(const nlattr* attr) {
    const auto* bytes = static_cast<const char*>(mnl_attr_get_payload(attr));
    const size_t size = mnl_attr_get_payload_len(attr);
    if (size < 3 || bytes[0] != static_cast<char>(kCommentType)) return {};
    const size_t length = std::min<size_t>(static_cast<uint8_t>(bytes[1]), size - 2);
    return std::string(bytes + 2, strnlen(bytes + 2, length));
}

// Splits `elements` into as few messages as fit, all for one map. `owner` empty: for deletion, without values.
void add_messages(NftBatch& batch, const std::string& table, const char* map,
                  const std::vector<EncodedElement>& elements, const std::string& owner) {
    const bool adding = !owner.empty();
    const std::string comment = comment_bytes(owner);
    for (size_t first = 0; first < elements.size(); first += kElementsPerMessage) {
        const size_t last = std::min(elements.size(), first + kElementsPerMessage);
        NetlinkMessage message =
            nft_message((adding ? "add elements to map '" : "delete elements of map '") + table + " " + map + "'",
                        adding ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, adding ? NLM_F_CREATE | NLM_F_EXCL : 0,
                        512 + (last - first) * kElementRoom);
        message.put_text(NFTA_SET_ELEM_LIST_TABLE, table);
        message.put_text(NFTA_SET_ELEM_LIST_SET, map);
        const size_t list = message.begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
        for (size_t i = first; i < last; ++i) {
            const size_t nest = message.begin_nest(NFTA_LIST_ELEM);
            put_value(message, NFTA_SET_ELEM_KEY, elements[i].key);
            if (adding) {
                put_value(message, NFTA_SET_ELEM_DATA, elements[i].value);
                message.put(NFTA_SET_ELEM_USERDATA, comment.data(), comment.size());
            }
            message.end_nest(nest);
        }
        message.end_nest(list);
        batch.add(std::move(message));
    }
}

void add_to_maps(NftBatch& batch, const std::string& table, const std::vector<EncodedElement>& elements,
                 const std::string& owner) {
    for (const char* map : {kPortsAddr, kPortsAny}) {
        std::vector<EncodedElement> here;
        std::copy_if(elements.begin(), elements.end(), std::back_inserter(here),
                     [map](const EncodedElement& element) { return std::strcmp(element.map, map) == 0; });
        add_messages(batch, table, map, here, owner);
    }
}

std::vector<EncodedElement> encode_all(const std::vector<Publication>& ports) {
    std::vector<EncodedElement> elements;
    elements.reserve(ports.size());
    for (const Publication& port : ports) elements.push_back(encode(port));
    return elements;
}

std::vector<EncodedElement> as_encoded(const std::vector<PublishedElement>& elements) {
    std::vector<EncodedElement> encoded;
    for (const PublishedElement& element : elements) {
        encoded.push_back({element.map == kPortsAny ? kPortsAny : kPortsAddr, element.key, {}});
    }
    return encoded;
}

void decode_element(const nlattr* element, const std::string& map, std::vector<PublishedElement>& out) {
    PublishedElement decoded;
    decoded.map = map;
    for (const nlattr* attr : nested(element)) {
        if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_USERDATA) decoded.owner = comment_text(attr);
        if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_KEY) continue;
        for (const nlattr* value : nested(attr)) {
            if (mnl_attr_get_type(value) != NFTA_DATA_VALUE) continue;
            decoded.key.assign(static_cast<const char*>(mnl_attr_get_payload(value)), mnl_attr_get_payload_len(value));
        }
    }
    out.push_back(std::move(decoded));
}

}  // namespace

Status Firewall::try_publish(const std::string& container_id, const std::vector<Publication>& ports,
                             const std::vector<PublishedElement>& replaced) const {
    NftBatch batch;
    add_to_maps(batch, table_, as_encoded(replaced), {});
    add_to_maps(batch, table_, encode_all(ports), container_id);
    return std::move(batch).commit();
}

Status Firewall::publish(const std::string& container_id, const std::vector<Publication>& ports,
                         const IsLive& is_live) const {
    if (ports.empty()) return ok();
    Status first = try_publish(container_id, ports, {});
    if (first) return first;
    const int err = errno_of(first.error());
    if (err == ENOENT) return std::move(first).error().with_code(ErrorCode::kNotFound);
    if (err != EEXIST && err != EBUSY) return first;

    Result<std::vector<PublishedElement>> present = list();
    if (!present) return std::move(present).error();
    std::vector<PublishedElement> replaced;
    for (const EncodedElement& wanted : encode_all(ports)) {
        const auto same = [&](const PublishedElement& e) { return e.map == wanted.map && e.key == wanted.key; };
        const auto found = std::find_if(present->begin(), present->end(), same);
        if (found == present->end()) continue;
        if (found->owner != container_id && is_live(found->owner)) {
            return std::move(first).error().with_code(ErrorCode::kConflict);
        }
        // The caller holds the port, so whoever this was for is gone.
        replaced.push_back(*found);
    }
    return try_publish(container_id, ports, replaced);
}

Status Firewall::unpublish(const std::string& container_id, const std::vector<Publication>& ports) const {
    if (ports.empty()) return ok();
    NftBatch batch;
    add_to_maps(batch, table_, encode_all(ports), {});
    Status deleted = std::move(batch).commit();
    if (deleted || errno_of(deleted.error()) != ENOENT) return deleted;

    // Some of them are gone, and the transaction with them. Delete what is left of this container's.
    Result<std::vector<PublishedElement>> present = list();
    if (!present) return std::move(present).error();
    std::vector<PublishedElement> ours;
    for (const EncodedElement& wanted : encode_all(ports)) {
        for (const PublishedElement& element : *present) {
            const bool same = element.map == wanted.map && element.key == wanted.key;
            if (same && element.owner == container_id) ours.push_back(element);
        }
    }
    return erase(ours);
}

Result<std::vector<PublishedElement>> Firewall::list() const {
    std::vector<PublishedElement> elements;
    for (const char* map : {kPortsAddr, kPortsAny}) {
        NetlinkMessage message = nft_message("list map '" + table_ + " " + map + "'", NFT_MSG_GETSETELEM, NLM_F_DUMP);
        message.put_text(NFTA_SET_ELEM_LIST_TABLE, table_);
        message.put_text(NFTA_SET_ELEM_LIST_SET, map);
        Result<std::vector<NetlinkReply>> replies = nft_query(std::move(message));
        if (!replies) {
            if (errno_of(replies.error()) == ENOENT) continue;
            return std::move(replies).error();
        }
        for (const NetlinkReply& reply : *replies) {
            for (const nlattr* attr : attributes(reply.header(), kNftHeaderBytes)) {
                if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS) continue;
                for (const nlattr* element : nested(attr)) decode_element(element, map, elements);
            }
        }
    }
    return elements;
}

Status Firewall::erase(const std::vector<PublishedElement>& elements) const {
    NftBatch batch;
    add_to_maps(batch, table_, as_encoded(elements), {});
    return std::move(batch).commit();
}

}  // namespace slipway::linux_backend
