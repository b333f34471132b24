"use strict";
(() => {
  const KEY = "evalkit-live";
  const folds = () => [...document.querySelectorAll("details")];

  const keep = () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ y: scrollY, open: folds().map((d) => d.open) }));
    } catch { /* storage is switched off: the page then begins at its top */ }
  };

  const restore = () => {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(KEY));
      sessionStorage.removeItem(KEY);
    } catch { /* as above */ }
    if (!kept) return;
    const all = folds();
    if (kept.open.length === all.length) all.forEach((d, i) => { d.open = kept.open[i]; });
    history.scrollRestoration = "manual";
    scrollTo(0, kept.y);
  };

  const begin = () => {
    const block = document.getElementById("live-state");
    if (!block) return;
    const state = JSON.parse(block.textContent);
    const ask = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch("state", { cache: "no-store" });
        if (!answer.ok || (await answer.json()) === state) return;
        keep();
        location.reload();
      } catch { /* evalkit view was ended: the page stays as it is */ }
    };
    restore();
    setInterval(ask, 2000);
    document.addEventListener("visibilitychange", ask);
  };

  document.addEventListener("DOMContentLoaded", begin);
})();
