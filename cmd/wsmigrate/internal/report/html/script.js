"use strict";
// Filters, and what a page of folded parts needs. Without it all is shown.
(() => {
  const form = document.getElementById("filter");
  const byId = (id) => document.getElementById(id);
  const items = [...document.querySelectorAll(".item")];
  const folds = () => [...document.querySelectorAll("details")];
  const kinds = [["hazard", "hazards"], ["set", "clusters"], ["file", "files"]];

  // An item shows if it has nothing that a filter asks for, or has it right:
  // the outcome of clusters says nothing about hazards.
  const fits = (item, want) => {
    const d = item.dataset;
    return (!want.rule || d.rule === undefined || d.rule === want.rule) &&
      (!want.tier || d.tier === undefined || d.tier === want.tier) &&
      (!want.outcome || d.outcome === undefined || d.outcome === want.outcome) &&
      (!want.outcome || d.outcomes === undefined || d.outcomes.split(" ").includes(want.outcome)) &&
      want.words.every((w) => (d.words.toLowerCase() + " " + item.id).includes(w));
  };

  const apply = () => {
    const value = (id) => byId(id)?.value ?? "";
    const want = {
      rule: value("f-rule"), tier: value("f-tier"), outcome: value("f-outcome"),
      words: value("f-text").toLowerCase().split(/\s+/).filter(Boolean),
    };
    for (const item of items) item.hidden = !fits(item, want);
    const told = [];
    for (const [kind, name] of kinds) {
      const all = items.filter((i) => i.classList.contains(kind));
      if (all.length === 0) continue;
      const shown = all.filter((i) => !i.hidden).length;
      all[0].parentElement.querySelector(".nothing").hidden = shown > 0;
      told.push(`${shown} of ${all.length} ${name}`);
    }
    const filtered = want.rule || want.tier || want.outcome || want.words.length;
    byId("f-status").textContent = filtered ? `Showing ${told.join(", ")}.` : "";
  };

  const fold = (open) => { for (const d of folds()) d.open = open; };

  // A link into a folded or filtered part opens it.
  const reveal = () => {
    const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) { form.reset(); apply(); }
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    target.scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("submit", (e) => e.preventDefault());
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  byId("open-all").addEventListener("click", () => fold(true));
  byId("close-all").addEventListener("click", () => fold(false));
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => fold(true));
  apply(); // a browser may have kept the fields
  reveal();
})();
