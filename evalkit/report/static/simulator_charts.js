// Draws the two charts of the sliders' section; colours and dark mode are simulator.css's.
const costCharts = (data, { say, money, compact, two }) => {
  const { words, deployments, currency, sliders } = data;
  const dashes = ["", "9 3", "3 3", "10 3 3 3"];

  function draw(tag, attributes, parent, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return parent.appendChild(node);
  }
  function canvas(id, title, described) {
    const box = document.getElementById(id);
    const width = Math.max(Math.min(box.clientWidth || 480, 720), 280);
    const right = Math.min(150, width * 0.34);
    const top = 34;
    const bottom = Math.max(248, top + 15 * (deployments.length - 1));
    const svg = draw("svg", { viewBox: `0 0 ${width} ${bottom + 42}`, role: "img", "aria-label": "" }, document.createDocumentFragment());
    svg.setAttribute("aria-label", say(words.described, { title, values: described }));
    box.replaceChildren(svg);
    return { svg, left: 54, right: width - right, top, bottom, width };
  }
  const power = (value) => Math.floor(Math.log10(value));
  const path = (points) => points.map(([x, y], i) => (i ? "L" : "M") + x.toFixed(1) + " " + y.toFixed(1)).join("");
  const steps = (top) => {
    const unit = 10 ** power(top / 4);
    const step = [1, 2, 5, 10].find((n) => n * unit * 4.01 >= top) * unit;
    return Array.from({ length: Math.floor(top / step + 0.001) + 1 }, (_, i) => i * step);
  };
  function ticks(low, high) {
    const each = high / low > 200 ? [1] : [1, 2, 5];
    const all = [];
    for (let p = power(low); p <= power(high); p += 1) all.push(...each.map((n) => n * 10 ** p));
    return all.filter((v) => v >= low * 0.999 && v <= high * 1.001);
  }
  function axes(c, x, y, xs, ys, label) {
    for (const v of ys) {
      draw("line", { class: "rule", x1: c.left, x2: c.right, y1: y(v), y2: y(v) }, c.svg);
      draw("text", { x: c.left - 6, y: y(v) + 4, "text-anchor": "end" }, c.svg, compact(v));
    }
    for (const v of xs) draw("text", { x: x(v), y: c.bottom + 17, "text-anchor": "middle" }, c.svg, compact(v));
    draw("text", { x: (c.left + c.right) / 2, y: c.bottom + 36, "text-anchor": "middle" }, c.svg, label);
    draw("text", { x: 0, y: 12 }, c.svg, currency);
  }
  function dot(c, i, x, y) {
    const d = deployments[i];
    const shape = { buy: "M-4-4h8v8h-8z", blend: "M0-5.5L5.5 0L0 5.5L-5.5 0z" }[d.side] ?? "M-4.5 0a4.5 4.5 0 1 1 9 0a4.5 4.5 0 1 1-9 0z";
    draw("path", { class: "dot s" + (d.series % 8), d: shape, transform: `translate(${x} ${y})` }, c.svg);
  }
  // Lines with their names at the right, moved apart where they would touch.
  function lines(c, curves) {
    const order = curves.map((points, i) => ({ i, y: points.at(-1)[1] })).sort((a, b) => a.y - b.y);
    let free = c.top;
    for (const one of order) free = (one.at = Math.max(one.y, free)) + 15;
    let most = c.bottom + 4;
    for (const one of [...order].reverse()) most = (one.at = Math.min(one.at, most)) - 15;
    const longest = Math.floor((c.width - c.right - 20) / 7);
    for (const { i, y, at } of order) {
      const s = deployments[i].series;
      draw("path", { class: "line s" + (s % 8), d: path(curves[i]), "stroke-dasharray": dashes[s % 4] }, c.svg);
      draw("path", { class: "lead", d: `M${c.right + 2} ${y}L${c.right + 12} ${at}` }, c.svg);
      const text = deployments[i].name;
      const cut = text.length > longest ? text.slice(0, longest - 1) + "…" : text;
      const label = draw("text", { class: "name", x: c.right + 15, y: at + 4 }, c.svg, cut);
      draw("title", {}, label, text);
    }
  }
  const described = (values) => values.map((v, i) => `${deployments[i].name}: ${money(v)}`).join("; ");
  function overLoad(found) {
    const s = sliders[0];
    const today = deployments.map((_, i) => found.monthly(i, found.requests));
    const c = canvas("sim-load", words.load_title, described(today));
    const loads = Array.from({ length: 181 }, (_, i) => s.low * (s.high / s.low) ** (i / 180));
    const costs = deployments.map((_, i) => loads.map((load) => found.monthly(i, load)));
    const known = costs.flat().filter((v) => v > 0);
    const top = known.length ? Math.max(...known) : 1;
    const low = known.length ? Math.max(Math.min(...known), top / 1e5) : 0.1;
    const x = (v) => c.left + ((c.right - c.left) * Math.log(v / s.low)) / Math.log(s.high / s.low);
    const span = Math.log(top / low) || 1;
    const y = (v) => c.bottom - ((c.bottom - c.top) * Math.log(Math.max(v, low) / low)) / span;
    axes(c, x, y, ticks(s.low, s.high), ticks(low, top), words.load_axis);
    const at = x(found.requests);
    draw("line", { class: "now", x1: at, x2: at, y1: c.top - 6, y2: c.bottom }, c.svg);
    draw("text", { class: "now", x: at, y: c.top - 10, "text-anchor": "middle" }, c.svg, words.load_now);
    lines(c, costs.map((each) => each.map((v, i) => [x(loads[i]), y(v)])));
    const evens = found.pairs.map((p, i) => [p.breakEven, data.pairs[i][1]]).filter(([even]) => even > s.low && even < Math.min(s.high, data.near * found.requests));
    evens.sort(([a], [b]) => Math.abs(Math.log(a / found.requests)) - Math.abs(Math.log(b / found.requests)));
    evens.forEach(([even, api], i) => {
      const [cx, cy] = [x(even), y(found.monthly(api, even))];
      const circle = draw("circle", { class: "even", cx, cy, r: 8 }, c.svg);
      const text = say(words.break_even, { n: compact(two(even)) });
      draw("title", {}, circle, text);
      if (i) return;
      const away = even < found.requests ? -1 : 1;
      const side = cx > c.right - 110 ? -1 : cx < c.left + 110 ? 1 : away;
      draw("path", { class: "lead", d: `M${cx} ${cy + 8}V${c.bottom - 4}` }, c.svg);
      draw("text", { class: "name", x: cx + side * 5, y: c.bottom - 8, "text-anchor": side < 0 ? "end" : "start" }, c.svg, text);
    });
    today.forEach((v, i) => dot(c, i, at, y(v)));
  }
  function overMonths(found, n) {
    const totals = found.options.map((o) => o.total);
    const c = canvas("sim-months", words.months_title, described(totals));
    const all = found.options.flatMap((o) => o.cumulated);
    const top = Math.max(...all, 0) || 1;
    const bottom = Math.min(...all, 0);
    const x = (t) => c.left + ((c.right - c.left) * t) / n;
    const y = (v) => c.bottom - ((c.bottom - c.top) * (v - bottom)) / (top - bottom);
    const every = [1, 3, 6, 12, 24].find((step) => n / step <= 6) ?? 36;
    const marks = Array.from({ length: Math.floor(n / every) + 1 }, (_, i) => i * every);
    axes(c, x, y, marks, steps(top), words.months_axis);
    lines(c, found.options.map((o) => o.cumulated.map((v, t) => [x(t), y(v)])));
    totals.forEach((v, i) => dot(c, i, c.right, y(v)));
  }

  return { overLoad, overMonths };
};
