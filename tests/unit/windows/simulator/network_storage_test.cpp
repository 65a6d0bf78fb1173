// The simulated computenetwork and computestorage.
#include "raw_host.hpp"

#include <documents/network_documents.hpp>

namespace slipway::windows_backend {
namespace {

class SimulatedNetwork : public RawHost {
protected:
    raw::Hresult take(raw::Hresult result, char16_t*& error) {
        answer_ = error == nullptr ? "" : to_utf8(error);
        api_->free_hcn(error);
        return result;
    }
    raw::Hresult make_network(const json& document) {
        char16_t* error = nullptr;
        const std::u16string text = to_utf16(document.dump());
        return take(api_->HcnCreateNetwork(network_id_, text.c_str(), &network_, &error), error);
    }
    raw::Hresult make_endpoint(const Guid& id, json document = json::object()) {
        document.update({{"Name", "e"},
                         {"HostComputeNetwork", network_id_.text()},
                         {"SchemaVersion", {{"Major", 2}, {"Minor", 0}}}});
        char16_t* error = nullptr;
        raw::Handle endpoint = nullptr;
        const std::u16string text = to_utf16(document.dump());
        const raw::Hresult result = take(api_->HcnCreateEndpoint(network_, id, text.c_str(), &endpoint, &error), error);
        if (result == raw::kOk) api_->HcnCloseEndpoint(endpoint);
        return result;
    }
    static json nat(const std::string& subnet, const std::string& gateway) {
        return *hcn_network({{"Id", std::string(64, 'd')},
                             {"Name", "n"},
                             {"Driver", "nat"},
                             {"IPAM", {{"Config", {{{"Subnet", subnet}, {"Gateway", gateway}}}}}}},
                            "t");
    }
    const Guid network_id_ = guid_of_id("network");
    raw::Handle network_ = nullptr;
};

TEST_F(SimulatedNetwork, AddressesAndPortsAreGivenOnce) {
    ASSERT_EQ(make_network(nat("10.9.0.0/29", "10.9.0.1")), raw::kOk) << answer_;
    const json port = {
        {"Policies", json::array({{{"Type", "PortMapping"},
                                   {"Settings", {{"Protocol", 6}, {"InternalPort", 80}, {"ExternalPort", 8080}}}}})}};
    EXPECT_EQ(make_endpoint(guid_of_id("a"), port), raw::kOk) << answer_;
    EXPECT_EQ(make_endpoint(guid_of_id("b"), port), raw::kHcnPortAlreadyExists);
    EXPECT_THAT(answer_, testing::HasSubstr("port already exists"));
    const auto at = [](const char* address) {
        return json{{"IpConfigurations", json::array({{{"IpAddress", address}, {"PrefixLength", 29}}})}};
    };
    EXPECT_EQ(make_endpoint(guid_of_id("b"), at("10.8.0.2")), raw::kHcnInvalidIp);
    EXPECT_EQ(make_endpoint(guid_of_id("b"), at("10.9.0.2")), raw::kHcnAddressReserved);
    for (const char* name : {"c", "d", "e", "f"}) EXPECT_EQ(make_endpoint(guid_of_id(name)), raw::kOk);
    EXPECT_EQ(make_endpoint(guid_of_id("g")), raw::kHcnAddressReserved);
    char16_t* error = nullptr;
    EXPECT_EQ(take(api_->HcnDeleteNetwork(network_id_, &error), error), raw::kHcnStillReferenced);
    EXPECT_EQ(simulated::leaks().size(), 6U);  // five endpoints, the network's handle
    api_->HcnCloseNetwork(network_);
}

TEST_F(SimulatedNetwork, DocumentsAreRefusedWithTheirPath) {
    json without_route = nat("10.9.0.0/29", "10.9.0.1");
    without_route["Ipams"][0]["Subnets"][0].erase("Routes");
    EXPECT_EQ(make_network(without_route), raw::kHcnInvalidJson);
    EXPECT_THAT(answer_, testing::HasSubstr("Ipams[0].Subnets[0].Routes"));
    EXPECT_EQ(make_network({{"Name", "n"}, {"Type", "nat"}}), raw::kHcnInvalidJson);
    ASSERT_EQ(make_network(nat("10.9.0.0/29", "10.9.0.1")), raw::kOk);
    EXPECT_EQ(make_endpoint(guid_of_id("a"), {{"HostComputeNamespace", network_id_.text()}}), raw::kHcnInvalidJson);
    const json zero = {
        {"Policies", json::array({{{"Type", "PortMapping"}, {"Settings", {{"Protocol", 6}, {"InternalPort", 0}}}}})}};
    EXPECT_EQ(make_endpoint(guid_of_id("a"), zero), raw::kHcnInvalidInternalPort);
    api_->HcnCloseNetwork(network_);
}

TEST_F(SimulatedNetwork, AnEndpointIsInOneNamespaceAtATime) {
    ASSERT_EQ(make_network(nat("10.9.0.0/29", "10.9.0.1")), raw::kOk);
    ASSERT_EQ(make_endpoint(guid_of_id("a")), raw::kOk);
    const std::u16string document = to_utf16(hcn_namespace().dump());
    const std::u16string add = to_utf16(namespace_endpoint_request("Add", guid_of_id("a").text()).dump());
    const std::u16string remove = to_utf16(namespace_endpoint_request("Remove", guid_of_id("a").text()).dump());
    raw::Handle first = nullptr, second = nullptr;
    char16_t* error = nullptr;
    ASSERT_EQ(take(api_->HcnCreateNamespace(guid_of_id("n1"), document.c_str(), &first, &error), error), raw::kOk);
    ASSERT_EQ(take(api_->HcnCreateNamespace(guid_of_id("n2"), document.c_str(), &second, &error), error), raw::kOk);
    EXPECT_EQ(take(api_->HcnModifyNamespace(first, add.c_str(), &error), error), raw::kOk);
    EXPECT_EQ(take(api_->HcnModifyNamespace(second, add.c_str(), &error), error), raw::kHcnEndpointInNamespace);
    EXPECT_EQ(take(api_->HcnModifyNamespace(second, remove.c_str(), &error), error), raw::kHcnEndpointNotAttached);
    EXPECT_EQ(take(api_->HcnModifyNamespace(first, remove.c_str(), &error), error), raw::kOk);
    api_->HcnCloseNamespace(first);
    api_->HcnCloseNamespace(second);
    api_->HcnCloseNetwork(network_);
}

TEST_F(SimulatedNetwork, ACallThatHangsIsLetGo) {
    simulated::inject(json::array({{{"function", "HcnOpenNetwork"}, {"do", "late"}, {"delay_ms", 1}}}));
    char16_t* error = nullptr;
    EXPECT_EQ(take(api_->HcnOpenNetwork(network_id_, &network_, &error), error), raw::kHcnNetworkNotFound);
}

using SimulatedStorage = RawHost;

TEST_F(SimulatedStorage, AFilterIsAttachedOnceAndOnlyToAVolume) {
    make_volume();
    const std::u16string volume = to_utf16(volume_), data = to_utf16(layer_data().dump());
    EXPECT_EQ(api_->HcsAttachLayerStorageFilter(volume.c_str(), data.c_str()), raw::kHcsInvalidState);
    EXPECT_EQ(api_->HcsDetachLayerStorageFilter(volume.c_str()), raw::kOk);
    EXPECT_EQ(api_->HcsDetachLayerStorageFilter(volume.c_str()), raw::kElementNotFound);
    EXPECT_EQ(api_->HcsAttachLayerStorageFilter(u"C:\\elsewhere", data.c_str()), raw::kPathNotFound);
    EXPECT_EQ(api_->HcsAttachLayerStorageFilter(volume.c_str(), u"{}"), raw::kHcsInvalidJson);
    EXPECT_EQ(api_->HcsDestroyLayer(to_utf16(directory_).c_str()), raw::kAccessDenied);
    api_->close_disk(disk_);
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
    EXPECT_EQ(api_->HcsDestroyLayer(to_utf16(directory_).c_str()), raw::kOk);
}

}  // namespace
}  // namespace slipway::windows_backend
