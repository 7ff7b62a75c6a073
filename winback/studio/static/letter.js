// The editor of a letter: the letter is shown as it is typed, and problems lead to their lines. Without this, the button Show does the first.
"use strict";
(() => {
  const form = document.querySelector(".workbench");
  if (!form) return;
  const state = form.querySelector(".state");
  const frame = form.querySelector("iframe.letter");
  const gutters = new Map([...form.querySelectorAll(".gutter")].map((gutter) => [gutter.dataset.for, gutter]));
  const area = (name) => document.getElementById("text-" + name);
  let waits = 0, asked = null, isChanged = false;

  const number = (name, marks) => {
    const text = area(name), gutter = gutters.get(name), marked = new Set(marks);
    const lines = text.value.split("\n").length;
    gutter.replaceChildren(...Array.from({ length: lines }, (_, at) => {
      const line = document.createElement("span");
      line.textContent = at + 1;
      if (marked.has(at + 1)) line.className = "bad";
      return line;
    }));
    gutter.scrollTop = text.scrollTop;
  };

  const marksOf = (name) => area(name).dataset.marks.split(" ").filter(Boolean).map(Number);

  const fill = (where, html) => {
    const place = form.querySelector(where);
    if (!place.contains(document.activeElement)) place.innerHTML = html; // nobody loses the place they type at
  };

  const look = async () => {
    if (asked) asked.abort();
    const mine = asked = new AbortController();
    state.textContent = form.dataset.looking;
    const body = new URLSearchParams(new FormData(form)), headers = { Accept: "application/json" }, signal = mine.signal;
    body.set("do", "look");
    try {
      const answer = await (form.method === "post"
        ? fetch(form.action, { method: "POST", body, headers, signal })
        : fetch(form.action + "/look?" + body, { headers, signal })); // who may only read looks at what is saved
      if (!answer.ok) throw new Error(answer.status);
      const seen = await answer.json();
      if (mine !== asked) return;
      if (seen.frame) {
        frame.src = seen.frame;
        fill(".inbox-line", seen.inbox);
      }
      fill(".as-text", seen.text);
      fill(".problems", seen.problems);
      fill(".lacking", seen.lacking);
      for (const name of gutters.keys()) {
        area(name).dataset.marks = (seen.marks[name] || []).join(" ");
        number(name, seen.marks[name] || []);
      }
      state.textContent = seen.frame ? form.dataset.looked : form.dataset.broken;
    } catch (error) {
      if (error.name !== "AbortError") state.textContent = form.dataset.lost;
    }
  };

  const soon = () => {
    clearTimeout(waits);
    waits = setTimeout(look, 300);
  };

  const people = async () => {
    const query = new URLSearchParams({ campaign: form.elements.campaign.value, cohort: form.elements.of.value });
    try {
      const found = await (await fetch("/letters/readers?" + query, { headers: { Accept: "application/json" } })).json();
      document.getElementById("customers").replaceChildren(...found.customers.map((key) => new Option("", key)));
      const tactic = form.elements.tactic, chosen = tactic.value;
      tactic.replaceChildren(tactic.options[0], ...found.tactics.map((name) => new Option(name, name, false, name === chosen)));
    } catch { /* who is known can still be typed */ }
  };

  const leaf = (step) => {
    const keys = ["", ...[...document.querySelectorAll("#customers option")].map((option) => option.value)];
    const field = form.elements.customer, at = keys.indexOf(field.value);
    field.value = keys[(Math.max(at, 0) + step + keys.length) % keys.length];
    soon();
  };

  form.addEventListener("input", (event) => {
    const field = event.target;
    if (["look", "dark"].includes(field.name)) return;
    if (field.id.startsWith("text-")) number(field.id.slice(5), marksOf(field.id.slice(5)));
    if (field.tagName === "TEXTAREA") isChanged = true;
    if (["campaign", "of"].includes(field.name)) people();
    soon();
  });

  form.addEventListener("click", (event) => {
    const goes = event.target.closest(".goto"), leaves = event.target.closest("[data-leaf]");
    if (leaves) leaf(Number(leaves.dataset.leaf));
    if (event.target.matches(".reader button:not([data-leaf])")) {
      event.preventDefault();
      look();
    }
    if (!goes) return;
    event.preventDefault();
    const text = area(goes.dataset.file), lines = text.value.split("\n"), at = Math.min(Number(goes.dataset.line), lines.length) - 1;
    const begin = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
    text.closest("details")?.setAttribute("open", "");
    text.focus();
    text.setSelectionRange(begin, begin + lines[at].length);
    text.scrollTop = Math.max(0, at - 4) * (text.scrollHeight / Math.max(lines.length, 1));
  });

  form.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      form.querySelector("button[value=save]")?.click();
    }
  });

  form.addEventListener("submit", () => { isChanged = false; });
  addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault(); });
  for (const [name] of gutters) {
    number(name, marksOf(name));
    area(name).addEventListener("scroll", () => { gutters.get(name).scrollTop = area(name).scrollTop; });
  }
  for (const button of form.querySelectorAll("[data-leaf]")) button.hidden = false;
  if (form.elements.campaign.value || form.elements.of.value) people();
  if (!form.dataset.seen) look();
})();
