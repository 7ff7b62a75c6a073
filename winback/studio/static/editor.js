// An editor of one file: line numbers, suggestions, what the text comes to while it is written. The page works without it.
"use strict";
(() => {
  const DEBOUNCE = 300, AGAIN = 1000, SUGGEST = 90;

  for (const form of document.querySelectorAll("form[data-editor]")) edit(form);

  function edit(form) {
    const field = form.querySelector("textarea"), lines = form.querySelector(".lines"), into = document.getElementById(form.dataset.into);
    const said = document.getElementById("said"), proof = form.querySelector("input[name=proof]");
    const saved = field.value;
    let shown = 0, leaving = false;

    // ---- line numbers, and which of them have something to mend
    function number() {
      const count = field.value.split("\n").length;
      if (count !== shown) {
        lines.replaceChildren(...Array.from({length: count}, (_, place) => {
          const line = document.createElement("span");
          line.textContent = place + 1;
          return line;
        }));
        shown = count;
      }
      lines.scrollTop = field.scrollTop;
    }

    function mark() {
      for (const line of lines.children) line.className = "";
      for (const button of into.querySelectorAll("[data-line]")) {
        const line = lines.children[button.dataset.line - 1];
        if (line) line.className = "wrong";
      }
    }

    function lead(line) {
      const before = field.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      const end = field.value.indexOf("\n", before);
      field.focus();
      field.setSelectionRange(before, end < 0 ? field.value.length : end);
      field.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(field).lineHeight));
      number();
    }

    document.addEventListener("click", event => {
      const button = event.target.closest("button[data-line]");
      if (button) lead(Number(button.dataset.line));
    });

    // ---- asking the studio; `signal` ends the question there too
    function ask(url, more, signal) {
      const body = new URLSearchParams({proof: proof.value, text: field.value, ...more});
      return fetch(url, {method: "POST", body, signal, credentials: "same-origin"});
    }

    function tell(place) {
      const sentence = place.querySelector("[data-said]");
      said.textContent = sentence ? sentence.textContent.trim().replace(/\s+/g, " ") : "";
    }

    async function put(place, asking, controller, again) {
      place.setAttribute("aria-busy", "true");
      try {
        const answer = await asking();
        if (controller.signal.aborted) return;
        if (answer.status === 204) {  // asked from another window of the same person
          setTimeout(() => controller.signal.aborted || again(), AGAIN);
          return;
        }
        const html = await answer.text();
        if (controller.signal.aborted) return;
        if (answer.status !== 200) throw new Error(answer.status);
        place.innerHTML = html;
        place.removeAttribute("aria-busy");
        tell(place);
        if (place === into) mark();
      } catch (error) {
        if (controller.signal.aborted) return;
        place.removeAttribute("aria-busy");
        said.textContent = form.dataset.offline;
      }
    }

    // ---- what the text comes to
    let waiting = 0, counting = new AbortController();
    function count() {
      clearTimeout(waiting);
      counting.abort();
      counting = new AbortController();
      const own = counting;
      put(into, () => ask(form.dataset.live, {part: "1"}, own.signal), own, () => own === counting && count());
    }

    function later() {
      counting.abort();
      clearTimeout(waiting);
      into.setAttribute("aria-busy", "true");
      waiting = setTimeout(count, DEBOUNCE);
    }

    // ---- what buttons ask for: of the text as it stands in the editor, or of the file where it can't be edited
    for (const asker of document.querySelectorAll("form[data-part]")) {
      const place = document.getElementById(asker.dataset.part), button = asker.querySelector("button");
      let controller = null;
      asker.addEventListener("submit", event => {
        event.preventDefault();
        if (controller) controller.abort();
        const own = controller = new AbortController();
        const more = {part: "1", ...Object.fromEntries(new FormData(asker))};
        const url = asker.getAttribute("action");
        const asking = () => field.readOnly
          ? fetch(`${url}?${new URLSearchParams(more)}`, {signal: own.signal, credentials: "same-origin"})
          : ask(url, more, own.signal);
        put(place, asking, own, () => own === controller && asker.requestSubmit(button));
      });
    }

    if (!field.readOnly) {
      form.addEventListener("submit", event => {
        if (event.submitter && event.submitter.dataset.part === "size") {
          event.preventDefault();
          count();
        } else {
          leaving = true;
        }
      });
      field.addEventListener("input", () => { number(); later(); });
      suggest(form, field, ask);
    } else {
      const own = new AbortController();
      put(into, () => fetch(`${form.dataset.live}?part=1`, {signal: own.signal, credentials: "same-origin"}), own, () => {});
    }

    addEventListener("beforeunload", event => {
      if (!leaving && !field.readOnly && field.value !== saved) event.preventDefault();
    });
    field.addEventListener("scroll", () => { lines.scrollTop = field.scrollTop; });
    number();
    mark();
    if (!field.readOnly && !into.querySelector("[data-said]")) count();
  }

  // ---- suggestions: a list that arrow keys, Enter and Escape work on; Tab leaves the field as it always does
  function suggest(form, field, ask) {
    const list = form.querySelector(".offers"), said = document.getElementById("said");
    let found = null, active = -1, asking = new AbortController(), waiting = 0;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-haspopup", "listbox");

    function close() {
      asking.abort();
      clearTimeout(waiting);
      found = null;
      active = -1;
      list.hidden = true;
      list.replaceChildren();
      field.removeAttribute("aria-activedescendant");
    }

    function place() {
      const style = getComputedStyle(field), height = parseFloat(style.lineHeight), before = field.value.slice(0, found.start).split("\n");
      const ruler = document.createElement("canvas").getContext("2d");
      ruler.font = style.font;
      const left = field.offsetLeft + parseFloat(style.paddingLeft) + ruler.measureText(before.at(-1)).width - field.scrollLeft;
      list.style.top = `${field.offsetTop + parseFloat(style.paddingTop) + before.length * height - field.scrollTop + 2}px`;
      list.style.left = `${Math.max(0, Math.min(left, field.offsetLeft + field.clientWidth - list.offsetWidth))}px`;
    }

    function show(answer) {
      if (!answer.suggestions.length) { close(); return; }
      found = answer;
      active = -1;
      list.replaceChildren(...answer.suggestions.map((each, place) => {
        const row = document.createElement("li"), word = document.createElement("b"), meaning = document.createElement("span");
        row.id = `offer-${place}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", "false");
        word.textContent = each.word;
        meaning.textContent = each.meaning;
        row.append(word, " ", meaning);
        row.addEventListener("mousedown", event => { event.preventDefault(); take(place); });
        return row;
      }));
      list.hidden = false;
      place();
      said.textContent = form.dataset.offered;
    }

    function choose(next) {
      const rows = list.children;
      if (rows[active]) rows[active].setAttribute("aria-selected", "false");
      active = (next + rows.length) % rows.length;
      rows[active].setAttribute("aria-selected", "true");
      rows[active].scrollIntoView({block: "nearest"});
      field.setAttribute("aria-activedescendant", rows[active].id);
    }

    function take(place) {
      const {start, end, suggestions} = found, {insert, caret} = suggestions[place];
      field.setSelectionRange(start, end);
      // the one way that the browser's Undo understands
      if (!document.execCommand("insertText", false, insert)) field.setRangeText(insert, start, end, "end");
      field.setSelectionRange(start + caret, start + caret);
      close();
      field.dispatchEvent(new Event("input", {bubbles: true}));
      if (caret < insert.length || insert.endsWith(" ")) look(true);
    }

    function look(asked) {
      asking.abort();
      clearTimeout(waiting);
      const own = asking = new AbortController();
      waiting = setTimeout(async () => {
        const end = field.selectionStart, before = [...field.value.slice(0, end)];  // the studio counts characters, not halves of them
        try {
          const answer = await ask(form.dataset.words, {offset: before.length}, own.signal);
          if (!answer.ok || own.signal.aborted) return;
          const told = await answer.json();
          if (own.signal.aborted || field.selectionStart !== end || document.activeElement !== field) return;
          if (!asked && told.start === told.end) { close(); return; }
          show({suggestions: told.suggestions, start: before.slice(0, told.start).join("").length, end});
        } catch (error) {
          if (!own.signal.aborted) close();
        }
      }, asked ? 0 : SUGGEST);
    }

    field.addEventListener("input", event => {
      if (!event.isTrusted) return;
      if (event.inputType === "insertText" && /[\w\-]/.test(event.data ?? "")) look(false);
      else if (event.inputType === "insertText" && /[[{]/.test(event.data ?? "")) look(true);
      else if (event.inputType === "deleteContentBackward" && found) look(false);
      else close();
    });
    field.addEventListener("keydown", event => {
      if (event.isComposing) return;
      if (event.key === " " && event.ctrlKey) { event.preventDefault(); look(true); return; }
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); choose(active + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); choose(active < 0 ? -1 : active - 1); }
      else if (event.key === "Escape") { event.preventDefault(); close(); }
      else if (event.key === "Enter" && active >= 0) { event.preventDefault(); take(active); }
      else if (["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", "Tab"].includes(event.key)) close();
    });
    field.addEventListener("blur", close);
    field.addEventListener("click", close);
    field.addEventListener("scroll", () => { if (found) place(); });
  }
})();
