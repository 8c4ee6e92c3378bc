"""A headless Chromium, driven by the WebDriver protocol over HTTP: no library is needed but Python's own.

with Browser() as browser: ...; Browser.missing() says what is not installed, or is None.
"""
import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

BINARIES = ("chromium", "chromium-browser", "google-chrome")


def find(names):
    return next((path for path in map(shutil.which, names) if path), None)


class Browser:
    @staticmethod
    def missing():
        if not find(("chromedriver",)):
            return "no chromedriver (Debian: chromium-driver)"
        if not find(BINARIES):
            return "no chromium (Debian: chromium)"
        return None

    def __init__(self, width=1400, height=1000):
        self.driver = subprocess.Popen([find(("chromedriver",)), "--port=0"], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        port = None
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                port = line.rstrip(".\n ").rsplit(" ", 1)[1]
                break
        self.url = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", "--disable-gpu", f"--window-size={width},{height}",
                     "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                     "--disable-background-networking", "--disable-extensions"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        options = {"binary": find(BINARIES), "args": arguments}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options,
                        "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        except Exception:
            self.driver.kill()
            raise
        self.url += "/session/" + session["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        try:
            self.ask("DELETE", "")
        except (OSError, RuntimeError):
            pass
        self.driver.terminate()
        self.driver.wait()

    def ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"},
                                         method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:400]) from error

    def open(self, path):
        """Opens a file, waits until the page says that it is ready, returns the seconds it took."""
        begun = time.monotonic()
        self.ask("POST", "/url", {"url": "file://" + str(path)})
        while self.run("return document.documentElement.dataset.ready") != "yes":
            if time.monotonic() - begun > 30:
                raise AssertionError(f"{path} is never ready: {self.complaints()}")
            time.sleep(0.02)
        return time.monotonic() - begun

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def element(self, css):
        return next(iter(self.ask("POST", "/element", {"using": "css selector", "value": css}).values()))

    def click(self, css):
        self.ask("POST", f"/element/{self.element(css)}/click", {})

    def type(self, css, text):
        self.ask("POST", f"/element/{self.element(css)}/value", {"text": text})

    def press(self, key):
        """One key, wherever the focus is."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def prefer(self, scheme):
        """As if the reader's desktop were "light" or "dark"."""
        parameters = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": parameters})

    def complaints(self):
        """What went to the console as an error."""
        entries = self.ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("GET", "/screenshot")))
