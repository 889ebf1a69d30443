"""The command under test and the servers around it. Each server is somebody else's: aimock (npm) answers for a model, llama-server is
one, aiosmtpd (Debian) and mailpit (Go) take the mail, Python's http.server has the page."""

import asyncio
import contextlib
import http.client
import http.server
import imaplib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

COMMAND = os.environ["DEED_COMMAND"]
CACHE = pathlib.Path(os.environ.get("DEED_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "deed")
PARTNERS = CACHE / "partners"
AIMOCK = PARTNERS / "aimock/node_modules/@copilotkit/aimock/dist/cli.js"
NODE = PARTNERS / "bin/node"
PYTHON_LIB = PARTNERS / "python/lib"
MAILPIT = PARTNERS / "bin/mailpit"
GREENMAIL = PARTNERS / "greenmail/greenmail-standalone-2.1.7.jar"
LLAMA_SERVER = PARTNERS / "bin/llama-server"
LLAMA_TEMPLATE = PARTNERS / "llama-server/tools.jinja"
MODELS = CACHE / "models"
SMOLLM2 = MODELS / "SmolLM2-135M-Instruct.Q4_1.gguf"
TIMEOUT_S = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(question, what):
    """Asks until the answer is true; for servers of others that do not say when they are ready."""
    deadline = time.monotonic() + TIMEOUT_S
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {TIMEOUT_S} s")
        time.sleep(0.02)
    return answer


def is_open(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


def get_json(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        return json.load(answer)


# How a mock is named on deed's command line, and by which variables it is found; PORT stands for its port.
PROVIDERS = {
    "chat": ("http://127.0.0.1:PORT/v1#gpt-4o", {}),
    "responses": ("openai-responses:gpt-5", {"OPENAI_BASE_URL": "http://127.0.0.1:PORT/v1", "OPENAI_API_KEY": "key-of-tests"}),
    "anthropic": ("anthropic:claude-sonnet-4-5", {"ANTHROPIC_BASE_URL": "http://127.0.0.1:PORT", "ANTHROPIC_API_KEY": "key-of-tests"}),
    "gemini": ("gemini:gemini-2.5-flash", {"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:PORT", "GEMINI_API_KEY": "key-of-tests"}),
    "ollama": ("ollama:llama3.2", {"OLLAMA_HOST": "127.0.0.1:PORT"}),
}


def provider(name, port, path=""):
    """(name of the model, variables) for the mock of a provider on the port, below `path`."""
    model, variables = PROVIDERS[name]
    at = f"{port}{path}"
    return model.replace("PORT", at), {key: value.replace("PORT", at) for key, value in variables.items()}


class Aimock:
    """A server of many providers' routes that answers by the number of the turn. `chaos` has its command line switches."""

    def __init__(self, folder, turns, chaos=()):
        if not AIMOCK.exists():
            raise AssertionError("aimock is not installed: run tests/partners/install_aimock.sh")
        fixtures = [{"match": {"turnIndex": n}, "response": turn} for n, turn in enumerate(turns)]
        path = pathlib.Path(folder) / "fixtures.json"
        path.write_text(json.dumps({"fixtures": fixtures}))
        self.port = free_port()
        self.process = subprocess.Popen(
            [str(NODE), str(AIMOCK), "--port", str(self.port), "--fixtures", str(path), "--strict", "--log-level", "warn", *chaos],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda: is_open(self.port), "aimock listening")

    @property
    def model(self):
        return f"http://127.0.0.1:{self.port}/v1#gpt-mock"

    def requests(self):
        """The bodies of all completions that were asked for."""
        return [e["body"] for e in self.entries() if e["path"].endswith("/chat/completions")]

    def entries(self):
        return get_json(f"http://127.0.0.1:{self.port}/__aimock/journal")

    def close(self):
        self.process.kill()
        self.process.wait()


class Llmock:
    """Providers that break their answers as they are told to, and judge what the client makes of it."""

    def __init__(self, *flags):
        if not PYTHON_LIB.exists():
            raise AssertionError("llmock is not installed: run tests/partners/install_python_partners.sh")
        self.port = free_port()
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-c", "from llmock.cli import app; app()", "serve", "--host", "127.0.0.1", "--port", str(self.port),
             "--log-level", "critical", *flags],
            env={**os.environ, "PYTHONPATH": str(PYTHON_LIB)}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(lambda: is_open(self.port), "llmock listening")

    def post(self, path, document):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(document).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=TIMEOUT_S).close()

    def behave(self, *behaviors):
        """What happens to the next requests, in this order."""
        self.post("/_llmock/reset", {})
        if behaviors:
            self.post("/_llmock/scenario", {"behaviors": list(behaviors)})

    def verdict(self):
        return get_json(f"http://127.0.0.1:{self.port}/_llmock/verdict")

    def report(self):
        """Exit code and text of `llmock report`."""
        done = subprocess.run(["/usr/bin/python3", "-c", "from llmock.cli import app; app()", "report", "--url",
                               f"http://127.0.0.1:{self.port}"], env={**os.environ, "PYTHONPATH": str(PYTHON_LIB)},
                              capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        return done.returncode, done.stdout + done.stderr

    def close(self):
        self.process.kill()
        self.process.wait()


class LlamaServer:
    """llama.cpp's own server with the embedded model's weights, which answers the same to the same. The model knows no tools: it is given
    the template of a family that does, and examples of calls where a request asks for them (MUST_CALL, with the route's word for a call
    that is required); the server's grammar sees to the rest."""

    MUST_CALL = {"chat_template_kwargs": {"must_call": True}}
    EXAMPLES = (("Which rooms are free?", "rooms__list", "free rooms"), ("Find the letter of Bob.", "letters__find", "Bob"),
                ("Look up the weather in Rome.", "weather__get", "Rome"))

    @classmethod
    def template(cls):
        turns = "".join(f'<|im_start|>user\\n{said}<|im_end|>\\n<|im_start|>assistant\\n<tool_call>\\n{{"name": "{name}", "arguments": '
                        f'{{"query": "{query}"}}}}\\n</tool_call><|im_end|>\\n' for said, name, query in cls.EXAMPLES)
        before, messages, after = LLAMA_TEMPLATE.read_text().partition("{%- for message in messages %}")
        return f"{before}{{%- if must_call %}}{{{{- '{turns}' }}}}{{%- endif %}}\n{messages}{after}"

    def __init__(self, window, *flags):
        for file, how in ((LLAMA_SERVER, "run tests/partners/install_llama_server.sh"), (SMOLLM2, "run deed models install smollm2")):
            if not file.exists():
                raise AssertionError(f"{file} is missing: {how}")
        self.folder = tempfile.mkdtemp(prefix="deed-llama-")
        template = pathlib.Path(self.folder, "template.jinja")
        template.write_text(self.template())
        self.port = free_port()
        self.process = subprocess.Popen(
            [str(LLAMA_SERVER), "--model", str(SMOLLM2), "--host", "127.0.0.1", "--port", str(self.port), "--jinja",
             "--chat-template-file", str(template), "--ctx-size", str(window), "--parallel", "1", "--threads", "2", "--temp", "0", *flags],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.is_healthy, "llama-server answering to /health")

    def is_healthy(self):
        if self.process.poll() is not None:
            raise AssertionError(f"llama-server ended with {self.process.returncode}")
        with contextlib.suppress(OSError):  # 503 while it loads
            return get_json(f"http://127.0.0.1:{self.port}/health") == {"status": "ok"}
        return False

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


class Passing:
    """Stands before a server, passes on what it is asked and what the server answers, and keeps paths, bodies and statuses. `change(number,
    body)` may add to the body of a request what the command itself has no word for."""

    def __init__(self, port, change=lambda number, body: body):
        passing = self
        self.target, self.change = port, change
        self.paths, self.bodies, self.statuses = [], [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                passing.serve(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, asked):
        body = json.loads(asked.rfile.read(int(asked.headers["Content-Length"])))
        self.paths.append(asked.path)
        self.bodies.append(body)
        body = json.dumps(self.change(len(self.bodies) - 1, dict(body)))
        upstream = http.client.HTTPConnection("127.0.0.1", self.target, timeout=TIMEOUT_S)
        upstream.request("POST", asked.path, body, {"Content-Type": "application/json"})
        answer = upstream.getresponse()
        self.statuses.append(answer.status)
        asked.send_response(answer.status)
        asked.send_header("Content-Type", answer.headers["Content-Type"])
        asked.send_header("Connection", "close")
        asked.end_headers()
        while piece := answer.read1():
            asked.wfile.write(piece)
            asked.wfile.flush()
        asked.close_connection = True
        upstream.close()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Mailbox(Controller):
    """aiosmtpd on a free port. `hold` names the command before whose answer it waits for ever (RCPT or DATA)."""

    class Handler:
        def __init__(self, hold):
            self.mails, self.hold, self.held = [], hold, threading.Event()

        async def wait_if(self, command):
            if self.hold == command:
                self.held.set()
                await asyncio.sleep(3600)

        async def handle_RCPT(self, server, session, envelope, address, options):
            await self.wait_if("RCPT")
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content))
            await self.wait_if("DATA")
            return "250 kept"

    def __init__(self, hold=None):
        super().__init__(self.Handler(hold), hostname="127.0.0.1", port=free_port())
        self.start()

    def factory(self):
        return SMTP(self.handler, enable_SMTPUTF8=True)

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self):
        """(from, recipients, bytes) of each mail that was accepted or is being accepted."""
        return self.handler.mails

    def wait_until_held(self):
        if not self.handler.held.wait(TIMEOUT_S):
            raise AssertionError("the client never came to the command that is held")

    def close(self):
        self.stop(no_assert=True)


class Mailpit:
    def __init__(self):
        self.port, self.web = free_port(), free_port()
        self.process = subprocess.Popen(
            [str(MAILPIT), "--smtp", f"127.0.0.1:{self.port}", "--listen", f"127.0.0.1:{self.web}", "--disable-version-check",
             "--quiet", "--smtp-disable-rdns"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(lambda: is_open(self.port) and is_open(self.web), "mailpit listening")

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self):
        """The same as Mailbox.mails, without the two header fields that mailpit puts in front of what it received."""
        base = f"http://127.0.0.1:{self.web}/api/v1"
        out = []
        for entry in get_json(base + "/messages")["messages"]:
            with urllib.request.urlopen(f"{base}/message/{entry['ID']}/raw", timeout=TIMEOUT_S) as answer:
                raw = answer.read()
            sender, _, raw = raw.partition(b"\r\n")
            assert sender.startswith(b"Return-Path: "), raw[:200]
            received, _, raw = raw.partition(b"(UTC)\r\n")
            assert received.startswith(b"Received: "), raw[:200]
            out.append((sender[14:-1].decode(), [to["Address"] for to in entry["To"]], raw))
        return out

    def close(self):
        self.process.kill()
        self.process.wait()


class GreenMail:
    """SMTP and IMAP on free ports; the one account is that of ann@example.org, password "secret"."""

    def __init__(self):
        if not GREENMAIL.exists():
            raise AssertionError("GreenMail is not installed: run tests/partners/install_greenmail.sh")
        self.smtp, self.imap = free_port(), free_port()
        options = [f"-Dgreenmail.{name}" for name in (
            "hostname=127.0.0.1", "smtp.hostname=127.0.0.1", "imap.hostname=127.0.0.1", f"smtp.port={self.smtp}",
            f"imap.port={self.imap}", "users=ann:secret@example.org")]
        self.process = subprocess.Popen(["java", *options, "-jar", str(GREENMAIL)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: is_open(self.smtp) and is_open(self.imap), "GreenMail listening")

    @property
    def mails(self):
        """The messages in ann's INBOX, oldest first."""
        box = imaplib.IMAP4("127.0.0.1", self.imap)
        with contextlib.closing(box.socket()):
            box.login("ann", "secret")
            box.select("INBOX", readonly=True)
            numbers = box.search(None, "ALL")[1][0].split()
            mails = [box.fetch(number.decode(), "(BODY[])")[1][0][1] for number in numbers]
            box.logout()
        return mails

    def close(self):
        self.process.kill()
        self.process.wait()


class CuttingProxy:
    """Passes SMTP on to a port, and cuts the first connection that comes to the end of a message: `after` it, when the server has
    taken the mail and its answer is on the way back, or `before` it, when the server has not seen the end."""

    END = b"\r\n.\r\n"

    def __init__(self, port, cut):
        self.target, self.cut, self.cuts = port, cut, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept_all, daemon=True).start()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def accept_all(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.target))
        held = threading.Event()  # from now on the server's answers stay here
        taken = threading.Event()  # the server has answered to the end of the message, or is gone
        back = threading.Thread(target=self.pass_back, args=(server, client, held, taken), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            self.pass_on(client, server, held, taken)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        back.join()
        client.close()
        server.close()

    def pass_on(self, client, server, held, taken):
        seen = b""
        while data := client.recv(65536):
            seen = seen[-len(self.END):] + data
            if self.cuts == 0 and self.END in seen:
                self.cuts = 1
                if self.cut == "before":
                    return  # with it goes whatever came together with the end
                held.set()
                server.sendall(data)
                taken.wait(TIMEOUT_S)
                return
            server.sendall(data)

    @staticmethod
    def pass_back(server, client, held, taken):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if held.is_set():
                    break
                client.sendall(data)
        taken.set()

    def close(self):
        self.listener.close()


class Page:
    """One page on a free port of this machine. `hold`: the first request gets no answer until the client is gone."""

    def __init__(self, body, hold=False):
        page = self
        self.body, self.paths, self.held = body.encode(), [], threading.Event()
        self.go_on = threading.Event()
        if not hold:
            self.go_on.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page.paths.append(self.path)
                page.held.set()
                page.go_on.wait(TIMEOUT_S)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()
                self.wfile.write(page.body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *args: None  # the killed client's connection
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.host}/prices"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_until_held(self):
        if not self.held.wait(TIMEOUT_S):
            raise AssertionError("the page was never asked for")

    def close(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()


class PartnerTest(unittest.TestCase):
    """An empty home and an empty folder for each test. `variables` go into the command's environment."""

    variables = {}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deed-partners-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.home, self.root = os.path.join(self.folder, "home"), os.path.join(self.folder, "root")
        os.mkdir(self.home)
        os.mkdir(self.root)

    def server(self, server):
        self.addCleanup(server.close)
        return server

    def start(self, *arguments):
        environment = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        environment.update(HOME=self.home, DEED_HOME=self.home, DEED_MODELS=str(MODELS), **self.variables)
        return subprocess.Popen([COMMAND, *arguments], cwd=self.root, env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def deed(self, *arguments, expect=0):
        """Runs the command to its end; returns the JSON document on its standard output. `expect`: its exit code, or a tuple of them."""
        process = self.start(*arguments)
        out, talk = process.communicate(timeout=TIMEOUT_S * 2)
        self.assertIn(process.returncode, expect if isinstance(expect, tuple) else (expect,), f"deed {' '.join(arguments)}\n{out}\n{talk}")
        return json.loads(out)

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertEqual(process.returncode, -signal.SIGKILL)

    def previews(self, run="last"):
        """What the approval of each call with an effect was given for: tool calls' previews, by call id."""
        shown = self.deed("show", run, "--json")
        return {e["call"]: e["body"]["preview"] for e in shown["events"]
                if e["kind"] == "policy.decided" and e["body"].get("preview")}

    def mail_preview(self, run="last"):
        mails = [p for p in self.previews(run).values() if p["media_type"] == "message/rfc822"]
        self.assertEqual(len(mails), 1)
        return mails[0]
