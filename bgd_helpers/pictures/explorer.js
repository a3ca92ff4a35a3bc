// An explorer in a page: its controls, its picture, its words. `render` lets a kernel move it, `open` a set of scenes.

export function paint(canvas, commands, glyphs, [W, H]) {
  const g = canvas.getContext("2d"), scale = (canvas.clientWidth || W) * devicePixelRatio / W;
  const width = Math.round(W * scale), height = Math.round(H * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  g.setTransform(1, 0, 0, 1, 0, 0);
  g.clearRect(0, 0, width, height);
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.imageSmoothingEnabled = false;
  for (const c of commands) {
    g.save();
    if (c.b) { g.beginPath(); g.rect(...c.b); g.clip(); }
    Object.assign(g, { fillStyle: c.f, strokeStyle: c.s, lineWidth: c.w, lineJoin: c.j, lineCap: c.c });
    g.setLineDash(c.l ?? []);
    g.lineDashOffset = c.o ?? 0;
    if (c.t) {
      g.transform(...c.at);
      for (let i = 0; i < c.t.length; i += 4) {
        const [number, x, y, size] = c.t.slice(i, i + 4);
        g.save(); g.translate(x, y); g.scale(size, size); g.fill(glyphs[number]); g.restore();
      }
    } else if (c.i) g.drawImage(c.shape ??= image(c), ...c.at);
    else {
      const shapes = c.shapes ??= c.p ? lines(c) : [new Path2D(c.d)], at = c.at ?? [0, 0];
      for (let i = 0; i < at.length; i += 2) {
        g.translate(at[i], at[i + 1]);
        if (c.f) g.fill(shapes[0]);
        if (c.s) shapes.forEach(shape => g.stroke(shape));  // lines that cross darken each other, as in Agg
        g.translate(-at[i], -at[i + 1]);
      }
    }
    g.restore();
  }
}

const lines = ({ p, m }) => m.map((start, n) => {
  const path = new Path2D();
  for (let i = start; i < (m[n + 1] ?? p.length); i += 2) path.lineTo(p[i], p[i + 1]);
  return path;
});

const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

function image({ i, n: [width, height] }) {
  const [colours, which] = i.map(bytes), every = new Uint32Array(colours.buffer);
  const entries = every.length < 256 ? which : new Uint16Array(which.buffer), pixels = Uint32Array.from(entries, n => every[n]);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  return canvas;
}

addEventListener("keydown", event => {  // at the window: Jupyter would keep the arrows for itself
  const slider = event.target, step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!step || !slider.matches?.(".bgd-controls input")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  slider.valueAsNumber += step;
  for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name));
}, true);

let count = 0;
function add(parent, tag, given = {}, text = "") {
  const element = parent.appendChild(document.createElement(tag));
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
  element.append(text);
  return element;
}

