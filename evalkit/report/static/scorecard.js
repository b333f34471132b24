(function () {
  "use strict";
  const block = document.getElementById("scorecard-data");
  if (!block) return;
  const LEVEL = 1e-9;
  const { criteria, weights: given, options, words } = JSON.parse(block.textContent);
  const language = document.documentElement.lang || "en";
  const rounded = { roundingMode: "halfEven", useGrouping: false };
  const score = new Intl.NumberFormat(language, {
    ...rounded,
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  const weight = new Intl.NumberFormat(language, { ...rounded, maximumFractionDigits: 2 });
  const root = document.getElementById("scorecard-weights");
  const status = document.getElementById("scorecard-yours");
  const keep = document.getElementById("scorecard-keep");
  const reset = document.getElementById("scorecard-reset");
  const rows = Array.from(document.querySelectorAll("#scorecard-table tbody tr"));
  const inputs = criteria.map((c) => document.getElementById("weight-" + c.key));
  let weights = given.slice();

  function filled(message, name, value) {
    return message.split("{" + name + "}").join(value);
  }

  // the sum of weight times score over the sum of weights, one after the other as in Python
  function totalOf(option) {
    let whole = 0;
    let total = 0;
    for (let i = 0; i < weights.length; i += 1) {
      if (weights[i] > 0) {
        if (option.scores[i] === null) return null;
        whole += weights[i];
        total += weights[i] * option.scores[i];
      }
    }
    return option.out || whole === 0 ? null : total / whole;
  }

  function stateOf(option) {
    if (option.out) return option.state;
    const unknown = criteria.filter((_, i) => weights[i] > 0 && option.scores[i] === null);
    const names = unknown.map((c) => c.name).join(", ");
    return names && filled(words.unknown, "criteria", names);
  }

  function sentence(leaders) {
    if (!weights.some((w) => w > 0)) return words.none;
    if (leaders.length === 0) return words.nobody;
    const names = leaders.map((o) => o.name);
    if (names.length === 1) return filled(words.winner, "option", names[0]);
    return filled(words.level, "options", names.join(", "));
  }

  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function show() {
    const totals = options.map(totalOf);
    const better = (mine) => totals.filter((t) => t !== null && t > mine + LEVEL).length;
    const ranks = totals.map((t) => (t === null ? null : 1 + better(t)));
    rows.forEach((row, i) => {
      const data = row.querySelector(".total data");
      data.value = totals[i] === null ? "" : String(totals[i]);
      say(data, totals[i] === null ? "–" : score.format(totals[i]));
      say(row.querySelector(".rank"), ranks[i] === null ? "–" : String(ranks[i]));
      say(row.querySelector(".state"), stateOf(options[i]));
      row.classList.toggle("first", ranks[i] === 1);
    });
    weights.forEach((w, i) => {
      say(root.querySelectorAll("output")[i], weight.format(w));
      say(document.getElementById("weight-of-" + criteria[i].key), weight.format(w));
    });
    say(status, sentence(options.filter((_, i) => ranks[i] === 1)));
    const used = criteria.map((c, i) => [c.key, weights[i]]).filter(([, w]) => w > 0);
    const isChanged = weights.some((w, i) => w !== given[i]);
    const yaml = used.map(([key, w]) => key + ": " + w).join(", ");
    say(keep.querySelector("code"), "policy: {weights: {" + yaml + "}}");
    keep.hidden = !isChanged || used.length === 0;
    reset.disabled = !isChanged;
  }

  inputs.forEach((input, i) => {
    input.addEventListener("input", () => {
      weights[i] = Number(input.value);
      show();
    });
  });
  reset.addEventListener("click", () => {
    weights = given.slice();
    inputs.forEach((input, i) => {
      input.value = String(given[i]);
    });
    show();
    inputs[0].focus();
  });
  for (const element of document.querySelectorAll("#scorecard-weights .knob, #scorecard-tools")) {
    element.hidden = false;
  }
  for (const element of root.querySelectorAll(".fixed")) element.hidden = true;
  inputs.forEach((input, i) => {
    input.value = String(given[i]); // browsers keep what a slider said before a reload
  });
  show();
})();
