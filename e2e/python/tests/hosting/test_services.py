"""Behind what a test cannot have: Amazon's load balancer, API Gateway and CloudFront, Cloudflare. Requests come as each of them sends
them on, `Host` and all; addresses, clients and signatures stay what they are."""

import pytest
import requests

from authority import Front
from federation import Federated
from peer import Peer, next_host
from server import engines, eventually

pytestmark = pytest.mark.usefixtures("trusted")

CLIENT = "203.0.113.77"
# What each writes, as its documentation says, when the client came by this scheme; and what the server has to be told.
# <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>,
# <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>,
# <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html>,
# <https://developers.cloudflare.com/fundamentals/reference/http-headers/>.
SERVICES = {
    "load balancer": (lambda scheme: {
        "X-Forwarded-For": f"198.51.100.1, {CLIENT}", "X-Forwarded-Proto": scheme, "X-Forwarded-Port": "443",
        "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"}, {}),
    "API Gateway": (lambda scheme: {
        "Forwarded": f"by=3.72.0.9;for={CLIENT};host=abc123.execute-api.eu-central-1.amazonaws.com;proto={scheme}",
        "Host": "internal.example.net", "X-Amzn-Trace-Id": "Self=1-1;Root=1-2", "Via": "HTTP/1.1 AmazonAPIGateway"},
        {"PHIOMIA_SERVER_FORWARDED_HEADER": "forwarded"}),
    # The origin is reached by plain http, and a load balancer in between says so.
    "CloudFront": (lambda scheme: {
        "X-Forwarded-For": f"198.51.100.1, {CLIENT}", "CloudFront-Forwarded-Proto": scheme, "X-Forwarded-Proto": "http",
        "Via": "2.0 abc.cloudfront.net (CloudFront)", "X-Amz-Cf-Id": "abc"}, {}),
    "Cloudflare": (lambda scheme: {
        "X-Forwarded-For": f"198.51.100.1,{CLIENT}", "X-Forwarded-Proto": scheme, "CF-Connecting-IP": CLIENT,
        "CF-Visitor": f'{{"scheme":"{scheme}"}}', "CF-Ray": "8f0000000000-FRA", "CDN-Loop": "cloudflare"}, {}),
}


class Behind(Federated):
    """A Phiomia that is reached by https at `front`, which passes on what is written here."""

    def __init__(self, engine, authority, service):
        host = next_host()
        self.headers_of, settings = SERVICES[service]
        super().__init__(engine, host, TRUSTED_PROXY_IP="127.0.0.0/8", PHIOMIA_SERVER_REDIRECT_HTTP="true", **settings)
        self.front = Front(authority, host)
        self.front.leads_to(host, self.port)
        self.domain = self.handle_domain = self.front.domain
        self.base = f"https://{self.domain}"
        self.environment |= {"LOCAL_DOMAIN": self.domain, "WEB_DOMAIN": self.domain, "LOCAL_HTTPS": "true",
                             "SSL_CERT_FILE": str(authority.file), "PHIOMIA_FEDERATION_ALLOW_HTTP": "false"}

    def __enter__(self):
        self.front.__enter__()
        return super().__enter__()

    def __exit__(self, *what):
        super().__exit__(*what)
        self.front.__exit__(*what)


@pytest.fixture(scope="module", params=[(name, engine) for name in SERVICES for engine in engines()], ids="-".join)
def behind(request, authority):
    service, engine = request.param
    with Behind(engine, authority, service) as server:
        yield server


@pytest.fixture
def log_since(behind):
    behind.log_mark = behind.log_size()


def get(server, path, scheme="https", **more):
    return requests.get(server.base + path, headers=server.headers_of(scheme) | more, timeout=10, allow_redirects=False)


def test_addresses_are_those_of_the_configuration(behind):
    alice = behind.person("alice")
    assert get(behind, "/api/v2/instance").json()["domain"] == behind.domain
    found = get(behind, f"/.well-known/webfinger?resource=acct:{alice.handle}").json()
    assert all(link["href"].startswith(f"{behind.base}/") for link in found["links"] if link["rel"] == "self")
    document = get(behind, f"/@{alice.name}", Accept="application/activity+json")
    assert document.status_code in (200, 301, 302, 303)
    assert "internal.example.net" not in document.text + document.headers.get("Location", "")


def test_who_came_by_plain_http_is_led_to_https_and_nobody_in_a_circle(behind):
    assert get(behind, "/about").status_code == 200
    led = get(behind, "/about?x=1", scheme="http")
    assert led.status_code in (301, 308) and led.headers["Location"] == f"https://{behind.domain}/about?x=1"


def test_a_client_is_counted_by_the_address_that_the_service_saw(behind):
    behind.cli("settings", "set", "rate_limits", "on")
    try:
        def left(client):
            headers = {name: value.replace(CLIENT, client) for name, value in behind.headers_of("https").items()}
            answer = requests.get(f"{behind.base}/api/v1/directory", headers=headers, timeout=10)
            return int(answer.headers.get("X-RateLimit-Remaining", 0))

        eventually(lambda: left("203.0.113.1"), "requests are counted")
        first = left("203.0.113.2")
        assert (left("203.0.113.2"), left("203.0.113.3")) == (first - 1, first)
    finally:
        behind.cli("settings", "set", "rate_limits", "off")


def test_what_another_server_signed_is_believed(behind, authority):
    reader = behind.person("reader")
    more = list(behind.headers_of("https").items())

    def passed_on(headers, body):
        """`Host` was signed as the sender knows it, and arrives as the service writes it."""
        names = {name.lower() for name, _ in more}
        return [(name, value) for name, value in headers if name.lower() not in names] + more, body

    with Peer(tls=authority) as peer:
        carol = peer.actor("carol")
        known = peer.find(reader.handle, web_base=behind.base)
        assert carol.post(known.inbox, carol.follow(known), alter=passed_on).status == 202
        peer.eventually_received(type="Accept")
