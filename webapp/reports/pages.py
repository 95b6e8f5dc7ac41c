"""Pages of a PDF as pictures, from the very bytes that are sent: what is previewed is what is sent."""

from __future__ import annotations

import io
import threading

from webapp.errors import AppError

# A4 becomes 910 × 1287 pixels: sharp on a phone held upright, readable on a desk.
DOTS_PER_INCH = 110
MOST_PIXELS = 4_000_000
# PDFium serves one thread at a time.
_drawing = threading.Lock()


def page_picture(pdf: bytes, page: int) -> bytes:
    """The page (the first is 1) as a PNG. :raise AppError: ``page_unknown``"""
    import pypdfium2

    with _drawing:
        document = pypdfium2.PdfDocument(pdf)
        try:
            if not 1 <= page <= len(document):
                raise AppError("page_unknown", pages=len(document))
            drawn = document[page - 1]
            width, height = drawn.get_size()
            scale = DOTS_PER_INCH / 72
            scale *= min(1.0, (MOST_PIXELS / max(1.0, width * height * scale**2)) ** 0.5)
            picture = drawn.render(scale=scale).to_pil()
        finally:
            document.close()
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=4)
    return file.getvalue()


def count_pages(pdf: bytes) -> int:
    """How many pages a PDF has."""
    import pypdfium2

    with _drawing:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return len(document)
        finally:
            document.close()
