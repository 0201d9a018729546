"""A class on a JupyterHub of this machine: all students log in, pull the course and open their notebooks at once.

    python tests/tools/hub.py --users 10 --browsers 1

It needs, beside the course and its tests, what `pip install jupyterhub` and `npm install configurable-http-proxy` bring
(the program of the latter on the PATH), and Linux. Every student logs in by the form, gets a server, pulls by
nbgitpuller, runs 07 to its panel and asks the panel something; every third one runs 04 to its first text, too. The
last --browsers of them do so in Chromium, from the lecturer's link to a click on a letter. "MB" is a process's share of
the memory (PSS), "CPU s" its processor time. Variables OMP_... go on to the students. No password is checked: this hub
is for measuring only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import common
import nbformat
import psutil
import requests
import websocket
from jupyter_server.services.kernels.connection.base import deserialize_binary_message

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab import CHROMIUM, CHROMIUM_OPTIONS, MINUTES, ROOT, errors_of, wait_for_kernel

from charrnn_helpers.lecturer import link

NOTEBOOKS = {"07": "course/notebooks/07_playground.ipynb", "04": "course/notebooks/04_training.ipynb"}
LONGEST = 20  # minutes, of one step
LAST = {"07": "playground_panel(", "04": "generate("}  # in the last cell that is run
STEPS = {
    "log in, get a server": "enter",
    "pull the course": "pull",
    "07, to its panel": "play",
    "the panel's answer": "ask",
}
RUN_TO = """async number => {
    const { content } = window.jupyterapp.shell.currentWidget;
    const code = [...content.model.cells].flatMap((cell, place) => (cell.type === "code" ? [place] : []));
    content.activeCellIndex = code[number] + 1;
    await window.jupyterapp.commands.execute("notebook:run-all-above");
}"""
CONFIG = """
c.JupyterHub.authenticator_class, c.JupyterHub.spawner_class = "dummy", "simple"
c.Authenticator.allow_all = True
c.JupyterHub.bind_url, c.JupyterHub.hub_port = "http://127.0.0.1:{ports[0]}", {ports[1]}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/homes/{{username}}"
c.Spawner.cmd, c.Spawner.environment = {command}, {environment}
c.Spawner.start_timeout = c.Spawner.http_timeout = 1200
"""


def missing() -> str:
    """What has to be installed first, as a sentence; empty if nothing has."""
    found = {"pip install jupyterhub nbgitpuller": find_spec("jupyterhub") and find_spec("nbgitpuller")}
    found["npm install configurable-http-proxy, and its program on the PATH"] = shutil.which("configurable-http-proxy")
    needed = [how for how, there in found.items() if not there]
    return f"this benchmark needs {' and '.join(needed)}" if needed else ""


@contextlib.contextmanager
def jupyterhub(folder: Path):
    """Serve a hub whose students live in `folder`, where the course lies as course.git: its address and its process."""
    subprocess.run(["git", "clone", "-q", "--bare", ROOT, folder / "course.git"], check=True)
    subprocess.run(["git", "-C", folder / "course.git", "branch", "-f", "class", "HEAD"], check=True)
    with contextlib.ExitStack() as free:
        places = [free.enter_context(socket.socket()) for _ in range(3)]
        for place in places:
            place.bind(("127.0.0.1", 0))
        ports = [place.getsockname()[1] for place in places]
    command = [sys.executable, "-m", "jupyterhub.singleuser", "--allow-root", "--LabApp.expose_app_in_browser=True"]
    environment = {name: value for name, value in os.environ.items() if name.startswith("OMP_")}
    environment["PYTHONPATH"] = str(ROOT)
    settings = CONFIG.format(ports=ports, folder=folder, command=command, environment=environment)
    (folder / "jupyterhub_config.py").write_text(settings, encoding="utf-8")
    said = folder / "hub.log"
    with open(said, "w", encoding="utf-8") as log:
        hub = subprocess.Popen([sys.executable, "-m", "jupyterhub"], cwd=folder, stdout=log, stderr=log)
        try:
            while "JupyterHub is now running" not in said.read_text(encoding="utf-8"):
                if hub.poll() is not None:
                    raise RuntimeError(f"JupyterHub did not start:\n{said.read_text(encoding='utf-8')[-3000:]}")
                time.sleep(0.2)
            yield f"http://127.0.0.1:{ports[0]}", hub
        finally:
            hub.terminate()  # it ends proxy and servers first
            hub.wait(120)


class Student:
    """One who works by the protocols of hub and kernel, on a thread of their own."""

    def __init__(self, hub: str, name: str, course: Path):
        self.hub, self.name, self.course = hub, name, f"file://{course}"
        self.server, self.kernels = f"{hub}/user/{name}", {}
        self.thread, self.held = ThreadPoolExecutor(1), contextlib.ExitStack()

    def enter(self) -> None:
        self.log_in()
        self.request("POST", f"{self.hub}/hub/api/users/{self.name}/server")
        self.until('"ready": true', f"{self.hub}/hub/api/users/{self.name}/server/progress")

    def pull(self) -> None:
        asked = {"repo": self.course, "branch": "class", "targetpath": "course"}
        self.until('"phase": "finished"', f"{self.server}/git-pull/api", params=asked)

    def play(self) -> None:
        self.open("07")

    def ask(self) -> None:
        self.kernels["07"].ask("Once a cat sat.")

    def read(self) -> None:
        self.open("04")

    def stay(self) -> None:
        """Each kernel still knows what it has run."""
        for kernel in self.kernels.values():
            kernel.run("torch")

    def leave(self) -> None:
        self.held.close()

    def log_in(self) -> None:
        """By the form, as a browser does; then by a token, which needs no cookies."""
        self.http = requests.Session()
        self.request("GET", f"{self.hub}/hub/login")
        said = {"username": self.name, "password": "", "_xsrf": self.http.cookies["_xsrf"]}
        self.request("POST", f"{self.hub}/hub/login", data=said, allow_redirects=False)
        self.request("GET", f"{self.hub}/hub/token")
        asked = {"params": {"_xsrf": self.http.cookies["_xsrf"]}, "json": {}}
        token = self.request("POST", f"{self.hub}/hub/api/users/{self.name}/tokens", **asked).json()["token"]
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"token {token}"

    def request(self, method: str, address: str, **asked) -> requests.Response:
        answer = self.http.request(method, address, timeout=60 * LONGEST, **asked)
        answer.raise_for_status()
        return answer

    def until(self, words: str, address: str, **asked) -> None:
        """Read a stream of events, of which one has `words`."""
        told = [line.decode() for line in self.request("GET", address, stream=True, **asked).iter_lines()]
        if not any(words in line for line in told):
            raise RuntimeError(f"{address} ended with {told[-3:]}")

    def open(self, number: str) -> None:
        """Open a notebook and run its first cells."""
        path = NOTEBOOKS[number]
        asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        kernel = self.request("POST", f"{self.server}/api/sessions", json=asked).json()["kernel"]["id"]
        address = f"{self.server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        header = {"Authorization": self.http.headers["Authorization"]}
        self.kernels[number] = Kernel(websocket.create_connection(address, timeout=60 * LONGEST, header=header))
        for source in first_cells(number):
            self.kernels[number].run(source)


class Kernel:
    """A kernel behind its websocket."""

    def __init__(self, socket: websocket.WebSocket):
        self.socket, self.panel = socket, ""

    def run(self, source: str) -> None:
        """Run a cell. Raises `RuntimeError` with what the cell raises."""
        asked = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        for kind, content in self.replies("execute_request", asked):
            if kind == "error":
                raise RuntimeError(f"{content['ename']}: {content['evalue']}")
            if kind == "comm_open" and "spec" in content["data"].get("state", {}):
                self.panel = content["comm_id"]
            if kind == "status" and content["execution_state"] == "idle":
                return

    def ask(self, text: str) -> None:
        """Ask the playground about a text, as its page does."""
        question = {"number": 1, "what": "judge", "request": {"LSTM": {"text": text, "start": 0}}}
        asked = {"comm_id": self.panel, "data": {"method": "custom", "content": question}}
        for kind, content in self.replies("comm_msg", asked):
            if kind == "comm_msg" and "words" in content["data"].get("content", {}).get("answer", {}):
                return

    def replies(self, kind: str, content: dict):
        """Send a message, and yield kind and content of all that comes back to it."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": "class", "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self.socket.send(json.dumps(message))
        while True:
            got = self.socket.recv()
            reply = json.loads(got) if isinstance(got, str) else deserialize_binary_message(got)
            if reply["parent_header"].get("msg_id") == header["msg_id"]:
                yield reply["msg_type"], reply["content"]


