(() => {
  const block = document.getElementById("simulator-data");
  if (!block) return;
  const data = JSON.parse(block.textContent);
  const { words, sliders, deployments, currency } = data;
  const element = (id) => document.getElementById(id);
  const lang = document.documentElement.lang || "en";
  const formats = new Map();
  const least = 1e-9;

  // --- numbers in words, as evalkit/report/format.py writes them ---
  function fixed(value, most, min = most) {
    const name = most + " " + min;
    if (!formats.has(name)) {
      formats.set(name, new Intl.NumberFormat(lang, { minimumFractionDigits: min, maximumFractionDigits: most }));
    }
    return formats.get(name).format(rounded(value, most));
  }
  // As Python rounds: by the value in the machine, not its decimals, and a tie to the even digit.
  function rounded(value, n) {
    const size = 10 ** n;
    const isTie = Number.isInteger(value * 2 ** (n + 1)) && (value * size) % 1 === 0.5;
    return isTie ? (2 * Math.round((value * size) / 2)) / size : Number(value.toFixed(n));
  }
  const say = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const power = (value) => Math.floor(Math.log10(value));

  // The last digits hang on the order of sums.
  const steady = (value) => Number(value.toPrecision(12));
  function amount(value) {
    if (value >= 999500) {
      const millions = value / 1e6;
      return say(words.M, { n: fixed(millions, millions >= 1 ? Math.max(0, 2 - power(millions)) : 2) });
    }
    if (value >= 99.995) return fixed(value, 0);
    if (value >= 0.995) return fixed(value, 2);
    return value === 0 ? "0" : fixed(value, Math.min(2 - power(value), 20), 2);
  }
  const money = (value) =>
    value === null || !Number.isFinite(value)
      ? words.missing
      : say(value < 0 ? words.debt : words.money, { currency, amount: amount(Math.abs(steady(value))) });
  const number = (value) => (value ? fixed(steady(value), Math.max(0, Math.min(3 - power(Math.abs(value)), 20)), 0) : "0");
  const two = (value) => Number(value.toPrecision(2));
  function compact(value) {
    const three = (n) => (n ? fixed(n, Math.max(0, Math.min(2 - power(n), 20)), 0) : "0");
    for (const [name, size] of [["B", 1e9], ["M", 1e6], ["k", 1e3]]) {
      if (value >= size * 0.9995) return say(words[name], { n: three(value / size) });
    }
    return three(value);
  }
  const months = (n) => say(n === 1 ? words.month_one : words.month_many, { n: number(n) });
  const shown = { money, number, percent: (value) => say(words.percent, { n: fixed(100 * value, 1) }) };
  const ends = (counts) => (counts ? [...new Set(counts)].map(number).join(" → ") : words.missing);

  // --- what the sliders say ---
  const given = { ...data.inputs, horizon_months: data.months };
  const inputs = sliders.map((_, i) => element("what-if-" + i));
  const loadAt = (s, share) => {
    const load = s.low * (s.high / s.low) ** share;
    return Math.max(Number(load.toPrecision(3)), 1);
  };
  function valueOf(s, position) {
    if (position === s.start) return given[s.key];
    return s.scale === "log" ? loadAt(s, position / s.steps) : Number((s.low + position * s.step).toPrecision(12));
  }
  function read() {
    const values = { ...given };
    sliders.forEach((s, i) => {
      values[s.key] = valueOf(s, Number(inputs[i].value));
      const words = shown[s.kind](values[s.key]);
      element(inputs[i].id + "-shown").textContent = words;
      inputs[i].setAttribute("aria-valuetext", words);
      inputs[i].parentElement.classList.toggle("moved", values[s.key] !== given[s.key]);
    });
    return values;
  }

  // --- table and sentence ---
  function write(id, rows) {
    rows.forEach((cells, i) =>
      cells.forEach((text, j) => {
        element(id).tBodies[0].rows[i].cells[j + 1].textContent = text;
      }),
    );
  }
  function mark(values, column) {
    const lowest = Math.min(...values);
    values.forEach((value, i) => {
      const cell = element("sim-options").tBodies[0].rows[i].cells[column];
      cell.classList.toggle("least", values.length > 1 && value <= lowest + least * Math.abs(lowest));
    });
  }
  const name = (i) => deployments[i].name + (deployments[i].broken ? ` (${words.breaks})` : "");
  const whole = (value) => money(value).replaceAll(" ", "\u00a0");
  function cheapest(found, n) {
    const order = (what) => found.options.map((_, i) => i).sort((a, b) => found.options[a][what] - found.options[b][what]);
    const [best, next] = order("total");
    const total = (i) => found.options[i].total;
    const values = { time: months(n), option: name(best), amount: whole(total(best)) };
    const parts = [];
    if (next !== undefined) {
      const gap = total(next) - total(best);
      const isLevel = gap <= least * Math.abs(total(best));
      parts.push(say(isLevel ? words.level : words.least, { ...values, gap: whole(gap), other: name(next) }));
    }
    const kept = order("total").find((i) => !deployments[i].broken);
    if (deployments[best].broken && kept !== undefined) {
      parts.push(say(words.kept, { option: name(kept), amount: whole(total(kept)) }));
    }
    if (next !== undefined) {
      const now = order("first")[0];
      const first = whole(found.options[now].first);
      parts.push(say(words.least_now, { n: number(found.requests), option: now === best ? deployments[now].name : name(now), amount: first }));
    }
    return parts.join(" ");
  }

  // --- the scenario that gives the same ---
  const plain = (value) => String(steady(value)).replace(/^(-?\d+)e/, "$1.0e");
  const isPlain = (text) => /^[a-z][\w-]*$/i.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text);
  const scalar = (text) => (isPlain(text) || /^\d{4}-\d\d-\d\d$/.test(text) ? text : JSON.stringify(text));
  const flow = (node) =>
    typeof node === "string"
      ? node
      : `{${Object.entries(node).map(([k, v]) => `${k}: ${flow(v)}`).join(", ")}}`;
  function yaml(values) {
    const moved = new Set(sliders.map((s) => s.key).filter((key) => values[key] !== given[key]));
    const tree = moved.has("horizon_months") ? { horizon_months: plain(values.horizon_months) } : {};
    const told = new Set(["horizon_months"]);
    for (const entry of data.yaml) {
      if (!entry.on.some((key) => moved.has(key))) continue;
      entry.on.forEach((key) => told.add(key));
      const at = entry.at.slice(0, -1);
      const node = at.reduce((below, key) => (below[key] ??= {}), tree);
      node[entry.at.at(-1)] = entry.key ? plain(values[entry.key] * entry.factor) : scalar(entry.text);
    }
    const lines = Object.entries(tree).flatMap(([key, node]) =>
      key === "options"
        ? ["options:", ...Object.entries(node).map(([option, keys]) => `  - ${flow({ name: scalar(option), ...keys })}`)]
        : [`${key}: ${flow(node)}`],
    );
    const rest = sliders.filter((s) => moved.has(s.key) && !told.has(s.key));
    return [...lines, ...rest.map((s) => `# ${s.label}: ${plain(values[s.key])} (${words.no_key})`)].join("\n");
  }

  function breakEven(load, yours) {
    if (load === null) return words.no_load;
    if (load > data.near * yours) return words.far;
    return load ? number(two(load)) : words.any_load;
  }

  // --- on every move ---
  const charts = costCharts(data, { say, money, compact, two });
  let waiting = 0;
  let last = null;
  function update() {
    const values = read();
    const n = values.horizon_months;
    const found = costModel(data, values, n);
    last = { found, n };
    write("sim-options", found.options.map((o) => [
      ...[o.first, o.mean, o.total, o.per1000, o.perCorrect].map(money), ends(o.replicas), ends(o.servers),
    ]));
    mark(found.options.map((o) => o.first), 1);
    mark(found.options.map((o) => o.total), 3);
    if (found.pairs.length) {
      write("sim-pairs", found.pairs.map((p) => [
        breakEven(p.breakEven, found.requests),
        p.payback === null ? words.never : months(p.payback),
        money(p.saving),
      ]));
    }
    const text = yaml(values);
    element("sim-moved").textContent = text ? words.moved : words.as_given;
    element("sim-yaml").textContent = text;
    element("sim-yaml").hidden = !text;
    form.querySelector("button").disabled = !text;
    for (const [table, asGiven, moved] of captions) {
      table.caption.textContent = text ? moved : asGiven;
      table.parentElement.setAttribute("aria-label", table.caption.textContent);
    }
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      element("sim-sentence").textContent = cheapest(found, n);
    }, 200);
    redraw();
  }
  function redraw() {
    charts.overLoad(last.found);
    charts.overMonths(last.found, last.n);
  }

  const form = document.querySelector(".sim-controls");
  const captions = [["sim-options", say(words.caption, { currency })], ["sim-pairs", words.caption_pairs]]
    .map(([id, moved]) => [element(id), moved])
    .filter(([table]) => table)
    .map(([table, moved]) => [table, table.caption.textContent, moved]);
  for (const part of document.querySelectorAll(".sim-script")) part.hidden = false;
  element("sim-sentence").hidden = deployments.length < 2;
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  window.addEventListener("resize", redraw);
  update();
})();
