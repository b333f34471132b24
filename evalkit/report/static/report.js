"use strict";
(function () {
  const form = document.querySelector(".filters");
  if (!form) return;
  const task = document.getElementById("filter-task");
  const disagree = document.getElementById("filter-disagree");
  const wrong = document.getElementById("filter-wrong");
  const unanswered = document.getElementById("filter-unanswered");
  const search = document.getElementById("filter-text");
  const count = document.getElementById("filter-count");
  const docs = Array.from(document.querySelectorAll(".doc"), (element) => ({
    element,
    task: element.closest(".task"),
    text: element.textContent.toLowerCase(),
  }));

  function apply() {
    const wanted = search.value.trim().toLowerCase();
    const shown = new Set();
    let n = 0;
    for (const doc of docs) {
      const visible =
        (!task.value || doc.task.id === task.value) &&
        (!disagree.checked || doc.element.dataset.disagree === "1") &&
        (!wrong.checked || doc.element.dataset.wrong === "1") &&
        (!unanswered?.checked || doc.element.dataset.unanswered === "1") &&
        (!wanted || doc.text.includes(wanted));
      doc.element.hidden = !visible;
      if (visible) {
        shown.add(doc.task);
        n += 1;
      }
    }
    for (const section of document.querySelectorAll(".task")) section.hidden = !shown.has(section);
    count.textContent = n + " of " + docs.length + " docs";
  }

  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not(.doc)")) details.open = true;
  });
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
