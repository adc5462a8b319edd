"""The web page's files, and the API reference at `/docs`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, Response

from core.errors import NotFound

router = APIRouter(include_in_schema=False)

UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Greenroom</title>
<body style="font:17px/1.5 system-ui;max-width:34rem;margin:20vh auto;padding:0 1rem">
<h1>The page isn't built yet</h1><p>Run <code>make web</code> in the project folder, then reload this page.</p></body>
</html>"""


def dist() -> Path:
    """The built page: inside the wheel, else web/dist of the checkout."""
    packed = Path(str(files("api"))) / "static"
    return packed if packed.is_dir() else Path(__file__).parent.parent / "web" / "dist"


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    return get_swagger_ui_html(openapi_url="/openapi.json", title="Greenroom API")


@router.get("/{path:path}")
async def page(path: str) -> Response:
    root = dist().resolve()
    try:
        wanted = (root / path).resolve()
        is_file = bool(path) and wanted.is_file()
    except (OSError, ValueError):
        raise NotFound("There is nothing at this address.") from None
    if path.startswith(("api/", "atlas/")) or not wanted.is_relative_to(root):
        raise NotFound("There is nothing at this address.")
    if is_file:
        hashed = path.startswith("assets/")
        cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return FileResponse(wanted, headers={"cache-control": cache})
    if "." in path.rsplit("/", 1)[-1]:
        raise NotFound("There is nothing at this address.")
    index = root / "index.html"
    if not index.is_file():
        return HTMLResponse(UNBUILT, 503)
    return FileResponse(index, headers={"cache-control": "no-cache"})
