"""The part of Markdown that docs/lecture.md uses, as HTML: paragraphs, tables, **bold**, `code` and links."""

import html
import re

INLINE = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)", re.DOTALL)


def to_html(text):
    """Return paragraphs and tables as HTML; all other forms are shown as they are typed."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text)]
    return "".join(
        _table(block) if block.startswith("|") else f"<p>{_inline(block)}</p>" for block in blocks if block
    )


def _table(block):
    rows = [
        [_inline(cell.strip()) for cell in line.strip().strip("|").split("|")]
        for line in block.splitlines()
        if not re.fullmatch(r"[|\s:-]+", line)
    ]
    rows = [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
    return f"<table>{''.join(rows)}</table>"


def _inline(text):
    parts, at = [], 0
    for found in INLINE.finditer(text):
        parts += [html.escape(text[at : found.start()]), _form(*found.groups())]
        at = found.end()
    return "".join([*parts, html.escape(text[at:])])


def _form(code, bold, label, target):
    if code:
        breakable = re.sub(r"(?<=[._(=])(?=.)", "<wbr>", html.escape(code))  # a line may end there
        return f"<code>{breakable}</code>"
    if bold:
        return f"<b>{_inline(bold)}</b>"
    if target.startswith("https://"):
        return f'<a href="{html.escape(target)}" target="_blank" rel="noreferrer">{_inline(label)}</a>'
    return _inline(label)  # the page has no other pages of docs/