// The controls, the picture and the words in `box`; returns what shows a state, `{positions, commands, glyphs, …}`.
function build(box, spec, move, failed) {
  const words = `bgd-words-${count++}-${Math.random().toString(36).slice(2)}`;
  box.replaceChildren();
  box.classList.add("bgd-explorer");
  box.setAttribute("data-lm-suppress-shortcuts", "true");  // JupyterLab's keys are not for what is in here
  box.onkeydown = event => event.stopPropagation();  // nor the notebook's: a menu has its arrows
  for (const [name, text] of spec.prompt) add(add(box, "p"), "b", {}, `${name} `).after(text);
  const rows = add(box, "div", { class: "bgd-controls" }), moved = () => move(inputs.map(input => input.valueAsNumber));
  const inputs = spec.controls.map(control => {
    const { label, tooltip, texts, kind, eager } = control, row = add(rows, "label", { title: tooltip });
    add(row, "span", {}, label);
    if (kind === "menu") {
      const menu = Object.assign(add(row, "select", { "aria-label": label }), { say() {} });
      for (const [value, text] of texts.entries()) add(menu, "option", { value }, text);
      Object.defineProperty(menu, "valueAsNumber", { get: () => menu.selectedIndex, set: at => { menu.selectedIndex = at; } });
      menu.addEventListener("change", moved);
      return menu;
    }
    const slider = add(row, "input", { type: "range", min: 0, max: texts.length - 1, "aria-label": label });
    const shown = add(row, "span", { class: "bgd-value", "aria-hidden": "true" });
    slider.say = () => slider.setAttribute("aria-valuetext", shown.textContent = texts[slider.valueAsNumber]);
    slider.addEventListener("input", () => { slider.say(); if (eager) moved(); });
    if (!eager) slider.addEventListener("change", moved);
    return slider;
  });
  add(rows, "button", { type: "button", title: "Every control as it was at first" }, "Reset").onclick = () => move(spec.start);
  const busy = add(rows, "progress", { max: 1, "aria-label": "computing" });
  const [W, H] = spec.size, frame = add(box, "div", { class: "bgd-frame", role: "group", "aria-label": "picture", style: `max-width: ${W / spec.ratio}px` });
  const stack = add(frame, "div", { class: "bgd-picture", style: `aspect-ratio: ${W} / ${H}; --least: ${0.7 * W / spec.ratio}px` });
  const still = add(stack, "img", { alt: "" });
  const canvas = add(stack, "canvas", { role: "img", "aria-label": "the picture, in words below", "aria-describedby": words });
  const text = add(box, "div", { class: "bgd-words", id: words, "aria-live": "polite", style: `min-height: ${1.45 * (spec.lines + 1)}em` });
  const error = add(box, "pre", { role: "alert" });
  let state, seen, resting;
  const draw = () => {
    try { if (state?.commands) paint(canvas, state.commands, state.glyphs, spec.size); } catch (reason) { failed(reason); }
  };
  new ResizeObserver(() => { frame.tabIndex = frame.scrollWidth > frame.clientWidth ? 0 : -1; draw(); }).observe(canvas);
  addEventListener("resize", draw);
  return shown => {
    state = shown;
    inputs.forEach((input, i) => { if (input.valueAsNumber !== state.positions[i]) input.valueAsNumber = state.positions[i]; input.say(); });
    if (seen !== state.static) still.src = `data:image/png;base64,${seen = state.static}`;
    draw();
    box.dataset.moves = state.moves ?? "";
    busy.hidden = !state.busy;
    busy.value = state.busy ?? 0;
    error.textContent = state.error ?? "";
    clearTimeout(resting);  // the words are read out once the hand rests
    resting = setTimeout(() => { text.textContent = state.text; }, text.textContent ? 250 : 0);
  };
}

// A line of JSON; then, as float32, the arrays whose sizes it has.
function unpacked({ buffer, byteOffset, byteLength }) {
  const all = new Uint8Array(buffer, byteOffset, byteLength), end = all.indexOf(10);
  const numbers = new Float32Array(all.slice(end + 1).buffer), commands = JSON.parse(new TextDecoder().decode(all.subarray(0, end)));
  let from = 0;
  const take = size => numbers.subarray(from, from += size);
  for (const c of commands) for (const name of ["p", "at"]) if (c[name] > 0) c[name] = take(c[name]);
  return commands;
}

function render({ model, el }) {
  const spec = model.get("spec"), glyphs = [], scene = {};
  const part = name => {
    const packed = model.get(name);
    if (scene[name]?.packed !== packed) scene[name] = { packed, commands: unpacked(packed) };
    return scene[name].commands;
  };
  const show = build(el, spec, positions => { model.set("positions", positions); model.save_changes(); },
    reason => { if (!model.get("needs_png")) { model.set("needs_png", String(reason)); model.save_changes(); } });
  const shown = () => {
    const outlines = model.get("glyphs"), state = {};
    while (glyphs.length < outlines.length) glyphs.push(new Path2D(outlines[glyphs.length]));
    for (const name of ["positions", "static", "text", "error", "busy", "moves"]) state[name] = model.get(name);
    show({ ...state, glyphs, commands: model.get("needs_png") ? null : spec.parts.flatMap(part) });
  };
  model.on("change:moves change:busy", shown);
  shown();
}
export default { render };

// With no kernel: a scene for each state of a grid, its first control the slowest; the first part of each is the still.
export function open(box, { spec, parts, scenes, texts, glyphs }) {
  const shapes = glyphs.map(outline => new Path2D(outline)), show = build(box, spec, move, () => {});
  function move(positions) {
    const at = positions.reduce((sum, position, i) => sum * spec.controls[i].texts.length + position, 0);
    const [still, ...scene] = scenes[at];
    show({ positions, commands: scene.flatMap(number => parts[number]), glyphs: shapes, text: texts[at], static: parts[still] });
  }
  move(spec.start);
}

export function whenSeen(box, data) {
  new IntersectionObserver(async (entries, watch) => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    watch.disconnect();
    const packed = new Blob([bytes(data.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
    open(box, await new Response(packed).json());
  }, { rootMargin: "300px" }).observe(box);
}
