"""How fast a picture follows its slider in JupyterLab, from key to pixel, in a real browser.

A step is the time from the key's event to the animation frame in which the new picture is there to be painted.
"""

import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles

from tests import in_browser

WAYS = {
    "interact": "with_interact()",
    "retina": "with_interact(dpi=200)",
    "ipympl": "with_ipympl()",
    "plotly": "with_plotly()",
    "bqplot": "with_bqplot()",
    "ours": "ours()",
    "floor": "floor()",
}
NAMES = {
    "interact": "interact + inline",
    "retina": "the same, retina size",
    "ipympl": "ipympl, blit",
    "plotly": "plotly's FigureWidget",
    "bqplot": "bqplot, no contours",
    "ours": "ours, at any size",
    "floor": "floor: a label echoes",
}
PEERS = ("ipympl", "plotly", "bqplot")
DRAGS = 3  # of which the median counts
EXPLORERS = ("slope", "bgd", "sgd", "weight", "backprop", "gradient_size", "break_it", "fit", "noise", "comparison")
# Watches a cell: `seen` keeps the animation frames in which something new was ready to be painted: a picture that is
# loaded and decoded, a canvas drawn on, a label's words.
WATCH = """cell => {
  window.seen = []; window.pressed = [];
  const inNextFrame = () => requestAnimationFrame(() => window.seen.push(performance.now()));
  let last;
  new MutationObserver(() => {
    const box = cell.querySelector('.bgd-explorer'), plot = cell.querySelector('.js-plotly-plot, .bqplot');
    const image = [...cell.querySelectorAll('.jp-OutputArea-output img')].at(-1);
    const label = [...cell.querySelectorAll('.widget-label')].at(-1);
    const line = [...(plot?.querySelectorAll('path.js-line, path.line') ?? [])].at(-1);
    const found = box ? box.dataset.moves : plot ? line?.getAttribute('d') : image ? image.src : label.textContent;
    if (found === last || (!box && !plot && cell.querySelector('canvas'))) return;
    last = found;
    image && !box && !plot ? image.decode().then(inNextFrame, () => {}) : inNextFrame();
  }).observe(cell, {subtree: true, childList: true, characterData: true, attributeFilter: ['src', 'd', 'data-moves']});
  for (const canvas of cell.querySelectorAll('.jupyter-matplotlib canvas')) {
    const context = canvas.getContext('2d'), draw = context.drawImage;
    context.drawImage = function (...rest) { inNextFrame(); return draw.apply(this, rest); };
  }
  const handle = cell.querySelector('.noUi-handle, .bgd-controls input, .bgd-controls select');
  for (const kind of ['keydown', 'input'])  // ours hears the keys before all others, and gives an input at once
    handle.addEventListener(kind, () => window.pressed.push(performance.now()), true);
  for (const kind of ['pointerup', 'mouseup'])
    document.addEventListener(kind, () => { window.released = performance.now(); }, true);
}"""


def report(quick):
    reason = in_browser.missing()
    if reason:
        print(f"\nSliders are left out: {reason}.")
        return
    ways = [way for way in WAYS if way not in PEERS or find_spec(way)]
    found = measure(ways, steps=15 if quick else 40)
    floor, interact = found["floor"], found["interact"]
    print("\nFrom the slider to the picture in JupyterLab, started as `make lab` does, in headless Chromium:")
    print(
        f"{'':22}{'step p50':>9}{'p95':>6}{'frames/s':>9}{'lag':>6}{'late':>5}{'CPU':>7}{'kB':>7}"
        "   p50 against interact, floor"
    )
    for way in ways:
        step, p95, sent, rate, lag, late, cpu = found[way]
        ratios = (
            f"{interact[0] / step:5.1f} times faster, {step / floor[0]:.2f} times the floor, {interact[-1] / cpu:5.1f}"
        )
        drag = f"{rate:9.1f}{lag:6.0f}{late:5}{cpu:7.1f}"
        print(f"{NAMES[way]:22}{step:6.0f} ms{p95:6.0f}{drag}{sent / 1e3:7.1f}   {ratios}")
    print(f"lag: ms from release to the last picture; late: pictures after release; medians of {DRAGS} drags;")
    print("CPU: ms of the kernel a picture of the drag; kB: what a step sends to the page.")
    for missing in [way for way in PEERS if way not in ways]:
        print(f"{missing} is not installed and left out (pip install {missing}).")
    print("\nThe first control of each explorer of the notebooks: step p50, p95, CPU of the kernel, bytes:")
    for name, (step, p95, sent, cpu) in measure_explorers(steps=8 if quick else 20).items():
        ratio = f"{step / floor[0]:9.2f} times the floor"
        print(f"{name:22}{step:6.0f} ms{p95:6.0f}{ratio}{cpu:7.1f} ms{sent / 1e3:9.1f} kB")


