"use strict";
(function () {
  const block = document.getElementById("explorer-data");
  const index = document.getElementById("explorer-index");
  if (!block || !index) return;

  const PER_PAGE = 50, MOST_KEPT = 16, SLICE_MS = 20, WAIT_MS = 180;
  const DISAGREE = 1, WRONG = 2, UNANSWERED = 4;
  const SIGNS = { r: "✓", w: "✗", n: "–", u: "∅", "-": "·" };
  const CLASSES = { r: "right", w: "wrong", n: "", u: "failed", "-": "" };
  const { words, models } = JSON.parse(block.textContent);
  const language = document.documentElement.lang || "en";
  const $ = (id) => document.getElementById("explorer-" + id);
  const fields = { task: $("task"), model: $("model"), disagree: $("disagree"), wrong: $("wrong"), unanswered: $("unanswered") };
  let tasks = [], n = 0, flags, taskOf, chunkOf, rowOf, firstOf = [];
  let hits = [], page = 0, wanted = "", turn = 0, isDone = true, unsearched = 0;

  // --- words and numbers ---------------------------------------------------------------------------------------
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const count = (k) => new Intl.NumberFormat(language).format(k);
  const figures = (x) => new Intl.NumberFormat(language, { maximumSignificantDigits: 3, useGrouping: false }).format(x);
  const fixed = (x, digits) =>
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(x);
  function duration(ms) {
    if (ms < 1000) return fill(words.ms, { n: figures(ms) });
    if (ms < 120000) return fill(words.s, { n: fixed(ms / 1000, ms < 10000 ? 2 : 1) });
    return fill(words.min, { n: fixed(ms / 60000, 1) });
  }
  function dollars(micro) {
    return fill(words.usd, { n: micro >= 1e6 || micro === 0 ? fixed(micro / 1e6, 2) : figures(micro / 1e6) });
  }

  function element(name, options, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(options || {})) if (value !== undefined) made[key] = value;
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  // --- docs ----------------------------------------------------------------------------------------------------
  function learn(found) {
    tasks = found;
    n = tasks.reduce((sum, t) => sum + t.ids.length, 0);
    flags = new Uint8Array(n);
    taskOf = new Uint16Array(n);
    chunkOf = new Int32Array(n).fill(-1);
    rowOf = new Uint16Array(n);
    let doc = 0, chunk = 0;
    tasks.forEach((t, number) => {
      firstOf.push(doc);
      let id = 0, row = 0, left = 0;
      t.ids = t.ids.map((step) => (id += step));
      const sizes = t.chunks.slice();
      for (let i = 0; i < t.ids.length; i++, doc++) {
        taskOf[doc] = number;
        flags[doc] = flagged(t.marks, i * models.length);
        if (t.kept && t.kept[i] === "0") continue;
        if (!left) {
          left = sizes.shift();
          row = 0;
          chunk++;
        }
        chunkOf[doc] = chunk - 1;
        rowOf[doc] = row++;
        left--;
      }
    });
  }

  function flagged(marks, at) {
    let right = false, wrong = false, unanswered = false;
    for (let i = at; i < at + models.length; i++) {
      if (marks[i] === "r") right = true;
      else if (marks[i] === "w") wrong = true;
      else if (marks[i] === "u") unanswered = true;
    }
    return (right && wrong ? DISAGREE : 0) | (wrong ? WRONG : 0) | (unanswered ? UNANSWERED : 0);
  }

  const place = (doc) => doc - firstOf[taskOf[doc]];
  const idOf = (doc) => tasks[taskOf[doc]].ids[place(doc)];
  const markOf = (doc, model) => tasks[taskOf[doc]].marks[place(doc) * models.length + model];

  /* Docs of all tasks of that name with that id, in order: they share a link up to its last number. */
  function namesakes(name, id) {
    const found = [];
    tasks.forEach((t, number) => {
      if (t.task !== name) return;
      for (let i = t.ids.indexOf(id); i >= 0 && t.ids[i] === id; i++) found.push(firstOf[number] + i);
    });
    return found;
  }

  function anchorOf(doc) {
    const name = tasks[taskOf[doc]].task;
    const which = namesakes(name, idOf(doc)).indexOf(doc);
    return "doc-" + encodeURIComponent(name) + "-" + idOf(doc) + (which ? "." + (which + 1) : "");
  }

  function docAt(hash) {
    for (const t of tasks) {
      const start = "#doc-" + encodeURIComponent(t.task) + "-";
      const end = hash.startsWith(start) && /^(-?\d+)(?:\.(\d+))?$/.exec(hash.slice(start.length));
      if (end) return namesakes(t.task, Number(end[1]))[(Number(end[2]) || 1) - 1];
    }
    return undefined;
  }

  // --- chunks --------------------------------------------------------------------------------------------------
  const kept = new Map();

  function chunkAt(number, keep) {
    let found = kept.get(number);
    if (found) kept.delete(number);
    else found = read(document.getElementById("explorer-chunk-" + number)).then(unpacked);
    if (keep || kept.size < MOST_KEPT) kept.set(number, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
    return found;
  }

  /* The JSON that explorer_pack.py deflated and wrote in base64. */
  async function read(block) {
    const text = atob(block.textContent), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new Response(new Response(bytes).body.pipeThrough(new DecompressionStream("deflate"))).json();
  }

  function unpacked(chunk) {
    const texts = [], cuts = new Map();
    const number = (value) => {
      if (value === null) return -1;
      if (typeof value === "number") return value;
      if (typeof value !== "string") {
        cuts.set(texts.length, value[1]);
        value = value[0];
      }
      return texts.push(value) - 1;
    };
    const rows = chunk.texts.map(number);
    const own = new Map((chunk.own || []).map(([at, value]) => [at, number(value)]));
    const why = new Map((chunk.why || []).map(([at, value]) => [at, number(value)]));
    const thoughts = new Map((chunk.thoughts || []).map(([at, value]) => [at, number(value)]));
    return { texts, cuts, rows, own, why, thoughts, columns: chunk, width: models.length + 2 };
  }

  function numbersOf(chunk, row) {
    const numbers = Array.from(chunk.rows.slice(row * chunk.width, (row + 1) * chunk.width));
    for (let at = row * models.length; at < (row + 1) * models.length; at++) {
      if (chunk.own.has(at)) numbers.push(chunk.own.get(at));
      if (chunk.why.has(at)) numbers.push(chunk.why.get(at));
    }
    return numbers;
  }

  // --- filters and search --------------------------------------------------------------------------------------
  function filtered() {
    const [kind, which] = fields.task.value.split(":");
    const needed =
      (fields.disagree?.checked ? DISAGREE : 0) | (fields.wrong.checked ? WRONG : 0) | (fields.unanswered?.checked ? UNANSWERED : 0);
    const model = fields.model && fields.model.value !== "" ? Number(fields.model.value) : -1;
    const found = [];
    tasks.forEach((t, number) => {
      if (kind === "task" ? Number(which) !== number : kind === "suite" && tasks[Number(which)].suite !== t.suite) return;
      for (let i = 0, doc = firstOf[number]; i < t.ids.length; i++, doc++) {
        if ((flags[doc] & needed) === needed && (model < 0 || t.marks[i * models.length + model] === "w")) found.push(doc);
      }
    });
    return found;
  }

  function apply() {
    turn++;
    page = 0;
    wanted = $("text").value.trim().toLowerCase();
    const candidates = filtered();
    if (wanted) return search(candidates, turn);
    hits = candidates;
    unsearched = 0;
    finish();
    return undefined;
  }

  async function search(candidates, mine) {
    hits = [];
    isDone = false;
    $("count").textContent = "";
    show();
    const readable = candidates.filter((doc) => chunkOf[doc] >= 0);
    unsearched = candidates.length - readable.length;
    const numbers = [...new Set(readable.map((doc) => chunkOf[doc]))];
    let searched = 0, since = performance.now(), ahead = numbers.length ? chunkAt(numbers[0], false) : null;
    for (let k = 0; k < numbers.length; k++) {
      const chunk = await ahead;
      if (mine !== turn) return;
      if (k + 1 < numbers.length) ahead = chunkAt(numbers[k + 1], false);
      const matches = chunk.texts.map((text) => text.toLowerCase().includes(wanted));
      const before = hits.length;
      for (; searched < readable.length && chunkOf[readable[searched]] === numbers[k]; searched++) {
        if (numbersOf(chunk, rowOf[readable[searched]]).some((number) => matches[number])) hits.push(readable[searched]);
      }
      progress(searched, readable.length);
      if (before < PER_PAGE && hits.length > before) show();
      if (performance.now() - since > SLICE_MS) {
        await new Promise((resume) => setTimeout(resume));
        if (mine !== turn) return;
        since = performance.now();
      }
    }
    finish();
  }

  function progress(searched, all) {
    $("progress").hidden = isDone;
    $("progress").max = Math.max(all, 1);
    $("progress").value = searched;
    $("searched").textContent = isDone ? "" : fill(words.searched, { n: count(searched), all: count(all), hits: count(hits.length) });
  }

  function finish() {
    isDone = true;
    progress(0, 0);
    const found = fill(words.count, { n: count(hits.length), all: count(n) });
    $("count").textContent = unsearched ? found + "; " + fill(words.unsearched, { n: count(unsearched) }) : found;
    show();
  }

  // --- the list ------------------------------------------------------------------------------------------------
  function show(open) {
    const n_pages = Math.max(1, Math.ceil(hits.length / PER_PAGE));
    page = Math.min(page, n_pages - 1);
    const docs = hits.slice(page * PER_PAGE, (page + 1) * PER_PAGE);
    $("list").replaceChildren(...docs.map((doc) => row(doc, doc === open)));
    for (const pager of document.querySelectorAll(".explorer-pager")) {
      pager.hidden = n_pages < 2;
      pager.querySelector(".page").textContent = fill(words.page, { n: count(page + 1), all: count(n_pages) });
      pager.querySelector(".prev").disabled = page === 0;
      pager.querySelector(".next").disabled = page >= n_pages - 1;
    }
  }

  function row(doc, isOpen) {
    const marks = models.map((model, i) => mark(markOf(doc, i), model.label));
    const summary = element(
      "summary", {},
      element("b", {}, fill(words.doc, { n: idOf(doc) })),
      element("span", { className: "of" }, tasks[taskOf[doc]].task),
      element("span", { className: "marks" }, ...marks),
    );
    const details = element("details", { className: "doc" }, summary);
    details.id = anchorOf(doc);
    details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && fillIn(details, doc));
    details.open = isOpen;
    return details;
  }

  function mark(code, label) {
    const name = words.marks[code];
    return element(
      "span", { className: "mark " + CLASSES[code], title: label + ": " + name },
      SIGNS[code] + " ", label, element("span", { className: "hear" }, " " + name + "; "),
    );
  }

  async function fillIn(details, doc) {
    const body = element("div", { className: "body" });
    details.append(body);
    body.append(element("p", { className: "link" }, element("a", { href: "#" + anchorOf(doc) }, words.link)));
    if (chunkOf[doc] < 0) {
      body.append(element("p", { className: "missing" }, words.noTexts));
      return;
    }
    let chunk;
    try {
      chunk = await chunkAt(chunkOf[doc], true);
    } catch {
      body.append(element("p", { className: "missing" }, words.damaged));
      return;
    }
    const at = rowOf[doc] * chunk.width;
    const text = (number) => shown(chunk, number);
    if (chunk.rows[at] >= 0) body.append(element("h4", {}, words.prompt), text(chunk.rows[at]));
    body.append(element("h4", {}, words.expected), text(chunk.rows[at + 1]));
    const answers = models.map((model, i) => answer(chunk, doc, i, chunk.rows[at + 2 + i]));
    body.append(element("div", { className: "answers" }, ...answers));
  }

  function answer(chunk, doc, i, number) {
    const code = markOf(doc, i);
    if (code === "-") return null;
    const at = rowOf[doc] * models.length + i;
    const chip = element("span", { className: "chip c" + (i % 8) });
    const part = element(
      "section", { className: "answer" },
      element("h4", {}, chip, models[i].label, " ", element("span", { className: "mark " + CLASSES[code] }, SIGNS[code] + " " + words.marks[code])),
    );
    const facts = factsOf(chunk, at, models[i]);
    if (facts) part.append(element("p", { className: "facts" }, facts));
    if (chunk.own.has(at)) part.append(element("details", {}, element("summary", {}, words.own), shown(chunk, chunk.own.get(at))));
    if (chunk.thoughts.has(at)) part.append(element("details", {}, element("summary", {}, words.thoughts), shown(chunk, chunk.thoughts.get(at))));
    part.append(chunk.why.has(at) ? element("p", { className: "failure" }, chunk.texts[chunk.why.get(at)]) : shown(chunk, number));
    return part;
  }

  function factsOf(chunk, at, model) {
    const { scores = {}, call, in: input, out, ttft, e2e, cost } = chunk.columns;
    const known = (column) => column && column[at] !== null && column[at] !== undefined;
    const parts = Object.entries(scores)
      .filter(([, column]) => known(column))
      .map(([name, column]) => name + "\u00a0" + figures(column[at]));
    if (known(call)) parts.unshift(words.call);
    if (known(input)) parts.push(fill(words.input, { n: count(input[at]) }));
    if (known(out)) parts.push(fill(words.output, { n: count(out[at]) }));
    if (known(ttft)) parts.push(fill(words.ttft, { time: duration(ttft[at]) }));
    if (known(e2e)) parts.push(fill(words.e2e, { time: duration(e2e[at]) }));
    if (known(cost)) parts.push(dollars(cost[at]));
    else if (model.isApi && !chunk.why.has(at)) parts.push(words.noCost);
    return parts.join(" · ");
  }

  function shown(chunk, number) {
    const text = number < 0 ? "" : chunk.texts[number];
    const pre = element("pre", { tabIndex: 0 }, ...highlighted(text));
    if (chunk.cuts.has(number)) pre.append(element("i", {}, " … " + fill(words.cut, { n: count(chunk.cuts.get(number)) })));
    return pre;
  }

  function highlighted(text) {
    const lower = text.toLowerCase(), parts = [];
    if (!wanted || lower.length !== text.length) return [text];
    let from = 0;
    for (let at = lower.indexOf(wanted); at >= 0 && parts.length < 400; at = lower.indexOf(wanted, from)) {
      parts.push(text.slice(from, at), element("mark", {}, text.slice(at, at + wanted.length)));
      from = at + wanted.length;
    }
    return [...parts, text.slice(from)];
  }

  // --- start ---------------------------------------------------------------------------------------------------
  function follow() {
    const doc = docAt(location.hash);
    if (doc === undefined) return;
    if (!hits.includes(doc) || wanted) {
      $("form").reset();
      apply();
    }
    page = Math.floor(hits.indexOf(doc) / PER_PAGE);
    show(doc);
    const target = document.getElementById(anchorOf(doc));
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }

  function choices() {
    const suites = [...new Set(tasks.map((t) => t.suite))];
    for (const suite of suites) {
      const mine = tasks.map((t, number) => [t, number]).filter(([t]) => t.suite === suite);
      const group = element("optgroup", { label: suite });
      if (suites.length > 1) group.append(element("option", { value: "suite:" + mine[0][1] }, fill(words.suite, { suite })));
      for (const [t, number] of mine) group.append(element("option", { value: "task:" + number }, t.task + " (" + count(t.ids.length) + ")"));
      fields.task.append(group);
    }
    models.forEach((model, i) => fields.model?.append(element("option", { value: String(i) }, model.label)));
  }

  function turnPage(step, pager) {
    page += step;
    show();
    if (pager.dataset.end) $("form").scrollIntoView();
  }

  async function start() {
    if (typeof DecompressionStream === "undefined") $("broken").textContent = words.old;
    learn(await read(index));
    choices();
    let waiting = 0;
    $("form").addEventListener("input", (event) => {
      clearTimeout(waiting);
      waiting = setTimeout(apply, event.target === $("text") ? WAIT_MS : 0);
    });
    $("form").addEventListener("submit", (event) => event.preventDefault());
    for (const pager of document.querySelectorAll(".explorer-pager")) {
      pager.querySelector(".prev").addEventListener("click", () => turnPage(-1, pager));
      pager.querySelector(".next").addEventListener("click", () => turnPage(1, pager));
    }
    for (const details of $("excerpt").querySelectorAll("[id]")) details.removeAttribute("id");
    $("excerpt").hidden = true;
    $("live").hidden = false;
    apply();
    follow();
    window.addEventListener("hashchange", follow);
  }

  start().catch(() => ($("broken").hidden = false));
})();
