"""Sending a mail: to a real server on loopback, in all the moods that servers have."""

import datetime
import socket
import ssl
import threading
import time
from email.header import decode_header, make_header
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from deskhand.kit.jobs import GiveUp, TryLater
from deskhand.kit.mail_message import POLICY, from_text, mailbox, one_line, prose, to_text
from deskhand.kit.mailer import Mailer, Permanent, Server, Temporary, mailer_for, parse_url
from tests.support.smtp import SmtpServer

ALICE = "alice@example.com"


def mail(subject: str = "Hello", name: str = "Sam", to: str = ALICE) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    message["Message-ID"] = "<reply-1@desk.example>"
    message["From"] = mailbox(name, "support@desk.example")
    message["To"] = mailbox("", to)
    message["Subject"] = prose(subject)
    message.set_content("Good morning, Alice.\n\n.\nWe found it – it was the cache.\n")
    return message


def mailer(url: str, timeout: float = 5) -> Mailer:
    return Mailer(parse_url(url), timeout=timeout)


def test_a_mail_arrives_once_as_it_was_written():
    with SmtpServer() as server:
        answer = mailer(server.url).send(mail(), ALICE)
    [received] = server.messages
    assert answer == "OK queued as 1"
    assert (received.mail_from, received.rcpt_to) == ("support@desk.example", [ALICE])
    assert received["Message-ID"] == "<reply-1@desk.example>"
    assert received.get_content() == "Good morning, Alice.\n\n.\nWe found it – it was the cache.\n"
    assert received.raw.isascii()


def test_the_envelope_decides_who_gets_it():
    message = mail()
    message["Cc"] = "mallory@example.com"
    with SmtpServer() as server:
        mailer(server.url).send(message, "bob@example.com")
    assert server.messages[0].rcpt_to == ["bob@example.com"]


@pytest.mark.parametrize(
    ("mode", "kind", "reason"),
    [
        ("fail", Temporary, "The mail server did not take this mail: 451 4.3.0 try again later"),
        ("busy", Temporary, "The mail server"),
        ("refuse sender", Temporary, "The mail server did not take this mail: 553 5.7.1 not your address"),
        ("refuse", Permanent, "The mail server refused this mail: 550 5.1.1 no such user here"),
        ("reject", Permanent, "The mail server refused this mail: 554 5.6.0 we do not like it"),
        ("drop", Temporary, "The mail server closed the connection."),
        ("stall", Temporary, "The mail server gave no answer within 0.3 seconds."),
        ("stall data", Temporary, "The mail server gave no answer within 0.3 seconds."),
    ],
)
def test_refusals_say_whether_to_try_again(mode, kind, reason):
    with SmtpServer() as server:
        server.mode = mode
        with pytest.raises(kind) as refused:
            mailer(server.url, timeout=0.3 if "stall" in mode else 5).send(mail(), ALICE)
        assert str(refused.value).startswith(reason)
        server.mode = "accept"
        mailer(server.url).send(mail(), ALICE)


def test_the_worker_understands_both():
    assert issubclass(Temporary, TryLater)
    assert issubclass(Permanent, GiveUp)


@pytest.mark.parametrize("mode", ["drop after", "stall quit"])
def test_what_was_taken_counts_though_the_goodbye_fails(mode, monkeypatch):
    monkeypatch.setattr("deskhand.kit.mailer._GOODBYE", 0.3)
    with SmtpServer() as server:
        server.mode = mode
        assert mailer(server.url).send(mail(), ALICE) == "OK queued as 1"
    assert len(server.messages) == 1


def test_a_server_that_drips_cannot_hold_a_worker():
    with DrippingServer() as port:
        began = time.monotonic()
        with pytest.raises(Temporary, match=r"within 0\.5 seconds"):
            mailer(f"smtp://127.0.0.1:{port}", timeout=0.5).send(mail(), ALICE)
        assert time.monotonic() - began < 3


