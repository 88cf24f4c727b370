"""The local page: it listens on this machine alone, and answers nobody without its token."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from math import isfinite
from secrets import compare_digest
from socket import create_server
from threading import Lock
from typing import Any

import uvicorn
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from optimize.errors import InfeasibleError
from tiermix.errors import ScenarioError, UsageError
from tiermix.explore import answers
from tiermix.explore.bench import Bench
from tiermix.report.theme import palettes

#: Where the page is: no other machine can see it.
HOST = "127.0.0.1"

#: Longest question, in bytes.
MAX_BYTES = 100_000

#: What a browser is told about every answer.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SameOrigin:
    """Refuses what another page asks for, and adds `HEADERS` to every answer.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
                message["headers"] = [*message["headers"], *named]
            await send(message)

        headers = dict(scope["headers"])
        origin, host = headers.get(b"origin"), headers.get(b"host", b"")
        if origin is not None and origin != b"http://" + host:
            refused = PlainTextResponse("Another page may not ask.", 403)
            return await refused(scope, receive, guarded)
        return await self._app(scope, receive, guarded)


def application(bench: Bench, token: str) -> Starlette:
    """Return the page as an application.

    Parameters
    ----------
    bench : Bench
    token : str
        First part of every address that is answered.
    """
    desk = _Desk(bench)
    routes = [
        Route("/{token}/", _guarded(token, desk.page)),
        Route("/{token}/explore.css", _guarded(token, desk.style)),
        Route("/{token}/explore.js", _guarded(token, desk.script)),
        Route("/{token}/plan", _guarded(token, desk.asked(desk.plan)), methods=["POST"]),
        Route("/{token}/best", _guarded(token, desk.asked(desk.best)), methods=["POST"]),
        Route("/{token}/scenario", _guarded(token, desk.asked(desk.file)), methods=["POST"]),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return Starlette(routes=routes, middleware=[Middleware(SameOrigin), hosts])


Handler = Callable[[Request], Any]


def _guarded(token: str, handler: Handler) -> Handler:
    """Return a handler that knows nothing where the token is wrong."""

    async def answer(request: Request) -> Response:
        given = request.path_params["token"]
        if not compare_digest(given.encode(), token.encode()):
            return PlainTextResponse("Not found", 404)
        found: Response = await handler(request)
        return found

    return answer


class _Desk:
    """Answers the questions of the page, one at a time."""

    def __init__(self, bench: Bench) -> None:
        self._bench, self._lock = bench, Lock()
        self._settings = answers.settings(bench)
        bench.best(bench.scenario.budget, bench.own_objective)  # so that the first answer is quick

    async def page(self, request: Request) -> Response:
        environment = Environment(
            loader=PackageLoader("tiermix.explore"), autoescape=True, undefined=StrictUndefined
        )
        return HTMLResponse(environment.get_template("explore.html").render(self._settings))

    async def style(self, request: Request) -> Response:
        return Response(palettes() + _file("explore.css"), media_type="text/css")

    async def script(self, request: Request) -> Response:
        return Response(_file("explore.js"), media_type="text/javascript")

    def asked(self, answer: Callable[[float, str, dict[str, float]], Response]) -> Handler:
        """Return a handler that reads a question and answers it, or says what is wrong."""

        async def handler(request: Request) -> Response:
            try:
                question = self._question(await _body(request))
                return await run_in_threadpool(self._alone, answer, *question)
            except ScenarioError as error:
                said = "\n".join(f"{wrong.path}: {wrong.message}" for wrong in error.problems)
                return JSONResponse({"error": said}, 422)
            except (UsageError, InfeasibleError) as error:
                return JSONResponse({"error": str(error)}, 422)

        return handler

    def _alone(
        self,
        answer: Callable[[float, str, dict[str, float]], Response],
        budget: float,
        objective: str,
        plan: dict[str, float],
    ) -> Response:
        with self._lock:
            return answer(budget, objective, plan)

    def plan(self, budget: float, objective: str, plan: dict[str, float]) -> Response:
        weighed = self._bench.weigh(budget, objective, plan)
        return JSONResponse(answers.told(self._bench, weighed))

    def best(self, budget: float, objective: str, plan: dict[str, float]) -> Response:
        yours = self._bench.weigh(budget, objective, plan)
        return JSONResponse(answers.advice(self._bench, budget, objective, yours))

    def file(self, budget: float, objective: str, plan: dict[str, float]) -> Response:
        text = self._bench.text(budget, objective, plan)
        name = {"Content-Disposition": 'attachment; filename="explored.yaml"'}
        return Response(text, media_type="application/yaml", headers=name)

    def _question(self, asked: Any) -> tuple[float, str, dict[str, float]]:
        """Return the budget, the objective and the money per line that are asked about."""
        known = {entry["name"] for entry in self._settings["objectives"]}
        budget, objective, shares = (asked.get(key) for key in ("budget", "objective", "shares"))
        if not (_is_number(budget) and 0.01 <= budget <= 1e15):
            raise UsageError("budget: expected an amount of money above 0")
        if objective not in known:
            raise UsageError(f"objective: expected one of {', '.join(sorted(known))}")
        lines = set(self._bench.scenario.lines)
        if not (isinstance(shares, dict) and set(shares) <= lines):
            raise UsageError("shares: expected the lines of the scenario")
        if not all(_is_number(x) and x >= 0 for x in shares.values()):
            raise UsageError("shares: expected numbers of at least 0")
        if sum(shares.values()) > 1 + 1e-6:
            raise UsageError("shares: more than the whole budget")
        return float(budget), objective, self._bench.plan(float(budget), shares)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


async def _body(request: Request) -> dict[str, Any]:
    """Return what a request asks."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MAX_BYTES:
            raise UsageError("the question is too long")
    try:
        asked = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError("the question is no JSON") from None
    if not isinstance(asked, dict):
        raise UsageError("the question is no JSON object")
    return asked


def _file(name: str) -> str:
    return files("tiermix.explore").joinpath("templates", name).read_text(encoding="utf-8")


def serve(bench: Bench, token: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    bench : Bench
    token : str
    port : int
        0 for any that is free.
    ready : callable
        Told the address once it answers.

    Raises
    ------
    UsageError
        If nothing can listen on the port.
    """
    config = uvicorn.Config(
        application(bench, token), host=HOST, port=port, log_level="critical", access_log=False
    )
    try:
        socket = create_server((HOST, port))
    except OSError as error:
        raise UsageError(f"--port {port}: cannot be used ({error.strerror})") from error
    with socket:
        ready(f"http://{HOST}:{socket.getsockname()[1]}/{token}/")
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[socket])