def measure(ways, steps):
    """(p50, p95, bytes of a step, frames a second, lag, late pictures, kernel CPU) of each way."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "root").mkdir()
        in_browser.write_notebook(folder / "root" / "sliders.ipynb", _cells(ways))
        with in_browser.server(folder) as serving, in_browser.chromium() as browser:
            notebook = in_browser.Notebook(browser, serving, "sliders.ipynb")
            notebook.run_all()
            found = {way: _measured(notebook, number, steps) for number, way in enumerate(ways, start=1)}
            notebook.close()
            return found


def measure_explorers(steps, names=EXPLORERS):
    """(p50, p95, bytes, kernel CPU) of a step of the first control of each explorer."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "root").mkdir()
        cells = [f"{name} = explorer_of({name!r}); {name}" for name in names]
        in_browser.write_notebook(folder / "root" / "explorers.ipynb", [*_cells([]), *cells])
        with in_browser.server(folder) as serving, in_browser.chromium() as browser:
            notebook, found = in_browser.Notebook(browser, serving, "explorers.ipynb"), {}
            notebook.run_all()
            for number, name in enumerate(names, start=1):
                _, handle = _watched(notebook, number)
                handle.focus()
                before = _cpu(notebook)
                found[name] = *_steps(notebook, steps), 1e3 * (_cpu(notebook) - before) / (steps + 3)
            notebook.close()
            return found


def _cells(ways):
    head = f"import sys; sys.path.insert(0, {str(in_browser.ROOT)!r})\n%matplotlib inline\n"
    return [f"{head}from bench.slider_figure import *", *(WAYS[way] for way in ways)]


def _measured(notebook, number, steps):
    page, (_, handle) = notebook.page, _watched(notebook, number)
    handle.focus()
    taken, drags = _steps(notebook, steps), []
    for _ in range(DRAGS):
        before = _cpu(notebook)
        *seen, pictures = _drag(page, handle)
        drags.append((*seen, 1e3 * (_cpu(notebook) - before) / pictures))
    return *taken, *(median(of_each) for of_each in zip(*drags))


def _watched(notebook, number):
    """(cell, handle of its first slider), watched from now on."""
    cell = notebook.page.locator(".jp-CodeCell").nth(number)
    cell.scroll_into_view_if_needed()
    handle = cell.locator(".noUi-handle, .bgd-controls input, .bgd-controls select").first
    handle.scroll_into_view_if_needed()
    time.sleep(1)
    cell.evaluate(WATCH)
    return cell, handle


def _steps(notebook, steps):
    """(p50, p95, bytes that reach the page) of a step, in ms; the first three steps warm up."""
    page, times, sizes = notebook.page, [], []
    wire = page.context.new_cdp_session(page)
    wire.on("Network.webSocketFrameReceived", lambda told: sizes.append(_size(told["response"])))
    wire.send("Network.enable")
    for step in range(steps + 3):
        count = page.evaluate("window.seen.length")
        page.keyboard.press("ArrowRight" if step % 2 == 0 else "ArrowLeft")
        page.wait_for_function("count => window.seen.length > count", arg=count, polling="raf")
        if step >= 3:
            times.append(page.evaluate("count => window.seen[count] - window.pressed.at(-1)", count))
        time.sleep(0.3)
    wire.detach()
    return median(times), quantiles(times, n=20)[-1], sum(sizes) / (steps + 3)


def _size(frame):
    """Bytes of a frame of a WebSocket; binary ones stand there in base64."""
    return len(frame["payloadData"]) * (3 / 4 if frame["opcode"] == 2 else 1)


def _cpu(notebook):
    return notebook.ask("time.process_time()", "import time")


def _drag(page, handle, seconds=2):
    """(pictures a second during a drag, ms from release to the last one, pictures after release, pictures in all)."""
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("window.seen.length = 0")
    start, turn = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        turn += 1
        page.mouse.move(x + 180 * abs((turn / 90) % 2 - 1) - 90, y)
        time.sleep(max(0, start + turn / 60 - time.perf_counter()))
    during = page.evaluate("window.seen.length")
    page.mouse.up()
    page.wait_for_timeout(1500)
    lag = page.evaluate("window.seen.at(-1) - window.released")
    late, pictures = page.evaluate("[window.seen.filter(t => t > window.released).length, window.seen.length]")
    return during / seconds, max(lag, 0), late, pictures