class DrippingServer:
    """Answers a byte at a time, for ever: each one in time, the whole never."""

    def __enter__(self) -> int:
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()
        return self._listener.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self._over.set()
        # Where the client gave up before it came, somebody has to come, or the thread waits for ever.
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()

    def _drip(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            while not self._over.wait(0.1):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return


def test_nobody_there():
    with SmtpServer() as server:
        url = server.url
    with pytest.raises(Temporary, match="could not be used"):
        mailer(url).send(mail(), ALICE)


def test_login():
    with SmtpServer(login=("desk@x", "p/ss:w ?rd")) as server:
        good = server.url.replace("://", "://desk%40x:p%2Fss%3Aw%20%3Frd@")
        mailer(good).send(mail(), ALICE)
        with pytest.raises(Temporary) as refused:
            mailer(good.replace("rd@", "xx@")).send(mail(), ALICE)
    assert len(server.messages) == 1
    assert str(refused.value).startswith("The mail server did not take this mail: 535")


def test_secrets_stay_out_of_reasons_and_logs():
    with SmtpServer(login=("desk-user", "hunter2")) as server:
        url = server.url.replace("://", "://desk-user:hunter2@")
        assert "hunter2" not in repr(mailer(url).server)
        server.mode = "echo"
        with pytest.raises(Temporary) as refused:
            mailer(url).send(mail(), ALICE)
    assert str(refused.value) == "The mail server did not take this mail: 451 *** knows ***"


def test_several_threads_may_send_at_once():
    with SmtpServer() as server:
        shared = mailer(server.url)
        threads = [threading.Thread(target=shared.send, args=(mail(), f"user{n}@example.com")) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(message.rcpt_to[0] for message in server.messages) == [f"user{n}@example.com" for n in range(8)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.mark.parametrize("implicit", [False, True])
def test_encrypted_connections_check_the_certificate(certificate, implicit, monkeypatch):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with SmtpServer(tls=context, implicit=implicit) as server:
        with pytest.raises(Temporary, match="certificate"):
            mailer(server.url).send(mail(), ALICE)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        mailer(server.url).send(mail(), ALICE)
    assert len(server.messages) == 1


def test_the_systems_certificates_are_read_once(monkeypatch):
    read, create = [], ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: read.append(1) or create())
    with SmtpServer() as server:
        sender = mailer(server.url)
        sender.send(mail(), ALICE)
        sender.send(mail(), ALICE)
    assert read == [1]


def test_a_password_does_not_cross_a_network_in_clear():
    assert parse_url("smtp://u:p@mail.example.com").starttls == "required"
    with SmtpServer() as server, pytest.raises(Temporary, match=r"(?i)starttls"):
        mailer(server.url + "?starttls=required").send(mail(), ALICE)
    assert server.messages == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", Server("mail.example.com", 25)),
        ("smtp://mail.example.com:2525/", Server("mail.example.com", 2525)),
        ("smtp://u:p@mail.example.com", Server("mail.example.com", 587, "u", "p", starttls="required")),
        ("smtp://u:p@localhost", Server("localhost", 587, "u", "p", starttls="auto")),
        ("smtp://u:p@mail.example.com?starttls=off", Server("mail.example.com", 587, "u", "p", starttls="off")),
        (
            "smtps://u%40x:p%3A%2F@mail.example.com",
            Server("mail.example.com", 465, "u@x", "p:/", tls=True, starttls="off"),
        ),
        ("smtp://[::1]:25", Server("::1", 25)),
    ],
)
def test_addresses_of_servers(url, server):
    assert parse_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "http://x",
        "smtp://",
        "smtp://x:port",
        "smtp://x:99999",
        "smtp://u:secret@x?starttls=perhaps",
        "smtp://x?tls=1",
        "smtp://x/y",
    ],
)
def test_what_is_no_address_of_a_server(url):
    with pytest.raises(ValueError) as refused:
        parse_url(url)
    assert "secret" not in str(refused.value)