class Reader(Student):
    """One who clicks the lecturer's link in a browser, runs 07, and clicks a letter of what it writes."""

    def enter(self) -> None:
        from playwright.sync_api import sync_playwright

        playwright = self.held.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        self.held.callback(browser.close)
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(LONGEST * MINUTES)
        self.page.goto(link(self.hub, self.course, "07", "class"))
        self.page.get_by_label("Username").fill(self.name)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/git-pull?*")

    def pull(self) -> None:
        self.page.wait_for_url("**/lab/tree/**")

    def play(self) -> None:
        wait_for_kernel(self.page, NOTEBOOKS["07"], LONGEST)
        self.page.evaluate(RUN_TO, len(first_cells("07")) - 1)
        self.page.locator(".charrnn-sample [data-at]").last.wait_for()

    def ask(self) -> None:
        self.page.locator(".charrnn-sample [data-at]").last.click()
        self.page.locator(".charrnn-bars").first.wait_for()

    def stay(self) -> None:
        assert errors_of(self.page) == []


def first_cells(number: str) -> list[str]:
    """The code of a notebook, up to its panel or to its first text."""
    name = Path(NOTEBOOKS[number]).name
    cells = nbformat.read(ROOT / "notebooks" / name, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    return sources[: 1 + next(place for place, source in enumerate(sources) if LAST[number] in source)]


def step(what: str, method: str, students: list[Student]) -> dict:
    """Let all do one thing at once: a row of how many did it and how long it took. Who fails is named."""

    def timed(student: Student) -> float:
        start = time.perf_counter()
        getattr(student, method)()
        return time.perf_counter() - start

    seconds = []
    for student, future in [(student, student.thread.submit(timed, student)) for student in students]:
        try:
            seconds.append(future.result())
        except Exception as problem:
            print(f"{student.name}, {what}: {type(problem).__name__}: {problem}", flush=True)
    return row(what, seconds, "s", len(students))


def row(what: str, values: list[float], unit: str, asked: int) -> dict:
    median, most = (statistics.median(values), max(values)) if values else (None, None)
    return {"what": what, "asked": asked, "did": len(values), "median": median, "most": most, "unit": unit}


def processes(hub: subprocess.Popen) -> list[dict]:
    """MB and seconds of processor time of every server and kernel, and of the whole hub."""
    found = {"server": [], "kernel": []}
    everything = [0.0, 0.0]
    for process in [psutil.Process(hub.pid), *psutil.Process(hub.pid).children(recursive=True)]:
        command, times = " ".join(process.cmdline()), process.cpu_times()
        used = process.memory_full_info().pss / 1e6, times.user + times.system
        everything = [total + part for total, part in zip(everything, used, strict=True)]
        for kind, words in (("server", "jupyterhub.singleuser"), ("kernel", "ipykernel_launcher")):
            if words in command:
                found[kind].append(used)
    return [
        row(kind, list(values), unit, len(values))
        for kind, used in {**found, "all together": [everything]}.items()
        for unit, values in zip(("MB", "CPU s"), zip(*used))
    ]


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, users=10, browsers=0)
    if needed := missing():
        raise SystemExit(needed)
    with tempfile.TemporaryDirectory() as folder, jupyterhub(Path(folder)) as (address, hub):
        kinds = [Student] * (options.users - options.browsers) + [Reader] * options.browsers
        students = [kind(address, f"student{n}", Path(folder) / "course.git") for n, kind in enumerate(kinds)]
        try:
            rows = [step(what, method, students) for what, method in STEPS.items()]
            rows += [step("04, to its first text", "read", students[: options.users - options.browsers : 3])]
            rows += [*processes(hub), step("kernels as they were", "stay", students)]
        finally:
            for student in students:
                student.thread.submit(student.leave).result()
    return common.report({"machine": common.machine("cpu"), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
