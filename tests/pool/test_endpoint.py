import pytest

from stampmill.core.errors import UsageError
from stampmill.pool.endpoint import Endpoint, PoolAddress, parse_pool_url


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("stratum+tcp://pool.example:3333", "pool.example", 3333),
        ("STRATUM+TCP://Pool.Example:3333", "Pool.Example", 3333),
        ("tcp://pool.example:1", "pool.example", 1),
        ("pool.example:65535", "pool.example", 65535),
        ("127.0.0.1:3333/", "127.0.0.1", 3333),
        ("stratum+tcp://[::1]:3333", "::1", 3333),
        ("[2001:DB8:0::1]:3333", "2001:db8::1", 3333),
        ("localhost.:3333", "localhost.", 3333),
        ("under_score-1:3333", "under_score-1", 3333),
    ],
)
def test_a_pool_is_found_in_its_spellings(url: str, host: str, port: int) -> None:
    assert parse_pool_url(url) == PoolAddress(Endpoint(host, port))


@pytest.mark.parametrize(
    "scheme",
    ["stratum+ssl", "stratum+tls", "stratum+tcps", "stratums", "ssl", "tls", "STRATUM+SSL"],
)
def test_tls_is_asked_for_by_each_of_its_schemes(scheme: str) -> None:
    address = parse_pool_url(f"{scheme}://bob:pw@pool.example:443")
    assert address == PoolAddress(Endpoint("pool.example", 443, tls=True), "bob", "pw")


@pytest.mark.parametrize(
    ("url", "user", "password"),
    [
        ("stratum+tcp://bob@pool:3333", "bob", None),
        ("stratum+tcp://bob:pw@pool:3333", "bob", "pw"),
        ("bob.rig1:d=512,x@pool:3333", "bob.rig1", "d=512,x"),
        ("bob:@pool:3333", "bob", ""),
        (":pw@pool:3333", None, "pw"),
        ("b%40b:p%3Aw%2F@pool:3333", "b@b", "p:w/"),
        ("bob:p@w:x@pool:3333", "bob", "p@w:x"),
    ],
)
def test_credentials_may_stand_in_front(url: str, user: str, password: str | None) -> None:
    address = parse_pool_url(url)
    assert address == PoolAddress(Endpoint("pool", 3333), user, password)
    assert password is None or password == "" or password not in repr(address)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "for TLS, not ''"),
        ("pool", "names no port"),
        ("pool:", "number from 1 to 65535, not ''"),
        (":3333", "names no port"),
        ("[::1]", "names no port"),
        ("pool:0", "not '0'"),
        ("pool:65536", "not '65536'"),
        ("pool:99999999999999999999", "from 1 to 65535"),
        ("pool:33x3", "not '33x3'"),
        ("pool:+333", "not '+333'"),
        ("pool:٣", "not '٣'"),
        ("::1:3333", "brackets"),
        ("[::g]:3333", "'::g' in '[::g]:3333' is no IPv6 address"),
        ("[pool]:3333", "no IPv6 address"),
        ("po ol:3333", "'po ol:3333'"),
        ("pool:3333\n", "for TLS, not"),
        ("pool..example:3333", "no host name"),
        ("pool/path:3333", "no host name"),
        ("pool:3333/path", "not '3333/path'"),
        ("pöol:3333", "no host name"),
        ("x" * 64 + ":3333", "no host name"),
        ("a." * 200 + "a:3333", "no host name"),
        ("http://pool:3333", "web address"),
        ("https://pool:3333", "web address"),
        ("stratum2+tcp://pool:3333", "no scheme 'stratum2+tcp'"),
        ("ftp://pool:3333", "no scheme 'ftp'"),
        ("://pool:3333", "no scheme ''"),
    ],
)
def test_a_malformed_url_is_named_in_one_line(url: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pool_url(url)
    text = str(caught.value)
    assert words in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "url", ["stratum+ftp://bob:hunter2@pool:1", "bob:hunter2@pool", "bob:hunter2:a//b@pool:0"]
)
def test_an_error_never_shows_a_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pool_url(url)
    assert "hunter2" not in str(caught.value)
    assert "bob:..." in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (Endpoint("pool", 1), "stratum+tcp://pool:1"),
        (Endpoint("::1", 1), "stratum+tcp://[::1]:1"),
        (Endpoint("pool", 1, tls=True), "stratum+ssl://pool:1"),
        (Endpoint("::1", 1, tls=True), "stratum+ssl://[::1]:1"),
    ],
)
def test_an_endpoint_is_written_as_it_may_be_read(endpoint: Endpoint, text: str) -> None:
    assert str(endpoint) == text
    assert parse_pool_url(text).endpoint == endpoint
