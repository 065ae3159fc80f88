"""Addresses as people paste them."""

import pytest

from custom_components.smskit.api import candidate_urls, normalize_url

HOST = "https://account.smskit.net"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (HOST, HOST),
        (f"{HOST}/", HOST),
        (f"  {HOST}\n", HOST),
        ("account.smskit.net", HOST),
        ("account.smskit.net/", HOST),
        ("ACCOUNT.SMSKIT.NET", HOST),
        ("HTTPS://account.smskit.net", HOST),
        (f"{HOST}:443", HOST),
        (f"{HOST}:8443", f"{HOST}:8443"),
        ("account.smskit.net:8443/portal", f"{HOST}:8443/portal"),
        (f"{HOST}/smsAPI", HOST),
        (f"{HOST}/smsapi/", HOST),
        (f"{HOST}/smsAPI?sendsms", HOST),
        (f"{HOST}/smsAPI?balance&apikey=key&apitoken=token", HOST),
        (f"{HOST}/#top", HOST),
        (f"{HOST}//portal//smsAPI", f"{HOST}/portal"),
        (f"{HOST}/portal/smsAPI", f"{HOST}/portal"),
        (f"{HOST}/SMSC/smsAPI/", f"{HOST}/SMSC"),
        (f"{HOST}/portal", f"{HOST}/portal"),
        ("http://127.0.0.1:8080/smsAPI", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://192.168.1.20/portal/", "http://192.168.1.20/portal"),
        ("http://10.1.2.3", "http://10.1.2.3"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[fd00::1]", "http://[fd00::1]"),
        ("https://[2001:db8::1]/smsAPI", "https://[2001:db8::1]"),
    ],
)
def test_understood(address: str, expected: str) -> None:
    """What remains is the base address."""
    assert normalize_url(address) == expected
    assert normalize_url(expected) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "/",
        "https://",
        "https:///smsAPI",
        "ftp://account.smskit.net",
        "javascript://account.smskit.net",
        "mailto:someone@account.smskit.net",
        "https://user@account.smskit.net",
        "https://user:secret@account.smskit.net",
        "https://account.smskit.net:port",
        "https://account.smskit.net:70000",
        "https://[::1",
        "https://two words.example",
        "http://account.smskit.net",
        "HTTP://account.smskit.net",
        "http://192.168.1.20.example.com",
        "http://localhost.example.com",
        "http://8.8.8.8",
        "http://[2606:4700::1111]",
    ],
)
def test_refused(address: str) -> None:
    """What is no portal's address, or would send credentials in clear, is refused."""
    with pytest.raises(ValueError, match=r".") as error:
        normalize_url(address)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("192.168.1.5", "192.168.1.5"),
        (" 192.168.1.5/portal/smsAPI ", "192.168.1.5/portal"),
        ("10.0.0.5:8080", "10.0.0.5:8080"),
        ("172.16.0.1:80", "172.16.0.1:80"),
        ("127.0.0.1:443", "127.0.0.1:443"),
        ("LOCALHOST:8080", "localhost:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("[fd00::1]", "[fd00::1]"),
    ],
)
def test_bare_private_host(address: str, base: str) -> None:
    """In the own network there may be no TLS, which is tried first all the same."""
    expected = [normalize_url(f"{scheme}://{base}") for scheme in ("https", "http")]
    assert list(candidate_urls(address)) == expected


@pytest.mark.parametrize(
    "address",
    [
        HOST,
        "account.smskit.net",
        "account.smskit.net:8080/portal",
        "portal.local",
        "portal",
        "localhost.example.com",
        "8.8.8.8",
        "[2606:4700::1111]",
        "[::ffff:8.8.8.8]",
        "100.64.0.1",
        "https://192.168.1.5",
        "http://192.168.1.5",
        "HTTP://localhost:8080",
    ],
)
def test_one_candidate(address: str) -> None:
    """A scheme is taken at its word, and nothing public is tried without TLS."""
    assert candidate_urls(address) == (normalize_url(address),)


def test_no_candidate() -> None:
    """What is no address has none."""
    with pytest.raises(ValueError, match="http is allowed"):
        candidate_urls("http://account.smskit.net")
