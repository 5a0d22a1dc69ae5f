"use strict";
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const search = document.getElementById("search");
  const pills = all(".pill");
  const rows = all(".filtered").map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const checks = rows.filter(({ row }) => row.classList.contains("check"));
  const chapters = all(".chapter");
  const wasOpen = new Map(chapters.map((chapter) => [chapter, chapter.open]));

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = new Set(pills.filter((pill) => pill.ariaPressed === "true").map((pill) => pill.dataset.word));
    for (const { row, text } of rows) {
      row.hidden = !on.has(row.dataset.word) || !words.every((word) => text.includes(word));
    }
    const isFiltered = words.length > 0 || on.size < pills.length;
    for (const chapter of chapters) {
      chapter.hidden = !all(".check", chapter).some((check) => !check.hidden);
      chapter.open = isFiltered || wasOpen.get(chapter);
    }
    const shown = checks.filter(({ row }) => !row.hidden).length;
    document.getElementById("shown").value = isFiltered ? `${shown} of ${checks.length}` : `${checks.length} checks`;
    document.getElementById("nothing").hidden = shown > 0;
  };

  for (const pill of pills) {
    pill.addEventListener("click", () => {
      pill.ariaPressed = pill.ariaPressed === "true" ? "false" : "true";
      filter();
    });
  }
  search.addEventListener("input", filter);
  document.querySelector(".tools").hidden = false;
  filter();

  for (const button of all(".copy")) {
    const code = button.parentElement.querySelector("code");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });
})();