def test_without_an_address_there_is_no_mailer():
    assert mailer_for("") is None
    assert mailer_for("smtp://localhost").server.host == "localhost"


def test_addresses_beyond_ascii():
    with SmtpServer(smtputf8=False) as server:
        mailer(server.url).send(mail(to="bob@exämple.de"), "bob@exämple.de")
        assert server.messages[0].rcpt_to == ["bob@xn--exmple-cua.de"]
        assert b"bob@xn--exmple-cua.de" in server.messages[0].raw
        with pytest.raises(Permanent, match="SMTPUTF8"):
            mailer(server.url).send(mail(to="jörg@example.com"), "jörg@example.com")
    with SmtpServer() as server:
        mailer(server.url).send(mail(to="jörg@example.com"), "jörg@example.com")
    assert server.messages[0].rcpt_to == ["jörg@example.com"]
    assert server.messages[0]["To"] == "jörg@example.com"


HOSTILE = [
    "Hi\r\nBcc: mallory@example.com",
    "Hi\nBcc: mallory@example.com",
    "Hi\rBcc: mallory@example.com",
    "Hi\r\n\r\n<b>body</b>",
    "Hi\x0bBcc: x\x0cBcc: y\x85Bcc: z\u2028Bcc: q",
    "=?utf-8?q?Hi=0D=0ABcc:_mallory=40example.com?=",
    "=?utf-8?b?SGkNCkJjYzogbWFsbG9yeUBleGFtcGxlLmNvbQ==?=",
    '"Bank" <bank@example.com>, Mallory',
    "Mallory <mallory@example.com>",
    'a"b\\c,d;e:f<g>h@i(j)k[l]m',
    "\u202egnp.exe",
    "😀 " * 120,
    "ü" * 255,
    "x" * 2_000,
    "word " * 400,
    "\x00",
    "",
    "שלום עולם",
    "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_makes_a_header_of_its_own(text):
    message = mail(text, text)
    with SmtpServer() as server:
        mailer(server.url).send(message, ALICE)
    [received] = server.messages
    assert received.keys()[: len(message.keys())] == message.keys()
    assert [address.addr_spec for address in received["From"].addresses] == ["support@desk.example"]
    assert received["Subject"] == one_line(text)
    assert received.get_content().startswith("Good morning")


@given(st.text(max_size=300), st.text(max_size=80))
@settings(deadline=None)
def test_headers_read_back_as_they_were_given(subject, name):
    text = to_text(mail(subject, name))
    head = text.split("\r\n\r\n")[0]
    assert head.isascii()
    lines = head.split("\r\n")
    assert [line.split(":")[0] for line in lines if not line.startswith(" ")] == [
        "Message-ID", "From", "To", "Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"
    ]  # fmt: skip
    assert max(map(len, lines)) <= 78
    fields = {line.split(":")[0]: line.partition(": ")[2] for line in head.replace("\r\n ", " ").split("\r\n")}
    assert decoded(fields["Subject"]) == one_line(subject)
    shown, _, address = fields["From"].rpartition("<")
    assert address.rstrip(">") == "support@desk.example"
    assert decoded(shown).strip() == one_line(name)
    assert to_text(from_text(text)) == text


def decoded(field: str) -> str:
    return str(make_header(decode_header(field)))


def test_ids_and_addresses_are_never_broken_apart():
    ids = " ".join(f"<ticket-{n}-{'x' * 60}@support.desk.example.com>" for n in range(3))
    message = mail()
    message["References"] = ids
    message["List-Unsubscribe"] = "<https://desk.example/u/" + "Ab_-1" * 60 + ">"
    text = to_text(message)
    assert "=?" not in text
    assert text.replace("\r\n ", " ").count(f"References: {ids}\r\n") == 1
    assert "Ab_-1" * 60 + ">\r\n" in text
