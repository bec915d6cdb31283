"use strict";
// Shows what is new, unless somebody is writing.
const seen = document.documentElement.dataset.state;
setInterval(async () => {
  if (document.hidden || document.querySelector("details[open]")) return;
  if ([...document.querySelectorAll("textarea, input[type=file]")].some((field) => field.value)) return;
  try {
    const answer = await fetch("/state");
    if (answer.ok && (await answer.json()).state !== seen) location.reload();
  } catch {
    // The stack was stopped; a later look may find it again.
  }
}, 1500);
// A mail is as high as it is long.
for (const frame of document.querySelectorAll("iframe")) {
  frame.addEventListener("load", () => frame.classList.add("loaded"));
}
