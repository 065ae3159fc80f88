"""Addresses as people paste them."""

import pytest

from custom_components.smskit.api import normalize_url

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
