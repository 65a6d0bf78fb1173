// slw.network/1 as far as the machine's network is not touched.
#include "kit.hpp"

namespace conformance {
namespace {

const std::string kNetworkId(64, 'd');

class Network : public BackendCase {
protected:
    slw_status create_network(const std::string& document, slipway::StringSink& reply, ErrorBuffer& err) {
        const slw_call call = no_limits();
        return network_->network_create(backend_, &call, slipway::text_of(document), reply.get(), err.get());
    }

    static std::string network(const std::string& driver) {
        return json{{"Id", kNetworkId},
                    {"Name", "conformance"},
                    {"Driver", driver},
                    {"IPAM", {{"Config", json::array()}}},
                    {"Options", json::object()}}
            .dump();
    }
};

}  // namespace

TEST_F(Network, RefusesADriverNobodyHas) {
    slipway::StringSink reply;
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_UNIMPLEMENTED, create_network(network("pigeon"), reply, err), err));

    EXPECT_EQ(reply.take(), "");
}

TEST_F(Network, RefusesWhatIsNotJson) {
    for (const char* text : {"", "{", "[]"}) {
        slipway::StringSink reply;
        ErrorBuffer err;
        EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, create_network(text, reply, err), err)) << text;
    }
}

TEST_F(Network, TheNullNetworkIsMadeAndRemovedIdempotently) {
    const slw_call call = no_limits();
    for (int i = 0; i < 2; ++i) {
        slipway::StringSink reply;
        ErrorBuffer err;
        ASSERT_TRUE(succeeded(create_network(network("null"), reply, err), err));
        const json document = json::parse(reply.take(), nullptr, false);
        ASSERT_TRUE(document.is_object());
        EXPECT_EQ(document.value("Id", ""), kNetworkId);
    }
    const std::string document = network("null");
    for (int i = 0; i < 2; ++i) {
        ErrorBuffer err;
        EXPECT_TRUE(succeeded(network_->network_remove(backend_, &call, slipway::text_of(document), err.get()), err));
    }
}

TEST_F(Network, DestroyingASandboxThatNeverWasIsSuccess) {
    slw_container* c = open_container();
    const slw_call call = no_limits();
    for (int i = 0; i < 2; ++i) {
        ErrorBuffer err;
        EXPECT_TRUE(succeeded(network_->sandbox_destroy(c, &call, err.get()), err));
    }
}

TEST_F(Network, DetachingFromANetworkThatNeverWasIsSuccess) {
    slw_container* c = open_container();
    const slw_call call = no_limits();
    ErrorBuffer err;

    EXPECT_TRUE(succeeded(network_->endpoint_detach(c, &call, kNetworkId.c_str(), err.get()), err));
}

TEST_F(Network, RefusesDocumentsForSandboxAndEndpointThatAreNotJson) {
    slw_container* c = open_container();
    const slw_call call = no_limits();
    slipway::StringSink reply;
    ErrorBuffer sandbox;
    ErrorBuffer endpoint;

    const slw_status made = network_->sandbox_create(c, &call, slipway::text_of("{"), reply.get(), sandbox.get());
    const slw_status joined = network_->endpoint_attach(c, &call, slipway::text_of("{"), reply.get(), endpoint.get());

    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, made, sandbox));
    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, joined, endpoint));
}

}  // namespace conformance
