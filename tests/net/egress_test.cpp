#include "deed/net/egress.hpp"

#include "deed/tests/net/http_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace deed {
namespace {

using testing::HasSubstr;

Result<void> check(const std::string& text) {
  sockaddr_storage storage{};
  auto* four = reinterpret_cast<sockaddr_in*>(&storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else if (inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1) {
    storage.ss_family = AF_INET6;
  } else {
    ADD_FAILURE() << "not an address: " << text;
  }
  return EgressGuard::check_address(reinterpret_cast<const sockaddr&>(storage));
}

EgressGuard guard_with(std::initializer_list<const char*> hosts) {
  std::vector<AllowedHost> allowed;
  for (const char* host : hosts) allowed.push_back(*AllowedHost::parse(host));
  return EgressGuard(std::move(allowed));
}

class RefusedAddress : public testing::TestWithParam<const char*> {};
TEST_P(RefusedAddress, IsDeniedAndNamesTheOption) {
  EXPECT_THAT(check(GetParam()), IsError(ErrorKind::denied, HasSubstr("--allow-host")));
}
// The first and the last address of each range.
INSTANTIATE_TEST_SUITE_P(V4, RefusedAddress,
                         testing::Values("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
                                         "100.64.0.0", "100.127.255.255", "127.0.0.0", "127.0.0.1",
                                         "127.255.255.255", "169.254.0.0", "169.254.169.254",
                                         "169.254.255.255", "172.16.0.0", "172.31.255.255",
                                         "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255",
                                         "192.88.99.0", "192.88.99.255", "192.168.0.0",
                                         "192.168.255.255", "198.18.0.0", "198.19.255.255",
                                         "198.51.100.0", "198.51.100.255", "203.0.113.0",
                                         "203.0.113.255", "224.0.0.0", "239.255.255.255",
                                         "240.0.0.0", "255.255.255.255"));
INSTANTIATE_TEST_SUITE_P(
    V6, RefusedAddress,
    testing::Values("::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
                    "::ffff:169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::192.168.0.1",
                    "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
                    "100::", "100::ffff:ffff:ffff:ffff", "200::1", "1fff::1",
                    "2001::", "2001:0:1::1", "2001:10::1", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
                    "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2002:7f00:1::",
                    "2002:a00:1::1", "2002:c0a8:101::1", "3fff::1", "3fff:fff::1", "4000::1",
                    "5f00::1", "8000::1", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                    "fe00::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff00::", "ff02::1",
                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));

class PublicAddress : public testing::TestWithParam<const char*> {};
TEST_P(PublicAddress, MayBeDialled) { EXPECT_OK(check(GetParam())); }
// The neighbours of each range on both sides.
INSTANTIATE_TEST_SUITE_P(V4, PublicAddress,
                         testing::Values("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
                                         "100.128.0.0", "126.255.255.255", "128.0.0.0",
                                         "169.253.255.255", "169.255.0.0", "172.15.255.255",
                                         "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
                                         "192.88.98.255", "192.88.100.0", "192.167.255.255",
                                         "192.169.0.0", "198.17.255.255", "198.20.0.0",
                                         "198.51.99.255", "198.51.101.0", "203.0.112.255",
                                         "203.0.114.0", "223.255.255.255", "93.184.216.34"));
INSTANTIATE_TEST_SUITE_P(V6, PublicAddress,
                         testing::Values("::ffff:93.184.216.34", "64:ff9b::93.184.216.34",
                                         "2000::1", "2001:200::", "2001:db7:ffff::1", "2001:db9::1",
                                         "2002:5db8:d822::1", "2606:4700::1111", "3ffe:ffff::1",
                                         "3fff:1000::1"));

TEST(EgressGuard, RefusesWhatIsNeitherIpv4NorIpv6) {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_THAT(EgressGuard::check_address(reinterpret_cast<const sockaddr&>(local)),
              IsError(ErrorKind::denied));
}

TEST(EgressGuard, AllowsByNameOnTheGivenPortOnly) {
  const EgressGuard guard = guard_with({"Intranet.example.org:8080"});
  EXPECT_TRUE(guard.is_allowed_by_name(url("http://intranet.EXAMPLE.org:8080/x")));
  EXPECT_TRUE(guard.is_allowed_by_name(url("http://intranet.example.org.:8080/")));
  EXPECT_FALSE(guard.is_allowed_by_name(url("http://intranet.example.org/")));
  EXPECT_FALSE(guard.is_allowed_by_name(url("http://www.intranet.example.org:8080/")));
  EXPECT_FALSE(guard.is_allowed_by_name(url("http://example.org:8080/")));
}

TEST(EgressGuard, AllowsByNameOnAnyPortWhenNoneIsGiven) {
  const EgressGuard guard = guard_with({"localhost", "::1"});
  EXPECT_TRUE(guard.is_allowed_by_name(url("http://localhost:1/")));
  EXPECT_TRUE(guard.is_allowed_by_name(url("https://localhost/")));
  EXPECT_TRUE(guard.is_allowed_by_name(url("http://[0:0:0:0:0:0:0:1]:9/")));
  EXPECT_FALSE(guard.is_allowed_by_name(url("http://127.0.0.1:1/")));
}

TEST(EgressGuard, AllowsNothingByNameOnItsOwn) {
  EXPECT_FALSE(EgressGuard().is_allowed_by_name(url("http://localhost/")));
}

TEST(AllowedHost, ReadsHostPortAndIpv6) {
  EXPECT_EQ(AllowedHost::parse("[::1]:8080")->host, "::1");
  EXPECT_EQ(AllowedHost::parse("[::1]:8080")->port, 8080);
  EXPECT_EQ(AllowedHost::parse("0:0::1")->host, "::1");
  EXPECT_EQ(AllowedHost::parse("127.0.0.1:65535")->port, 65535);
  EXPECT_EQ(AllowedHost::parse("EXAMPLE.org")->host, "example.org");
  EXPECT_EQ(AllowedHost::parse("example.org")->port, 0);
}

class BadAllowedHost : public testing::TestWithParam<const char*> {};
TEST_P(BadAllowedHost, IsInvalid) {
  EXPECT_THAT(AllowedHost::parse(GetParam()), IsError(ErrorKind::invalid));
}
INSTANTIATE_TEST_SUITE_P(Texts, BadAllowedHost,
                         testing::Values("", ":80", "a:", "a:0", "a:65536", "a:8x", "a:-1",
                                         "http://a", "a/b", "*.example.org", "a b", "[::1",
                                         "[::1]80", "[a]:80", "[]", "1:2:3", "user@host", "a\nb"));

}  // namespace
}  // namespace deed
