// How far a plan or a rehearsal is, asked every two seconds; when it is over the page is shown anew. Without a script there is a link.
"use strict";
(() => {
  const box = document.getElementById("work");
  if (!box) return;
  const step = document.getElementById("step");
  const bar = document.getElementById("progress");
  const look = async () => {
    try {
      const answer = await fetch(box.dataset.address, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const work = await answer.json();
      if (!work.running) {
        location.replace(location.pathname);
        return;
      }
      if (work.step) step.textContent = work.step;
      if (work.part !== null) bar.value = work.part;
    } catch {
      // the studio is being started anew: ask again
    }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1000);
})();
