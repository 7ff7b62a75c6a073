// A problem's line leads to that line of the file: the cursor goes there, and the line is marked.
"use strict";
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  const field = document.getElementById("text");
  if (!link || !field) return;
  event.preventDefault();
  const lines = field.value.split("\n");
  const number = Math.min(Number(link.dataset.line), lines.length);
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + lines[number - 1].length);
  field.scrollTop = Math.max(0, number - 4) * (field.scrollHeight / lines.length);
});
